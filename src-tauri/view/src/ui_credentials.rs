//! Kept profiles and the credentials file, as the window shows them.

use crate::ui_portal::{UiEnvironment, UiSensitivity};
use crate::ui_state::{UiButton, UiGrant, UiProblem};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The status of a kept profile: a shape and a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiStatus {
    /// Not looked at yet.
    Checking,
    /// Works.
    Fresh,
    /// Programs get credentials when they ask.
    Ready,
    /// Being fetched.
    Refreshing,
    /// Under 10 min and not yet renewed.
    DueSoon,
    /// Tries again by itself.
    Retrying,
    /// Paused.
    Paused,
    /// Needs a sign-in.
    SignInNeeded,
    /// Expired.
    Expired,
    /// The role is gone.
    AccessRemoved,
    /// Not written, so that nothing is lost.
    Conflict,
    /// The file cannot be written.
    NotWritable,
    /// The organisation gives new credentials out after a touch alone.
    TouchNeeded,
}

/// How a kept profile's credentials get to programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiDelivery {
    /// In the credentials file.
    CredentialsFile,
    /// Programs ask each time.
    OnDemand,
    /// By the sign-in that the AWS CLI uses.
    SsoCache,
    /// Nothing is written.
    CopyOnly,
}

/// A way to choose, with what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiDeliveryChoice {
    /// Which.
    pub delivery: UiDelivery,
    /// `On demand`.
    pub label: String,
    /// What follows from it, in a sentence or three.
    pub line: String,
    /// The same for the sample organisation, which has files of its own; `null` where it cannot be.
    pub sample_line: Option<String>,
    /// The one to suggest for privileged roles.
    pub privileged: bool,
    /// The one to suggest for the others.
    pub usual: bool,
}

/// One kept profile. Moments in epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiProfile {
    /// The profile's name.
    pub name: String,
    /// Whose credentials.
    pub grant: UiGrant,
    /// The account's name.
    pub account_name: String,
    /// Its environment.
    pub environment: UiEnvironment,
    /// How sensitive the role is.
    pub sensitivity: UiSensitivity,
    /// How its credentials get to programs.
    pub delivery: UiDelivery,
    /// `On demand`, for the table.
    pub delivery_word: String,
    /// When a program asked last.
    pub asked: Option<i64>,
    /// Which.
    pub asked_by: Option<String>,
    /// The shape.
    pub status: UiStatus,
    /// The word beside it.
    pub status_word: String,
    /// For a chip, before the time left where `expires` is set: `fresh`, `expired`.
    pub chip: String,
    /// When the credentials in the file expire.
    pub expires: Option<i64>,
    /// Their whole lifetime in milliseconds, for the bar.
    pub lifetime: Option<i64>,
    /// When they were written.
    pub written: Option<i64>,
    /// The next refresh.
    pub next_refresh: Option<i64>,
    /// The next try of a failed refresh.
    pub retry: Option<i64>,
    /// Paused by the person.
    pub paused: bool,
    /// When it ends by itself, where it was kept for a limited time.
    pub until: Option<i64>,
    /// The region written.
    pub region: Option<String>,
    /// The last four characters of the access key id.
    pub key_tail: Option<String>,
    /// The file that says how tools get its credentials.
    pub path: Option<String>,
    /// Who wrote what stands under its name; `null` where nothing does.
    pub writer: Option<UiWriter>,
    /// Its last refreshes, newest first, at most 5.
    pub refreshes: Vec<UiRefresh>,
    /// What is wrong and what to do.
    pub problem: Option<UiProblem>,
    /// Something worth knowing, no problem.
    pub info: Option<String>,
}

/// Who wrote a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiWriter {
    /// Latchkey itself.
    pub ours: bool,
    /// `Latchkey`, `Another program`.
    pub name: String,
    /// When we wrote it, or noticed that another did; epoch milliseconds.
    pub at: Option<i64>,
}

/// What became of one refresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiRefresh {
    /// The number of its line in Activity.
    pub id: i64,
    /// When, epoch milliseconds.
    pub at: i64,
    /// `refreshed, valid until 14:46`, `failed: The disk is full`; the window has the time before it.
    pub text: String,
    /// It was refreshed.
    pub ok: bool,
}

/// The credentials file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiFile {
    /// Its path.
    pub path: String,
    /// Problems and offers, most important first.
    pub notes: Vec<UiProblem>,
    /// Profiles in it that are not ours.
    pub foreign: Vec<String>,
    /// The newest backup, if there is one to undo with.
    pub backup: Option<String>,
    /// When that was made, epoch milliseconds.
    pub backup_made: Option<i64>,
}

/// A pause of all refreshing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiPause {
    /// When it ends by itself, epoch milliseconds.
    pub until: Option<i64>,
    /// `Refreshing is paused until 09:00`.
    pub text: String,
}

/// A privileged production profile that is fresh: always visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiStrip {
    /// `pay-admin is active in production`; the window appends `, 48 min left`.
    pub text: String,
    /// When it ends or, if it does not by itself, expires; epoch milliseconds.
    pub expires: Option<i64>,
    /// "Stop now".
    pub button: UiButton,
}
