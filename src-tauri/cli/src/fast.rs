//! `latch credentials --profile P` while Latchkey runs: a socket, a question, a document. Standard-library
//! parts only, since AWS's tools wait for it.

use crate::{exit, out};
use link::{Client, Credentials, Hello, LinkError, Reply, Request, SocketPath, Wanted};
use std::{
    ffi::{OsStr, OsString},
    process::ExitCode,
    time::Duration,
};

/// How long a running Latchkey may take to say hello.
const HELLO_IN: Duration = Duration::from_secs(5);

/// How long an answer may take: it may wait for the person to sign in, for which the engine gives ten
/// minutes.
pub const ANSWER_IN: Duration = Duration::from_secs(12 * 60);

/// Answers `credentials --profile P`; `None` when something else is wanted, or when it takes more than a
/// running Latchkey to answer.
pub fn run(words: &[OsString], env: &dyn Fn(&str) -> Option<OsString>) -> Option<ExitCode> {
    let profile = wanted(words)?;
    let socket = SocketPath::of_environment(env)?;
    let us = Hello::of("latch", env!("CARGO_PKG_VERSION"));
    // Whoever does not answer properly is for the long way to find out about and to explain.
    let mut client = Client::connect(&socket, &us, HELLO_IN).ok()?;
    let of = Wanted::Profile(profile);
    let request = Request::Credentials { of, sign_in: true, confirmed: false };
    let request = Request::TellOfTouch { request: Box::new(request) };
    let answer = match client.ask_within(&request, ANSWER_IN) {
        Ok(Reply::TouchWaits(waits)) => {
            out::touch(&waits);
            client.ask_within(&Request::AwaitTouch { id: waits.id }, ANSWER_IN)
        }
        other => other,
    };
    match answer {
        Ok(Reply::Credentials(keys)) => {
            Some(if out::secret(&document(&keys)) { ExitCode::SUCCESS } else { exit::code(exit::FAILED) })
        }
        Ok(Reply::Failed(problem)) => {
            out::problem(&problem);
            Some(exit::code(exit::of(&problem.code)))
        }
        // What has to be confirmed is asked the long way. One that went away or is older: the same.
        Ok(_) | Err(LinkError::Closed | LinkError::Refused(_)) => None,
        Err(error) => {
            out::error(&error.to_string());
            Some(exit::code(exit::NO_ANSWER))
        }
    }
}

/// The profile, if these words ask for nothing but its credentials.
fn wanted(words: &[OsString]) -> Option<String> {
    let words: Vec<&str> = words.iter().map(OsStr::new).map(OsStr::to_str).collect::<Option<_>>()?;
    let name = match *words.as_slice() {
        ["credentials", "--profile" | "-p", name] if !name.starts_with('-') => name,
        ["credentials", flag] => flag.strip_prefix("--profile=")?,
        _ => return None,
    };
    (!name.is_empty()).then(|| name.to_owned())
}

/// What `credential_process` prints ("Sourcing credentials with an external process", AWS SDKs and Tools
/// reference): `Version` 1, the keys, and when to ask again.
pub fn document(keys: &Credentials) -> zeroize::Zeroizing<String> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Document<'a> {
        version: u8,
        access_key_id: &'a str,
        secret_access_key: &'a str,
        session_token: &'a str,
        expiration: &'a str,
        account_id: &'a str,
    }
    let document = Document {
        version: 1,
        access_key_id: keys.access_key_id.expose(),
        secret_access_key: keys.secret_access_key.expose(),
        session_token: keys.session_token.expose(),
        expiration: &keys.expires,
        account_id: &keys.account,
    };
    // Room for all of it, so that no half-grown copy stays behind.
    let mut text = zeroize::Zeroizing::new(Vec::with_capacity(16 * 1024));
    // A structure of plain strings always has a JSON form.
    let _ = serde_json::to_writer(&mut *text, &document);
    text.push(b'\n');
    zeroize::Zeroizing::new(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use link::Secret;

    fn check(line: &str, expect: Option<&str>) {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        assert_eq!(wanted(&words).as_deref(), expect, "{line}");
    }

    #[test]
    fn only_what_asks_for_nothing_else() {
        check("credentials --profile pay-dev", Some("pay-dev"));
        check("credentials -p pay-dev", Some("pay-dev"));
        check("credentials --profile=pay-dev", Some("pay-dev"));
        check("credentials --profile --help", None);
        check("credentials --profile=", None);
        check("credentials --profile pay-dev --json", None);
        check("credentials", None);
        check("status", None);
    }

    #[test]
    fn the_document_is_what_aws_tools_read() {
        let keys = Credentials {
            access_key_id: Secret::new("ASIAX"),
            secret_access_key: Secret::new("a\"b"),
            session_token: Secret::new("t"),
            expires: "2026-11-25T12:00:00Z".to_owned(),
            account: "111122223333".to_owned(),
            account_name: "pay".to_owned(),
            role: "Dev".to_owned(),
            region: "eu-west-1".to_owned(),
        };
        let read: serde_json::Value = serde_json::from_str(&document(&keys)).unwrap();
        let expect = serde_json::json!({
            "Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "a\"b", "SessionToken": "t",
            "Expiration": "2026-11-25T12:00:00Z", "AccountId": "111122223333",
        });
        assert_eq!(read, expect);
    }
}
