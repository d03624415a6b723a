//! `~/.aws/sso/cache`: tokens and registrations that AWS's tools keep (botocore `SSOTokenLoader`, `SSOOIDC`
//! registrations). Looked at, never shown: they are secrets.

use super::{Finding, Repair, What};
use engine::model::Timestamp;
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// No token is longer.
const LIMIT: u64 = 256 * 1024;
/// What a token for accounts and roles is registered for.
const ACCESS: &str = "sso:account:access";

/// What is looked at; nothing of it is kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    expires_at: Option<String>,
    registration_expires_at: Option<String>,
    refresh_token: Option<serde::de::IgnoredAny>,
    client_secret: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    scopes: Vec<String>,
}

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
    let aside = || Some(Repair::MoveAside(path.clone()));
    let length = fs::metadata(&path).ok()?.len();
    let entry: Option<Entry> = if length <= LIMIT {
        fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
    } else {
        None
    };
    let Some(entry) = entry else {
        let repair = aside();
        return Some(Finding { what: What::CacheDamaged { path }, repair });
    };
    let over = |text: &Option<String>| text.as_deref().and_then(moment).is_some_and(|at| at <= now);
    // With a refresh token of a registration that stands, tools make a new one.
    let renewable = entry.refresh_token.is_some()
        && entry.client_secret.is_some()
        && !over(&entry.registration_expires_at);
    if over(&entry.expires_at) && !renewable {
        let repair = aside();
        return Some(Finding { what: What::CacheExpired { path }, repair });
    }
    // Another program's, who needs it: it stays.
    let foreign = !entry.scopes.is_empty() && !entry.scopes.iter().any(|scope| scope == ACCESS);
    foreign.then_some(Finding { what: What::CacheForeign { path, scopes: entry.scopes }, repair: None })
}

/// RFC 3339, or with `UTC` for the zone as older tools wrote it.
fn moment(text: &str) -> Option<Timestamp> {
    text.replace("UTC", "Z").parse().ok()
}
