//! "Copy environment" and its kin: role credentials as shell lines, as a block for a credentials file or
//! value by value, straight to the clipboard. The window never has them. Getting them is `hand_out`'s.

use crate::{
    engine::{Context, Event},
    hand_out::{self, Asked, To},
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::Grant,
        notice::Notice,
        secret::RoleCredentials,
    },
    notify,
    request::{Answer, HandedOut, Of, Part, Reply, Shell},
    state::{Org, State},
    usage,
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// The clipboard is cleared after this, if it still holds what we put there.
const CLEAR_AFTER: Duration = Duration::from_secs(90);

/// In which form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Environment,
    Part,
}

/// What is copied.
pub(crate) enum Form {
    Environment(Shell),
    Part(Part),
}

/// What became of it.
pub(crate) struct Outcome {
    grant: Grant,
    account_name: String,
    kind: Kind,
    /// When what was copied expires.
    result: Result<Timestamp, Code>,
    answer: oneshot::Sender<Answer>,
}

/// Asks for the keys. A copy begins no sign-in.
pub(crate) fn ask(
    ctx: &Context,
    state: &mut State,
    grant: Grant,
    form: Form,
    confirmed: bool,
    answer: oneshot::Sender<Answer>,
) {
    let (of, to) = (Of::Role(grant), To::Clipboard(form));
    hand_out::ask(
        ctx,
        state,
        Asked { of, assume: None, to, may_sign_in: false, confirmed, looked: false, answer },
    );
}

/// Puts what was handed out on the clipboard.
pub(crate) fn begin(
    ctx: &Context,
    org: &Org,
    handed: HandedOut,
    form: Form,
    answer: oneshot::Sender<Answer>,
) {
    let ctx = ctx.clone();
    let host = org.organisation.endpoints.portal.host_str().unwrap_or_default().to_owned();
    let HandedOut { credentials, grant, account_name, region } = handed;
    tokio::spawn(async move {
        let (kind, text) = match &form {
            Form::Environment(shell) => (Kind::Environment, lines(&credentials, *shell, &region)),
            Form::Part(part) => (Kind::Part, part_of(&credentials, part)),
        };
        let result = match text {
            Some(text) => ctx.ports.desktop.copy_secret(text, CLEAR_AFTER).await,
            None => Err(Code::Garbled { host }),
        };
        let result = result.map(|()| credentials.expires);
        ctx.send(Event::Copied(Outcome { grant, account_name, kind, result, answer }));
    });
}

pub(crate) fn finish(ctx: &Context, state: &mut State, outcome: Outcome) {
    let Outcome { grant, account_name, kind, result, answer } = outcome;
    let result = result.map(|expires| {
        usage::of_role(ctx, state, &grant);
        // Whoever copied it in the window sees it there.
        if !state.window_focused {
            let now = ctx.now();
            let until = now + CLEAR_AFTER;
            let (grant, account_name) = (grant.clone(), account_name.clone());
            notify::raise(state, Notice::Copied { grant, account_name, expires, until }, now);
        }
        let copied = match kind {
            Kind::Environment => Happened::EnvironmentCopied { grant, account_name },
            Kind::Part => Happened::CredentialsCopied { grant, account_name },
        };
        ctx.note(state, By::You, copied);
        Reply::Copied { expires }
    });
    // Whoever asked may have gone.
    let _ = answer.send(result);
}

/// No service of AWS makes keys with other characters, and a line that is pasted is a line that is run.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "/+=_.-".contains(c))
}

/// The lines for the shell. `None` when a value holds anything that a shell might not take as plain text.
fn lines(c: &RoleCredentials, shell: Shell, region: &str) -> Option<SecretString> {
    let mut text = Zeroizing::new(String::new());
    let values = [
        ("AWS_ACCESS_KEY_ID", c.access_key_id.expose_secret()),
        ("AWS_SECRET_ACCESS_KEY", c.secret_access_key.expose_secret()),
        ("AWS_SESSION_TOKEN", c.session_token.expose_secret()),
        ("AWS_DEFAULT_REGION", region),
    ];
    for (name, value) in values {
        if !is_plain(value) {
            return None;
        }
        let parts: [&str; 5] = match shell {
            Shell::Posix => ["export ", name, "='", value, "'\n"],
            Shell::Fish => ["set -gx ", name, " '", value, "'\n"],
            Shell::PowerShell => ["$Env:", name, "='", value, "'\n"],
            Shell::Cmd => ["set ", name, "=", value, "\r\n"],
        };
        for part in parts {
            text.push_str(part);
        }
    }
    Some(SecretString::from(text.as_str()))
}

/// A block for a credentials file, or one value. `None` as for [`lines`].
fn part_of(c: &RoleCredentials, part: &Part) -> Option<SecretString> {
    let values = [
        ("aws_access_key_id", &c.access_key_id),
        ("aws_secret_access_key", &c.secret_access_key),
        ("aws_session_token", &c.session_token),
    ];
    if !values.iter().all(|(_, value)| is_plain(value.expose_secret())) {
        return None;
    }
    let profile = match part {
        Part::Block(profile) => profile,
        Part::AccessKeyId => return Some(c.access_key_id.clone()),
        Part::SecretAccessKey => return Some(c.secret_access_key.clone()),
        Part::SessionToken => return Some(c.session_token.clone()),
    };
    let mut text = Zeroizing::new(String::new());
    for part in ["[", profile.as_str(), "]\n"] {
        text.push_str(part);
    }
    for (name, value) in values {
        for part in [name, " = ", value.expose_secret(), "\n"] {
            text.push_str(part);
        }
    }
    Some(SecretString::from(text.as_str()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::model::ids::ProfileName;

    fn credentials(secret: &str) -> RoleCredentials {
        RoleCredentials {
            access_key_id: SecretString::from("ASIAEXAMPLE"),
            secret_access_key: SecretString::from(secret),
            session_token: SecretString::from("tok/en+="),
            issued: "2026-11-24T10:00:00Z".parse().unwrap(),
            expires: "2026-11-24T11:00:00Z".parse().unwrap(),
        }
    }

    fn check(part: &Part, expect: &str) {
        assert_eq!(part_of(&credentials("se/cret"), part).unwrap().expose_secret(), expect);
    }

    #[test]
    fn each_part_as_it_is_pasted() {
        check(
            &Part::Block(ProfileName::new("pay-dev")),
            "[pay-dev]\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = se/cret\n\
             aws_session_token = tok/en+=\n",
        );
        check(&Part::AccessKeyId, "ASIAEXAMPLE");
        check(&Part::SecretAccessKey, "se/cret");
        check(&Part::SessionToken, "tok/en+=");
    }

    #[test]
    fn what_could_add_a_line_is_not_copied() {
        for bad in ["a\nrm -rf ~", "a'b", "", "a b"] {
            let block = Part::Block(ProfileName::new("pay-dev"));
            assert!(part_of(&credentials(bad), &block).is_none(), "{bad:?}");
            assert!(lines(&credentials(bad), Shell::Posix, "eu-west-1").is_none(), "{bad:?}");
        }
    }
}
