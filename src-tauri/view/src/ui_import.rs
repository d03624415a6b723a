//! What the AWS config file has already, as the window shows it.

use crate::ui_portal::UiEnvironment;
use crate::ui_state::{UiButton, UiGrant};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a profile of the config file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiImportState {
    /// Kept in the credentials file already.
    Kept,
    /// Works as it is.
    Ready,
    /// Works as it is, in the form that AWS used before.
    Legacy,
    /// Another section of the credentials file has the same name.
    NameConflict,
    /// The role is not assigned.
    NoAccess,
    /// Something is missing in it.
    Incomplete,
    /// The roles of its account are still loading.
    Loading,
    /// Nothing is known before the sign-in.
    SignedOut,
}

/// One of several profiles to keep fresh together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiWanted {
    /// Whose credentials.
    pub grant: UiGrant,
    /// Under which name.
    pub profile: String,
    /// The region to write.
    pub region: Option<String>,
}

/// A profile of the config file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiImportProfile {
    /// Its name.
    pub name: String,
    /// The account's name, or its number before the sign-in; empty where none is named.
    pub account: String,
    /// Its environment, where the account is known.
    pub environment: Option<UiEnvironment>,
    /// The role's name; empty where none is named.
    pub role: String,
    /// The shape.
    pub state: UiImportState,
    /// The words beside it.
    pub state_word: String,
    /// What it means.
    pub about: String,
    /// What to ask so that its role is kept in the credentials file; `null` where it cannot be.
    pub keep: Option<UiWanted>,
    /// It can be given a session of its own section.
    pub convertible: bool,
    /// Known to have been used in the last 30 days.
    pub used: bool,
}

/// What becomes of a line of the config file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiDiffKind {
    /// It stays.
    Kept,
    /// It goes.
    Removed,
    /// It comes.
    Added,
    /// Lines that stay and are not shown.
    Skipped,
}

/// A line of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiDiffLine {
    /// What becomes of it.
    pub kind: UiDiffKind,
    /// Its number in the file as it is.
    pub line: Option<u32>,
    /// Its text.
    pub text: String,
    /// It stays and is not shown, since it may be a secret.
    pub hidden: bool,
}

/// What giving profiles a session would change, before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiConversion {
    /// `Change /home/sam/.aws/config?`
    pub title: String,
    /// Which profiles, and that a backup comes first.
    pub body: String,
    /// What it means for tools.
    pub effect: String,
    /// The exact change.
    pub diff: Vec<UiDiffLine>,
    /// To ask for this change and no other.
    pub seen: String,
    /// `Convert 2 profiles`.
    pub button: String,
}

/// A conversion that can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiConverted {
    /// Its number in Activity.
    pub entry: i64,
    /// `pay-dev and 1 more were converted in /home/sam/.aws/config, 16:40.`
    pub text: String,
    /// What undoing does, for the question before.
    pub question: String,
}

/// The profiles of one start URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiImportOrganisation {
    /// The organisation's name, else the start URL's host.
    pub name: String,
    /// The start URL as it is written.
    pub start_url: String,
    /// Our id, once it is added.
    pub org: Option<String>,
    /// `Not signed in`, empty when nothing is to be done.
    pub note: String,
    /// What to do about it.
    pub button: Option<UiButton>,
    /// In the file's order.
    pub profiles: Vec<UiImportProfile>,
}

/// What the config file has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiImport {
    /// `14 profiles in /home/sam/.aws/config.`
    pub summary: String,
    /// Those of the most profiles first.
    pub organisations: Vec<UiImportOrganisation>,
    /// `pay-dev: Managed by granted. Left alone.`
    pub managed: Vec<String>,
    /// Lines that cannot be read.
    pub unread: Vec<String>,
}

/// That there is something to import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiImportNote {
    /// `14 profiles in /home/sam/.aws/config sign in by themselves.`
    pub text: String,
}
