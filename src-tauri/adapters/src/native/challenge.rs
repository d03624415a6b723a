//! What a browser checks before it asks a key (WebAuthn Level 3, §5.1.3 and §5.1.4.1), as there is no browser here.

use super::answers::Challenged;
use engine::{
    model::organisation::Organisation,
    ports::{KeyChallenge, NativeError},
};
use serde_json::Value;
use url::{Host, Url};

/// The origin that keys sign for the app: how the server was reached, and which one it was (the server's
/// `NATIVE.md`, "Origin and RP ID"). It comes from the address that was spoken with, never from an answer.
pub(super) fn app_origin(start_url: &Url) -> String {
    format!("latchkey-app:{}", start_url.origin().ascii_serialization())
}

/// A challenge for a key, if it is the server's to make.
pub(super) fn of(challenged: Challenged, org: &Organisation) -> Result<KeyChallenge, NativeError> {
    let asked = &challenged.options["publicKey"];
    let rp_id = asked["rpId"].as_str().or_else(|| asked["rp"]["id"].as_str()).unwrap_or_default();
    if !is_own(rp_id, &org.start_url) {
        return Err(NativeError::ForeignChallenge { rp_id: rp_id.to_owned() });
    }
    Ok(KeyChallenge {
        rp_id: rp_id.to_owned(),
        origin: app_origin(&org.start_url),
        options: Value::to_string(&challenged.options),
        state: challenged.state,
    })
}

/// Whether a server may ask keys for this RP ID: the name of its own host, which is all that our servers use. A
/// domain that it stands in would be told from `co.uk` by a list of public suffixes alone.
fn is_own(rp_id: &str, start_url: &Url) -> bool {
    let Some(Host::Domain(host)) = start_url.host() else { return false };
    let safe = start_url.scheme() == "https" || host == "localhost";
    safe && host == rp_id
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_server_asks_for_keys_of_its_own_host_alone() {
        for (rp_id, start_url, own) in [
            ("sso.acme.test", "https://sso.acme.test/start", true),
            ("acme.test", "https://sso.acme.test/start", false),
            ("localhost", "http://localhost:4711/start", true),
            ("test", "https://sso.acme.test/start", false),
            ("evil.test", "https://sso.acme.test/start", false),
            ("so.acme.test", "https://sso.acme.test/start", false),
            ("login.sso.acme.test", "https://sso.acme.test/start", false),
            ("", "https://sso.acme.test/start", false),
            ("127.0.0.1", "http://127.0.0.1:4711/start", false),
            ("acme.test", "http://acme.test/start", false),
            ("co.uk", "https://acme.co.uk/start", false),
        ] {
            assert_eq!(is_own(rp_id, &Url::parse(start_url).unwrap()), own, "{rp_id} of {start_url}");
        }
    }
}
