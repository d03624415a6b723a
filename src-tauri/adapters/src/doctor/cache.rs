//! `~/.aws/sso/cache`: tokens and registrations that AWS's tools keep (botocore `SSOTokenLoader`, `SSOOIDC`
//! registrations). Looked at, never shown: they are secrets.

use super::{Finding, Repair, What};
use engine::model::Timestamp;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// No token is longer.
const LIMIT: u64 = 256 * 1024;
/// What a token for accounts and roles is registered for.
const ACCESS: &str = "sso:account:access";

pub(super) fn look(folder: &Path, now: Timestamp) -> Vec<Finding> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .collect();
    paths.sort();
    paths.into_iter().filter_map(|path| about(path, now)).collect()
}

fn about(path: PathBuf, now: Timestamp) -> Option<Finding> {
    // What cannot be read, or is too long to be one of these, may be anything: it stays.
    let length = fs::metadata(&path).ok()?.len();
    let bytes = fs::read(&path).ok().filter(|_| length <= LIMIT)?;
    let aside = Some(Repair::MoveAside(path.clone()));
    let Ok(entry) = serde_json::from_slice::<Value>(&bytes) else {
        return Some(Finding { what: What::CacheDamaged { path }, repair: aside });
    };
    let over = |key: &str| entry[key].as_str().and_then(moment).is_some_and(|at| at <= now);
    let has = |key: &str| !entry[key].is_null() && entry[key] != "";
    // Tools renew with a refresh token for as long as its client's registration stands. Some keep that in a file
    // of its own (`clientIdHash`), or need none: only one that is here tells that it is over.
    let renewable = has("refreshToken") && !(has("clientSecret") && over("registrationExpiresAt"));
    if over("expiresAt") && !renewable {
        return Some(Finding { what: What::CacheExpired { path }, repair: aside });
    }
    // Another program's, who needs it: it stays.
    let scopes = entry["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let scopes: Vec<String> = scopes.map(ToOwned::to_owned).collect();
    let foreign = !scopes.is_empty() && !scopes.iter().any(|scope| scope == ACCESS);
    foreign.then_some(Finding { what: What::CacheForeign { path, scopes }, repair: None })
}

/// Whether a file may still be moved: its tool may have written it anew while the person was asked.
pub(super) fn is_useless(path: &Path, now: Timestamp) -> bool {
    about(path.to_owned(), now).is_some_and(|it| it.repair.is_some())
}

/// RFC 3339, or with `UTC` for the zone as older tools wrote it.
fn moment(text: &str) -> Option<Timestamp> {
    text.replace("UTC", "Z").parse().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-06-01T00:00:00Z".parse().unwrap()
    }

    /// What is found about a file of that text: its kind, and whether moving it away is offered.
    fn found(text: &str) -> Option<(&'static str, bool)> {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("a.json"), text).unwrap();
        let mut all = look(home.path(), now());
        assert!(all.len() <= 1, "{all:?}");
        let kind = |what: &What| match what {
            What::CacheExpired { .. } => "expired",
            What::CacheDamaged { .. } => "damaged",
            What::CacheForeign { .. } => "foreign",
            other => panic!("{other:?}"),
        };
        all.pop().map(|it| (kind(&it.what), it.repair.is_some()))
    }

    #[test]
    fn only_what_nothing_renews_is_moved_away() {
        let expired = Some(("expired", true));
        let token = r#""accessToken":"x","expiresAt":"2020-01-01T00:00:00Z""#;
        assert_eq!(found(&format!("{{{token}}}")), expired);
        assert_eq!(found(&format!(r#"{{{token},"refreshToken":null}}"#)), expired);
        let own = r#""refreshToken":"x","clientId":"x","clientSecret":"x""#;
        let until =
            |year: u32| format!(r#"{{{token},{own},"registrationExpiresAt":"{year}-01-01T00:00:00Z"}}"#);
        assert_eq!(found(&until(2021)), expired);
        assert_eq!(found(&until(2099)), None);
        // Of tools that keep the registration in a file of its own, and of those that sign in elsewhere.
        let hash = r#""refreshToken":"x","clientIdHash":"0a1b","authMethod":"IdC","provider":"Enterprise""#;
        assert_eq!(found(&format!("{{{token},{hash}}}")), None);
        assert_eq!(found(&format!(r#"{{{token},"refreshToken":"x","authMethod":"social"}}"#)), None);
        assert_eq!(
            found(r#"{"clientId":"x","clientSecret":"x","expiresAt":"2020-01-01T00:00:00UTC"}"#),
            expired
        );
    }

    #[test]
    fn only_what_is_no_json_is_damaged() {
        assert_eq!(found(r#"{"accessToken": "x"#), Some(("damaged", true)));
        assert_eq!(found(""), Some(("damaged", true)));
        for strange in [
            r#"{"expiresAt":1577836800,"refreshToken":"x"}"#,
            r#"{"scopes":"sso:account:access","expiresAt":{}}"#,
            r#"{"scopes":[1,null]}"#,
            "[]",
            "null",
        ] {
            assert_eq!(found(strange), None, "{strange}");
        }
        assert_eq!(found(r#"{"scopes":["codewhisperer:completions",1]}"#), Some(("foreign", false)));
    }

    #[test]
    fn what_was_renewed_meanwhile_stays() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.json");
        fs::write(&path, r#"{"accessToken":"x","expiresAt":"2099-01-01T00:00:00Z"}"#).unwrap();
        assert!(Repair::MoveAside(path.clone()).make(now()).is_err());
        assert!(path.exists());
    }
}
