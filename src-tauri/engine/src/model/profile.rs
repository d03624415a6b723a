//! Profiles kept fresh in `~/.aws/credentials`, and the decision what to do with each when.

use super::{
    Timestamp,
    code::Code,
    delivery::{Asked, Delivery},
    ids::{Grant, ProfileName},
};
use serde::{Deserialize, Serialize};

/// A profile that the person asked to keep fresh; kept in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The profile's name.
    pub profile: ProfileName,
    /// Whose credentials feed it.
    pub grant: Grant,
    /// The region written for it, if the person chose one.
    pub region: Option<String>,
    /// Paused by the person.
    pub paused: bool,
    /// Since when it is kept.
    pub added: Timestamp,
    /// What stands in the file now, as far as we wrote it.
    pub written: Option<Written>,
    /// When the person or a program last used it, or may have: what cannot be known counts as use. `None`
    /// when that was never looked at.
    #[serde(default)]
    pub used: Option<Timestamp>,
    /// When it is kept no more, by itself; `None` for as long as the person wants.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// How its credentials get to programs.
    #[serde(default)]
    pub delivery: Delivery,
    /// Since when the config file says so, for a delivery that is not refreshed.
    #[serde(default)]
    pub placed: Option<Timestamp>,
    /// The session of the config file by which it signs in, where it is delivered so.
    #[serde(default)]
    pub session: Option<String>,
    /// Which program asked last.
    #[serde(default)]
    pub asked: Option<Asked>,
}

/// What was written last; `fingerprint` tells whether another program changed it since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// When.
    pub at: Timestamp,
    /// When the credentials were issued.
    pub issued: Timestamp,
    /// When the credentials expire.
    pub expires: Timestamp,
    /// SHA-256 of the access key id, hex; no secret.
    pub fingerprint: String,
    /// The access key id's last four characters, for the details pane.
    pub key_tail: String,
}

/// Why a profile of that name cannot simply be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// A section of that name is there and was not written by us.
    Foreign,
    /// As `Foreign`, and it holds a long-lived key.
    ForeignLongLivedKey,
    /// `~/.aws/config` has sso settings under that name, which most tools prefer.
    SsoSettings,
    /// We wrote it, and another program changed it since.
    ChangedByAnother,
    /// The credentials file has keys of that name, which hide what the config file says.
    KeysHide,
    /// `credential_process` of another program brings its credentials.
    OtherProcess,
    /// It takes a role by another profile, a web identity or keys in the config file.
    OtherSource,
}

/// How a kept profile stands. The words are the view's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not looked at yet since the start.
    Waiting,
    /// Its credentials work.
    Fresh,
    /// Programs get credentials when they ask.
    Ready,
    /// New ones are being fetched or written.
    Refreshing,
    /// The last try failed; the old ones still work or not, see `expires`.
    Retrying {
        /// The next try.
        at: Timestamp,
        /// The first failure of this row of failures.
        failing_since: Timestamp,
        /// Why the last try failed.
        code: Code,
    },
    /// Paused by the person (this profile or all).
    Paused,
    /// Nothing can be fetched until the person signs in.
    SignInNeeded,
    /// The credentials in the file have expired.
    Expired,
    /// The role is no longer assigned.
    AccessRemoved,
    /// Not written, so that nothing is lost.
    Conflict(Conflict),
    /// The file cannot be written.
    NotWritable(Code),
    /// The organisation gives new ones out after a touch alone.
    TouchNeeded,
}

impl State {
    /// Its name for programs: what `latch` prints as JSON and the event log writes.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Fresh => "fresh",
            Self::Ready => "ready",
            Self::Refreshing => "refreshing",
            Self::Retrying { .. } => "retrying",
            Self::Paused => "paused",
            Self::SignInNeeded => "sign_in_needed",
            Self::Expired => "expired",
            Self::AccessRemoved => "access_removed",
            Self::Conflict(_) => "conflict",
            Self::NotWritable(_) => "not_writable",
            Self::TouchNeeded => "touch_needed",
        }
    }
}
