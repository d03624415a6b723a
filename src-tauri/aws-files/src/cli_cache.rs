//! `~/.aws/cli/cache`: role credentials as botocore keeps them for the AWS CLI (1.44, `credentials.py`:
//! `SSOCredentialFetcher`). Only when a file was written last is looked at: no secret is read.

use crate::SsoProfile;
use jiff::Timestamp;
use sha1::{Digest, Sha1};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder of the cache. It has no variable of its own: it is always in the home folder.
#[derive(Clone, Debug)]
pub struct CliCache {
    folder: PathBuf,
}

impl CliCache {
    /// Of the person whose home folder this is.
    #[must_use]
    pub fn in_home(home: &Path) -> Self {
        Self { folder: home.join(".aws").join("cli").join("cache") }
    }

    /// When the CLI fetched credentials for a profile last, so that somebody used it then. `None` where it
    /// has none of them; profiles of one role and one sign-in share them.
    #[must_use]
    pub fn used(&self, profile: &SsoProfile) -> Option<Timestamp> {
        let text = |value: &Option<String>| value.as_deref().and_then(|it| serde_json::to_string(it).ok());
        let (account, role) = (text(&profile.account)?, text(&profile.role)?);
        // Sorted by their names, and without spaces.
        let key = match text(&profile.session) {
            Some(session) => {
                format!("{{\"accountId\":{account},\"roleName\":{role},\"sessionName\":{session}}}")
            }
            None => {
                let start_url = text(&profile.start_url)?;
                format!("{{\"accountId\":{account},\"roleName\":{role},\"startUrl\":{start_url}}}")
            }
        };
        let name = format!("{}.json", hex::encode(Sha1::digest(key.as_bytes())));
        let written = fs::metadata(self.folder.join(name)).ok()?.modified().ok()?;
        Timestamp::try_from(written).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_profile_was_used_when_the_cli_wrote_its_file() {
        let home = tempfile::tempdir().unwrap();
        let cache = CliCache::in_home(home.path());
        fs::create_dir_all(&cache.folder).unwrap();
        let profile = |session: Option<&str>, role: &str| SsoProfile {
            name: "pay-dev".into(),
            session: session.map(Into::into),
            start_url: Some("https://acme.awsapps.com/start".into()),
            sso_region: Some("eu-west-1".into()),
            account: Some("111122224444".into()),
            role: Some(role.into()),
            region: None,
            convertible: false,
        };
        // As `SSOCredentialFetcher._create_cache_key` of botocore 1.44 names them.
        for name in [SESSION, START_URL] {
            fs::write(cache.folder.join(format!("{name}.json")), "{}").unwrap();
        }
        assert!(cache.used(&profile(Some("acme"), "PowerUser")).is_some());
        assert!(cache.used(&profile(None, "PowerUser")).is_some());
        assert_eq!(cache.used(&profile(Some("other"), "PowerUser")), None);
        assert_eq!(cache.used(&profile(Some("acme"), "ReadOnly")), None);
        assert_eq!(cache.used(&SsoProfile { role: None, ..profile(Some("acme"), "PowerUser") }), None);
    }

    const SESSION: &str = "5d6f3c1fa32d69bdf2e182f83c7c7e120a369422";
    const START_URL: &str = "9ed94111dc8ec6db0adeea259be6f88bcc05c2d5";
}
