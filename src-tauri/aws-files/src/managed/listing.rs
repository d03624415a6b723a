//! Which profiles the config file has, whose they are and how tools get their credentials.

use super::marker::{self, Origin};
use crate::{
    ConfigFile, FileError,
    document::Document,
    import::{Outline, tool_of},
    place::Place,
};

/// What the config file has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigListing {
    /// In the file's order.
    pub profiles: Vec<ListedProfile>,
    /// In the file's order.
    pub sessions: Vec<ListedSession>,
}

/// A profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedProfile {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub whose: Whose,
    /// The name of its `[sso-session …]`.
    pub session: Option<String>,
    /// The account's number.
    pub account: Option<String>,
    /// The role's name.
    pub role: Option<String>,
    /// The program that brings its credentials.
    pub process: Option<String>,
    /// The role that is assumed.
    pub role_arn: Option<String>,
    /// With whose credentials.
    pub source_profile: Option<String>,
    /// The region that tools use.
    pub region: Option<String>,
}

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// Its name.
    pub name: String,
    /// Whether we wrote it.
    pub ours: bool,
    /// Where to sign in.
    pub start_url: Option<String>,
}

/// Whose a profile is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// The person's own, as far as anybody can tell.
    #[default]
    Theirs,
    /// Another tool's, by its `credential_process`.
    Tool(&'static str),
    /// Ours.
    Ours(Origin),
    /// The engine's, which keeps it up to date.
    Kept,
}

impl ConfigFile {
    /// What the file has; nothing when it is not there.
    ///
    /// # Errors
    /// [`FileError`], also when AWS's tools could not read it.
    pub fn listing(&self) -> Result<ConfigListing, FileError> {
        let place = Place::find(self.path())?;
        let Some(loaded) = place.load()? else { return Ok(ConfigListing::default()) };
        let (_, document) = crate::conversion::read(&loaded.bytes)
            .map_err(|error| FileError::Unparseable { path: self.path().to_path_buf(), error })?;
        Ok(ConfigListing::of(&document))
    }
}

impl ConfigListing {
    pub(super) fn of(document: &Document) -> Self {
        let Outline { profiles, sessions } = Outline::of(document);
        let profiles = profiles.iter().map(|(name, section)| profile(document, name, section)).collect();
        let sessions = sessions.iter().map(|(name, section)| ListedSession {
            name: name.clone(),
            ours: marker::of(document, section, name).is_some(),
            start_url: value(document, section, "sso_start_url"),
        });
        Self { profiles, sessions: sessions.collect() }
    }

    /// A profile by its name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&ListedProfile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }
}

fn profile(document: &Document, name: &str, section: &str) -> ListedProfile {
    let value = |key| value(document, section, key);
    let process = value("credential_process");
    let whose = match marker::of(document, section, name) {
        Some((origin, _)) => Whose::Ours(origin),
        None if marker::is_kept(document, section) => Whose::Kept,
        None => process.as_deref().and_then(tool_of).map_or(Whose::Theirs, Whose::Tool),
    };
    ListedProfile {
        name: name.to_owned(),
        whose,
        session: value("sso_session"),
        account: value("sso_account_id"),
        role: value("sso_role_name"),
        process,
        role_arn: value("role_arn"),
        source_profile: value("source_profile"),
        region: value("region"),
    }
}

fn value(document: &Document, section: &str, key: &str) -> Option<String> {
    let value = document.effective(section, key)?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}
