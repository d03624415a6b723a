//! Touches that roles ask for, as the windows show them. Moments in epoch milliseconds.

use crate::ui_portal::UiEnvironment;
use crate::ui_setup::UiRolePattern;
use crate::ui_state::UiGrant;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How far a touch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiTouchStep {
    /// No key is there that could be asked.
    Insert,
    /// A key or a server is being talked to.
    Working,
    /// A key waits for it.
    Touch,
    /// No key is asked for: a word is.
    Word,
}

/// A fact of what is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiFact {
    /// `Account`.
    pub label: String,
    /// `payments-prod, 1111-2222-3333`.
    pub value: String,
}

/// A touch that is asked for, in the window for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiTouch {
    /// How far it is.
    pub step: UiTouchStep,
    /// What to do now: `Touch Solo 2 now.`
    pub instruction: String,
    /// Account, role, program.
    pub facts: Vec<UiFact>,
    /// Where it is used.
    pub environment: Option<UiEnvironment>,
    /// It is given up then.
    pub until: i64,
    /// The whole of its time, in milliseconds.
    pub lasts: i64,
    /// Another key can be asked.
    pub another: bool,
    /// The words of the button that says yes, where a word is enough.
    pub allow: Option<String>,
    /// The words of the button that gives it up.
    pub deny: String,
    /// So often the person asked to see it.
    pub raised: u32,
}

/// Step-up for Settings, and for what waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiStepUp {
    /// `payments-prod, Administrator`: a touch for it is waited for.
    pub waiting: Option<String>,
    /// Keys that are known here.
    pub keys: Vec<UiStepUpKey>,
    /// Roles that the person marked.
    pub marked: Vec<UiStepUpMark>,
}

/// A key that is known here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiStepUpKey {
    /// Its credential's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `Touched 5 min ago`.
    pub used: String,
    /// It was touched for a role.
    pub touched: bool,
}

/// A role that the person marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiStepUpMark {
    /// The account's number.
    pub account: String,
    /// Its name, where it is known.
    pub account_name: String,
    /// The role.
    pub role: String,
}

/// What is wished of step-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "wish", rename_all = "snake_case")]
pub enum UiStepUpWish {
    /// Make a key known here; the window for touches asks for it. Answered when it is done.
    AddKey,
    /// A key is known here no more.
    ForgetKey {
        /// Its credential's id.
        id: String,
    },
    /// Have a role ask for a touch, or no more.
    Mark {
        /// Which.
        grant: UiGrant,
        /// Whether it asks.
        on: bool,
    },
    /// Close what a touch opened, and end what is kept by it.
    Stop {
        /// Which role.
        grant: UiGrant,
    },
    /// Bring the window for touches up.
    Show,
    /// Which roles a rule for them would fit; answers `fits`.
    Try {
        /// The rule.
        pattern: UiRolePattern,
    },
}
