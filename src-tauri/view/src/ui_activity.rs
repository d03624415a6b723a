//! Activity as the window shows it.

use crate::ui_state::UiProblem;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a line of Activity is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiActivityKind {
    /// Sign-ins and sign-outs.
    SignIn,
    /// Consoles and apps that were opened.
    Launch,
    /// Credentials that were copied.
    Copy,
    /// Profiles that are kept fresh, and the file they are in.
    Profile,
    /// Organisations, and what they list.
    Organisation,
    /// Notifications, shown or held back.
    Notification,
    /// What was confirmed or set for safety, and the record itself.
    Safety,
}

/// Who wanted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiBy {
    /// The person.
    You,
    /// The schedule.
    Schedule,
    /// A program on this computer.
    Program,
}

impl UiBy {
    /// In a word, for where the window is not.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::You => "You",
            Self::Schedule => "Schedule",
            Self::Program => "A program",
        }
    }
}

/// Which lines are wanted. Everything that is empty or `null` lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiActivityFilter {
    /// Words, all of which are in the line.
    pub query: String,
    /// What it is about.
    pub kind: Option<UiActivityKind>,
    /// Who wanted it.
    pub by: Option<UiBy>,
    /// Whether it went well.
    pub ok: Option<bool>,
    /// An account, as [`UiActivity::account`] has it.
    pub account: Option<String>,
    /// From this moment on, epoch milliseconds.
    pub since: Option<i64>,
    /// Before this moment, epoch milliseconds.
    pub until: Option<i64>,
}

/// How Activity is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiExportFormat {
    /// For spreadsheets.
    Csv,
    /// One JSON value a line.
    JsonLines,
}

/// One line of Activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiActivity {
    /// The row's number.
    pub id: i64,
    /// When, epoch milliseconds.
    pub at: i64,
    /// What it is about.
    pub kind: UiActivityKind,
    /// A plain sentence.
    pub sentence: String,
    /// Account and role, where there is one.
    pub subject: Option<String>,
    /// The account, for the filter.
    pub account: Option<String>,
    /// Who wanted it.
    pub by: UiBy,
    /// It went well.
    pub ok: bool,
    /// Lines with equal groups next to each other may be shown as one; empty: it stands by itself.
    pub group: String,
}

/// An account that Activity names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiActivityAccount {
    /// As [`UiActivity::account`] has it.
    pub id: String,
    /// Its name, with the organisation's where two have the same.
    pub name: String,
}

/// Whether Activity is what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiRecord {
    /// `Record chain intact`, `Checking the record`; the window appends `, checked 2 min ago`.
    pub text: String,
    /// When it was checked, epoch milliseconds.
    pub checked: Option<i64>,
    /// It is being checked.
    pub checking: bool,
    /// What the check does not cover; empty if that is nothing.
    pub note: String,
    /// It was changed outside, or could not be checked.
    pub problem: Option<UiProblem>,
}
