//! Security keys as the window shows them. Moments in epoch milliseconds.

use crate::ui_setup::UiTheme;
use crate::ui_state::UiProblem;
use crate::ui_step_up::UiTouch;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The view "Keys".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeys {
    /// The first look has not ended.
    pub looking: bool,
    /// Keys that are there.
    pub keys: Vec<UiKey>,
    /// The id of the one on show.
    pub selected: Option<String>,
    /// What stands in the place of the list: no key, or none can be looked for.
    pub trouble: Option<UiProblem>,
    /// What is under way.
    pub running: Option<UiKeyRunning>,
    /// What the last operation came to.
    pub ended: Option<UiKeyEnded>,
    /// What a PIN opened.
    pub unlocked: Option<UiKeyUnlocked>,
    /// A key is being emptied.
    pub reset: Option<UiKeyReset>,
    /// Where a spare key is missing.
    pub spare: Option<String>,
}

/// A security key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKey {
    /// Its id while it is there.
    pub id: String,
    /// `YubiKey 5C NFC`.
    pub name: String,
    /// `Serial 12345678`, or how it is reached.
    pub line: String,
    /// What it told; `null` until it did.
    pub facts: Option<UiKeyFacts>,
    /// Why it does not tell.
    pub trouble: Option<UiProblem>,
    /// Its passkeys by site; `null` until they were read.
    pub passkeys: Option<Vec<UiKeySite>>,
    /// Its fingerprints; `null` until they were read.
    pub fingerprints: Option<Vec<UiFingerprint>>,
}

/// What a key told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeyFacts {
    /// The rows of the overview.
    pub overview: Vec<UiKeyRow>,
    /// What it is, for those who care.
    pub about: Vec<UiKeyRow>,
    /// It can be told to blink.
    pub identify: bool,
    /// Its PIN; `null` where it knows none.
    pub pin: Option<UiKeyPin>,
    /// Passkeys can be managed; the words of their number.
    pub passkeys: Option<String>,
    /// The user's name of a passkey can be changed.
    pub rename_passkeys: bool,
    /// It has a sensor.
    pub fingerprints: bool,
    /// Where it can be registered as a second factor: signed in to, and not registered yet.
    pub register: Vec<UiRegisterAt>,
    /// What protects passkeys and fingerprints is missing: set a PIN first.
    pub pin_first: bool,
    /// The page "Advanced".
    pub advanced: UiKeyAdvanced,
}

/// A page of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiKeyPage {
    /// All at a glance.
    Overview,
    /// Its PIN.
    Pin,
    /// Its passkeys.
    Passkeys,
    /// Its fingerprints.
    Fingerprints,
    /// The rest.
    Advanced,
}

/// A line about a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeyRow {
    /// `PIN`.
    pub label: String,
    /// `set, 8 attempts left`.
    pub value: String,
    /// It calls for the person.
    pub caution: bool,
    /// Words of a button, and the page that it leads to.
    pub action: Option<UiKeyRowAction>,
}

/// A button of such a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeyRowAction {
    /// `Change`.
    pub label: String,
    /// Where it leads.
    pub page: UiKeyPage,
}

/// An organisation at which a key can be registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiRegisterAt {
    /// Its id.
    pub org: String,
    /// Its name.
    pub name: String,
}

/// A key's PIN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeyPin {
    /// How it stands, in a sentence.
    pub text: String,
    /// What the key wants of a new one.
    pub rule: String,
    /// None is set.
    pub unset: bool,
    /// It can be set or changed now.
    pub open: bool,
}

/// What is under "Advanced". `null` where the key cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeyAdvanced {
    /// It always asks for PIN or fingerprint.
    pub always_verify: Option<bool>,
    /// The shortest PIN now, where it can be made longer.
    pub least_pin: Option<u8>,
    /// A change of the PIN can be forced.
    pub force_pin_change: bool,
    /// Enterprise attestation is on.
    pub enterprise: Option<bool>,
    /// It can be reset from here.
    pub reset: bool,
    /// Why it cannot be, or what that does.
    pub reset_text: String,
}

/// A site with its passkeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeySite {
    /// Its name on the network.
    pub site: String,
    /// In the key's order.
    pub passkeys: Vec<UiPasskey>,
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiPasskey {
    /// Its id.
    pub id: String,
    /// The user's name.
    pub user: String,
    /// What the user is shown as; may be empty.
    pub display: String,
    /// When it asks for PIN or fingerprint, in words.
    pub protection: String,
    /// What is asked before it is deleted.
    pub delete_text: String,
}

