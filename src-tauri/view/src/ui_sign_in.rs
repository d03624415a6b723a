//! Signing in in the app, as the window shows it. Moments in epoch milliseconds. What is typed of secrets does not pass
//! here: it crosses as bytes, by a command of its own.

use crate::ui_state::UiProblem;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What an organisation takes without a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiInAppOffer {
    /// A passkey alone is enough.
    pub passkey: bool,
    /// `Password is sent only to login.acme.internal`.
    pub sent_to: String,
}

/// Where a sign-in in the app stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiInAppStage {
    /// User name and password are typed.
    Password,
    /// The server is asked.
    Asking,
    /// A code is typed, or what else is asked for.
    Code,
    /// A first second factor is set up: a security key here, others in the browser.
    Enrol,
    /// A key is to be plugged in, chosen, touched.
    Key,
    /// The key did not sign.
    KeyFailed,
    /// One of several passkeys is chosen.
    User,
}

/// A sign-in in the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiInApp {
    /// Where it stands.
    pub stage: UiInAppStage,
    /// Heading.
    pub title: String,
    /// What to do; may be empty.
    pub body: String,
    /// What was typed as the user's name.
    pub username: String,
    /// Why the last step was none.
    pub wrong: Option<UiProblem>,
    /// No attempt is looked at before then.
    pub locked_until: Option<i64>,
    /// What is typed while a code is asked for.
    pub field: Option<UiCodeField>,
    /// Keys to choose from, where several are there.
    pub keys: Vec<UiKeyChoice>,
    /// Users of passkeys to choose from.
    pub users: Vec<String>,
    /// The key is to be touched until then.
    pub touch: Option<i64>,
    /// A finger is to be put on it.
    pub finger: bool,
    /// The same once more, after it failed.
    pub again: Option<UiInAppStep>,
    /// Other ways to go on.
    pub ways: Vec<UiInAppWay>,
}

/// What is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiCodeField {
    /// `Code`, `Code of Acme token`.
    pub label: String,
    /// It has six digits; else it is what the organisation's servers make it.
    pub digits: bool,
    /// It is not to be seen.
    pub hidden: bool,
}

/// A security key to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeyChoice {
    /// Its id.
    pub id: String,
    /// `YubiKey 5C NFC`.
    pub name: String,
    /// `Serial 12345678`, or how it is reached.
    pub line: String,
}

/// Another way to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiInAppWay {
    /// The words.
    pub label: String,
    /// What it does.
    pub step: UiInAppStep,
}

/// A step without a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum UiInAppStep {
    /// Shows the form.
    Begin,
    /// Goes to a second factor.
    Factor {
        /// Its place in the list.
        place: u32,
    },
    /// Signs in with a passkey alone.
    Passkey,
    /// Sets a first security key up.
    Enrol,
    /// Has the organisation's servers ask in another way than for a code.
    AskOtherwise,
    /// Takes one of several passkeys.
    User {
        /// Its place in the list.
        place: u32,
    },
}
