//! What `~/.aws/config` says of SSO, which organisations that makes, and what of it was converted.

use super::Timestamp;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use url::Url;

/// So long a conversion can be undone.
pub const UNDO_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The config file as it was read last, in the file's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsConfig {
    /// Where it is.
    pub path: std::path::PathBuf,
    /// Profiles with SSO settings that nobody else manages.
    pub profiles: Vec<ConfigProfile>,
    /// Profiles that another tool brings the credentials of, with the tool's name.
    pub managed: Vec<(String, &'static str)>,
    /// Lines that cannot be read.
    pub unread: Vec<UnreadLine>,
}

/// A profile with SSO settings, as far as they are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigProfile {
    /// Its name.
    pub name: String,
    /// The name of its sign-in's own section; `None`: the sign-in stands in the profile, as before there
    /// were such sections.
    pub session: Option<String>,
    /// The start URL as it is written.
    pub start_url: Option<String>,
    /// The region of the sign-in.
    pub sso_region: Option<String>,
    /// The account's number.
    pub account: Option<String>,
    /// The role's name.
    pub role: Option<String>,
    /// The region that tools use.
    pub region: Option<String>,
    /// It can be given a session of its own section.
    pub convertible: bool,
    /// When the AWS CLI fetched credentials for it last, as far as its cache tells.
    pub used: Option<Timestamp>,
}

/// What giving profiles a session would change in the config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The file.
    pub path: PathBuf,
    /// The profiles with the name of the session that each gets, in the file's order.
    pub profiles: Vec<(String, String)>,
    /// The names of the sessions that are added.
    pub added: Vec<String>,
    /// The change, line for line.
    pub diff: Vec<DiffLine>,
    /// What the file would become, as a hash: to make this change and no other.
    pub seen: String,
}

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffLine {
    /// Stays, with its number; no text where it may be a secret.
    Kept(u32, Option<String>),
    /// Goes, with its number.
    Removed(u32, String),
    /// Comes.
    Added(String),
    /// Lines between that stay.
    Skipped,
}

/// A conversion that was made and may be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// The number of its line in Activity.
    pub entry: i64,
    /// When.
    pub at: Timestamp,
    /// The file.
    pub path: PathBuf,
    /// The file as it was.
    pub backup: PathBuf,
    /// Which profiles.
    pub profiles: Vec<String>,
    /// Hash of the file as it was.
    pub before: String,
    /// Hash of the file as it became.
    pub after: String,
}

impl Converted {
    /// Whether it can still be undone.
    #[must_use]
    pub fn undoable(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) < UNDO_FOR
    }
}

/// How a conversion was undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Every byte is as it was.
    pub whole: bool,
    /// Sessions that stay, since other profiles use them by now.
    pub kept_sessions: Vec<String>,
}

/// A line that AWS's tools cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadLine {
    /// Counted from 1.
    pub line: u32,
    /// What is wrong with it.
    pub what: String,
    /// Its text; `None` where it may be a secret.
    pub text: Option<String>,
}

/// Profiles of one start URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigGroup<'a> {
    /// The start URL as the first of them writes it.
    pub start_url: &'a str,
    /// The region of the sign-in, if one of them names it.
    pub region: Option<&'a str>,
    /// In the file's order.
    pub profiles: Vec<&'a ConfigProfile>,
}

impl AwsConfig {
    /// The organisations in it, those of the most profiles first.
    #[must_use]
    pub fn groups(&self) -> Vec<ConfigGroup<'_>> {
        let mut groups: Vec<(String, ConfigGroup<'_>)> = Vec::new();
        for profile in &self.profiles {
            let Some(start_url) = profile.start_url.as_deref() else { continue };
            let key = comparable(start_url);
            let region = profile.sso_region.as_deref();
            if let Some((_, group)) = groups.iter_mut().find(|(known, _)| *known == key) {
                group.profiles.push(profile);
                group.region = group.region.or(region);
            } else {
                groups.push((key, ConfigGroup { start_url, region, profiles: vec![profile] }));
            }
        }
        let mut groups: Vec<_> = groups.into_iter().map(|(_, group)| group).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.profiles.len()));
        groups
    }

    /// Profiles that name no start URL, so that they belong to no organisation.
    pub fn without_start_url(&self) -> impl Iterator<Item = &ConfigProfile> {
        self.profiles.iter().filter(|profile| profile.start_url.is_none())
    }
}

/// A start URL so that two ways to write it are equal. For comparing only: people see what they wrote.
#[must_use]
pub fn comparable(start_url: &str) -> String {
    let Ok(url) = Url::parse(start_url.trim()) else { return start_url.trim().to_ascii_lowercase() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/start").unwrap_or(path);
    format!("{}{port}{path}", url.host_str().unwrap_or_default().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str, start_url: Option<&str>) -> ConfigProfile {
        ConfigProfile { name: name.into(), start_url: start_url.map(Into::into), ..ConfigProfile::default() }
    }

    #[test]
    fn ways_to_write_one_start_url() {
        let expect = comparable("https://acme.awsapps.com/start");
        for same in [
            "https://acme.awsapps.com/start/",
            "https://ACME.awsapps.com/start#/",
            "https://acme.awsapps.com/start/#/?tab=accounts",
            "https://acme.awsapps.com",
            " https://acme.awsapps.com/?x=1 ",
        ] {
            assert_eq!(comparable(same), expect, "{same}");
        }
        for other in ["https://acme2.awsapps.com/start", "http://localhost:8080/start", "https://x.test/acme"]
        {
            assert_ne!(comparable(other), expect, "{other}");
        }
        assert_ne!(comparable("http://localhost:1/start"), comparable("http://localhost:2/start"));
        assert_eq!(comparable("Not a URL"), "not a url");
    }

    #[test]
    fn organisations_by_start_url_the_largest_first() {
        let mut config = AwsConfig {
            profiles: vec![
                profile("other", Some("https://other.awsapps.com/start")),
                profile("a", Some("https://Acme.awsapps.com/start/")),
                profile("half", None),
                profile("b", Some("https://acme.awsapps.com/start#/")),
            ],
            ..AwsConfig::default()
        };
        config.profiles[3].sso_region = Some("eu-west-1".into());
        let groups = config.groups();
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].start_url, "https://Acme.awsapps.com/start/");
        assert_eq!((groups[0].region, groups[0].profiles.len()), (Some("eu-west-1"), 2));
        assert_eq!(groups[1].profiles[0].name, "other");
        assert_eq!(config.without_start_url().count(), 1);
    }
}