/// A fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiFingerprint {
    /// Its id.
    pub id: String,
    /// What it is called, or its number.
    pub name: String,
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum UiKeyStep {
    /// The key works.
    Working,
    /// A PIN is wanted, in its own window.
    Pin,
    /// The key is to be touched.
    Touch,
    /// A finger is to be put on it.
    Verify,
    /// A fingerprint is being taken.
    Sample {
        /// Good ones so far.
        good: u8,
        /// Of so many.
        of: u8,
    },
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeyRunning {
    /// With which key.
    pub key: String,
    /// `Touch your security key`.
    pub title: String,
    /// What for, and what to do.
    pub text: String,
    /// How far it is.
    pub step: UiKeyStep,
    /// When it is given up.
    pub until: Option<i64>,
    /// It may be shown where the person is; a look by itself is not.
    pub quiet: bool,
}

/// What an operation came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum UiKeyEnded {
    /// It is done.
    Done {
        /// With which key.
        key: String,
        /// `The PIN is changed.`
        text: String,
        /// When: shown for 5 s.
        at: i64,
    },
    /// It is not.
    Failed {
        /// With which key; it may be gone.
        key: String,
        /// Why.
        problem: UiProblem,
    },
}

/// What a PIN opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeyUnlocked {
    /// Of which key.
    pub key: String,
    /// Until then.
    pub until: i64,
}

/// A step of the wizard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiResetStep {
    /// What is lost.
    Lost,
    /// Unplug it.
    Unplug,
    /// Plug the same one in.
    Plug,
    /// Touch it.
    Touch,
    /// It is empty.
    Done,
}

/// The wizard that empties a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiKeyReset {
    /// `Reset YubiKey 5C NFC`.
    pub title: String,
    /// Where it stands.
    pub step: UiResetStep,
    /// What is lost, one a line.
    pub lost: Vec<String>,
    /// What that means.
    pub meaning: String,
    /// What the person ticks.
    pub agree: String,
    /// What to do in this step.
    pub text: String,
    /// What the key is known by when it is plugged in again.
    pub sameness: String,
    /// What went wrong; nothing was erased.
    pub fault: Option<String>,
    /// It goes no further.
    pub blocked: bool,
    /// The touch is taken until then.
    pub until: Option<i64>,
}

/// What the window wishes of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "wish", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants are buttons of the view, and `key` is whose")]
pub enum UiKeyWish {
    /// The view is on show.
    Follow,
    Rescan,
    /// The system's own settings of security keys.
    SystemSettings,
    /// Start once more as administrator.
    Administrator,
    Select {
        key: String,
    },
    Look {
        key: String,
    },
    Identify {
        key: String,
    },
    SetPin {
        key: String,
    },
    ChangePin {
        key: String,
    },
    Unlock {
        key: String,
    },
    Lock,
    Cancel,
    Dismiss,
    WaiveSpare {
        org: String,
    },
    ListPasskeys {
        key: String,
    },
    DeletePasskey {
        key: String,
        id: String,
    },
    RenamePasskey {
        key: String,
        id: String,
        user: String,
        display: String,
    },
    ListFingerprints {
        key: String,
    },
    AddFingerprint {
        key: String,
        name: String,
    },
    RenameFingerprint {
        key: String,
        id: String,
        name: String,
    },
    DeleteFingerprint {
        key: String,
        id: String,
    },
    AlwaysVerify {
        key: String,
        on: bool,
    },
    LeastPin {
        key: String,
        characters: u8,
    },
    ForcePinChange {
        key: String,
    },
    Enterprise {
        key: String,
    },
    /// It is to sign, of several that are there.
    Use {
        key: String,
    },
    /// It becomes a second factor of the person there. Answered when it is over.
    Register {
        key: String,
        org: String,
        name: String,
    },
    BeginReset {
        key: String,
    },
    AgreeReset,
    EndReset,
}

/// What the window for PINs asks. It is made for one question and destroyed with the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiPrompt {
    /// The number of the question.
    pub number: i64,
    /// `Enter the PIN of YubiKey 5C NFC`.
    pub title: String,
    /// What for.
    pub body: String,
    /// `8 attempts left`; empty where the key does not tell.
    pub tries: String,
    /// Why the last answer was none.
    pub wrong: Option<String>,
    /// The PIN there is is asked for.
    pub old: bool,
    /// A new one is.
    pub new: bool,
    /// The shortest new one, in characters.
    pub least: u8,
    /// The words of the button.
    pub confirm: String,
    /// Colours.
    pub theme: UiTheme,
    /// Size of the text in percent.
    pub text_size: u16,
    /// It is not a PIN that is asked for, but a touch.
    pub touch: Option<UiTouch>,
}
