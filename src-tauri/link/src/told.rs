//! What the engine tells: plain values, times as RFC 3339 text, states as words for programs. Words for
//! people are made by whoever shows them, but for a [`Problem`], which says the same everywhere.

use crate::message::Endpoints;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use zeroize::Zeroizing;

/// Text that must not be printed; zeroed when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for whoever hands it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Role credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// `AccessKeyId`.
    pub access_key_id: Secret,
    /// `SecretAccessKey`.
    pub secret_access_key: Secret,
    /// `SessionToken`.
    pub session_token: Secret,
    /// When they stop working, RFC 3339 in UTC.
    pub expires: String,
    /// The account's number.
    pub account: String,
    /// The account's name.
    pub account_name: String,
    /// The role's name.
    pub role: String,
    /// The region of the profile, or else of the organisation.
    pub region: String,
}

/// Organisations and profiles as they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// When this was true, RFC 3339.
    pub at: String,
    /// In the order they were added.
    pub organisations: Vec<Organisation>,
    /// By name.
    pub profiles: Vec<Profile>,
    /// Refreshing is paused: until then (RFC 3339), or until the person resumes (empty).
    pub paused: Option<String>,
    /// Whether the network is thought to be there.
    pub online: bool,
    /// The template by which profiles are named, where the person chose one.
    #[serde(default)]
    pub template: Option<String>,
}

/// One organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Latchkey's own id for it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its start URL.
    pub start_url: String,
    /// Its region.
    pub region: String,
    /// Who is signed in, where the server tells.
    pub user: Option<String>,
    /// `signed_out`, `in_progress`, `signed_in`, `expired` or `revoked`.
    pub sign_in: String,
    /// When the sign-in ends, or ended; RFC 3339, where known.
    pub ends: Option<String>,
    /// How many accounts it lists.
    pub accounts: usize,
    /// When its list was last complete, RFC 3339.
    pub synced: Option<String>,
    /// `aws`, `custom` or `sandbox`.
    #[serde(default)]
    pub kind: String,
    /// Where its services answer.
    #[serde(default)]
    pub endpoints: Option<Endpoints>,
}

/// What teams share of settings: all values as the configuration file has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Rules for environments: field, pattern, environment.
    pub rules: Vec<[String; 3]>,
    /// The naming template.
    pub template: Option<String>,
    /// Whose word counts for a team or a start URL.
    pub signers: BTreeMap<String, String>,
    /// Colours by start URL.
    pub colours: BTreeMap<String, String>,
}

/// An account that would be asked about less than now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lowered {
    /// The organisation's name.
    pub org_name: String,
    /// The account's number.
    pub account: String,
    /// The account's name.
    pub account_name: String,
    /// Its class, as [`ListedRole::environment`].
    pub now: String,
    /// What it would be.
    pub then: String,
}

/// One profile that Latchkey keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The organisation's id.
    pub org: String,
    /// The account's number.
    pub account: String,
    /// The account's name.
    pub account_name: String,
    /// The role's name.
    pub role: String,
    /// The region written for it, if the person chose one.
    pub region: Option<String>,
    /// `waiting`, `fresh`, `refreshing`, `retrying`, `paused`, `sign_in_needed`, `expired`,
    /// `access_removed`, `conflict` or `not_writable`.
    pub state: String,
    /// When its keys stop working, RFC 3339.
    pub expires: Option<String>,
    /// When they are replaced next, RFC 3339.
    pub next_refresh: Option<String>,
}

/// What can be opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Roles, by account.
    pub roles: Vec<ListedRole>,
    /// Applications, by name.
    pub apps: Vec<ListedApp>,
}

/// One role of the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRole {
    /// The organisation's id.
    pub org: String,
    /// The organisation's name.
    pub org_name: String,
    /// The account's number.
    pub account: String,
    /// The account's name.
    pub account_name: String,
    /// The account's address.
    pub email: Option<String>,
    /// The role's name.
    pub role: String,
    /// `production`, `staging`, `shared`, `test`, `development`, `sandbox` or `unlabelled`.
    pub environment: String,
    /// Whether the role can break things.
    pub privileged: bool,
    /// Whether it has the person's star.
    pub favourite: bool,
    /// Its place among what was opened lately, the newest is 0.
    pub recent: Option<usize>,
    /// The profiles that Latchkey keeps of it.
    pub profiles: Vec<String>,
}

/// One application of the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedApp {
    /// The organisation's id.
    pub org: String,
    /// The organisation's name.
    pub org_name: String,
    /// Its id.
    pub app: String,
    /// Its name.
    pub name: String,
    /// Its description, if there is one.
    pub description: Option<String>,
    /// Whether it has the person's star.
    pub favourite: bool,
}

/// A sign-in that waits for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInWaits {
    /// The organisation's name.
    pub organisation: String,
    /// The address that was opened in the browser; holds no token.
    pub link: Option<String>,
    /// The code to compare.
    pub user_code: Option<String>,
    /// Why the browser could not be opened.
    pub no_browser: Option<Problem>,
}

/// A touch of a security key is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchWaits {
    /// For [`crate::Request::AwaitTouch`].
    pub id: u64,
    /// The account's name.
    pub account_name: String,
    /// The role's name.
    pub role: String,
    /// It is given up in so many seconds.
    pub seconds: u64,
    /// No key is waited for, but that the person allows it in Latchkey's window.
    #[serde(default)]
    pub by_word: bool,
}

/// What the person has to confirm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// The account's name.
    pub account_name: String,
    /// The account's number.
    pub account: String,
    /// The role's name.
    pub role: String,
    /// A harmless role of the same account.
    pub instead: Option<String>,
}

/// One line of Activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, RFC 3339.
    pub at: String,
    /// What, in a sentence for people.
    pub sentence: String,
    /// Who wanted it.
    pub by: String,
}

/// What went wrong, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For programs, such as `sign_in_needed`.
    pub code: String,
    /// What happened.
    pub title: String,
    /// What it means.
    pub meaning: String,
    /// What to do.
    pub next: String,
}
