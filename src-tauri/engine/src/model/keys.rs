//! Security keys (FIDO2) as values: what is plugged in, what is known of it, what is done with it, and what
//! can go wrong. No secret stands here but the PIN on its way to the key.

mod ceremony;
mod now;
mod pin;
mod reset;
mod wish;

pub use ceremony::{Ceremony, Signed, UserProof, Verification};
pub use now::{Finished, Found, Keys, Known, PinAsked, Purpose, Running, Step, Unlocked};
pub use pin::{MOST_PIN_BYTES, Pin, Pins};
pub use reset::{Reset, ResetStep};
pub use wish::{Job, KeyAct, KeyWish, Learnt};

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// A key for as long as it is plugged in. Plugged in again it may have another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// From what the port calls it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// What the port calls it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a key is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Plugged in.
    Usb,
    /// Held to a reader.
    Nfc,
}

/// How well a key that is plugged in again is known to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// By its serial number.
    Serial,
    /// The same model at the same port.
    Port,
    /// The same model: nothing tells two of them apart.
    Model,
}

/// A key that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugged {
    /// Ours, while it is there.
    pub id: KeyId,
    /// For people: `YubiKey 5C NFC`.
    pub name: String,
    /// How it is reached.
    pub transport: Transport,
    /// Its serial number, where it tells.
    pub serial: Option<String>,
    /// What stays the same when it is plugged in again, as far as that can be known; empty where nothing can.
    pub identity: String,
    /// How well that tells it from others.
    pub sameness: Sameness,
}

impl Plugged {
    /// Whether this is that key, as far as can be known.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        !self.identity.is_empty() && self.identity == other.identity
    }
}

/// How a key stands with its PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinState {
    /// It knows no PIN.
    None,
    /// It has none yet.
    NotSet,
    /// It has one.
    Set,
    /// It has one that must be changed before it is good for anything else.
    ChangeNeeded,
    /// No more tries until it is plugged in anew.
    Paused,
    /// No more tries until it is reset.
    Blocked,
}

/// Space for passkeys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// Passkeys on it; some keys tell only with the PIN.
    pub used: Option<u32>,
    /// Room for so many more, as it estimates.
    pub left: Option<u32>,
}

/// What a key tells about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The model's name, where its number is known.
    pub model: Option<String>,
    /// `FIDO_2_1`, `U2F_V2`.
    pub versions: Vec<String>,
    /// Its model, as a UUID.
    pub aaguid: Option<String>,
    /// Its firmware, as its maker counts.
    pub firmware: Option<String>,
    /// `ES256`, `EdDSA`.
    pub algorithms: Vec<String>,
    /// `usb`, `nfc`.
    pub transports: Vec<String>,
    /// It knows U2F alone.
    pub u2f_only: bool,
    /// Its PIN.
    pub pin: PinState,
    /// Tries left for the PIN.
    pub tries: Option<u8>,
    /// The shortest PIN it takes, in characters.
    pub least_pin: u8,
    /// Passkeys; `None` where they cannot be managed.
    pub passkeys: Option<Space>,
    /// Fingerprints on it; `None` where it has no sensor.
    pub fingerprints: Option<u32>,
    /// What else can be done with it.
    pub can: Can,
}

/// What can be done with a key besides PIN, passkeys and fingerprints. `Option`: on or off, `None` where it
/// cannot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "abilities, each its own")]
pub struct Can {
    /// It can be told to blink.
    pub identify: bool,
    /// The user's name of a passkey can be changed.
    pub rename_passkeys: bool,
    /// It always asks for PIN or fingerprint.
    pub always_verify: Option<bool>,
    /// The shortest PIN can be made longer.
    pub least_pin: bool,
    /// A change of the PIN can be forced.
    pub force_pin_change: bool,
    /// Enterprise attestation is on.
    pub enterprise: Option<bool>,
    /// It can be reset from here.
    pub reset: bool,
}

/// When a passkey asks for PIN or fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// As the site wishes.
    Optional,
    /// Unless the site names it.
    UnlessNamed,
    /// Always.
    Always,
}

/// A passkey on a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's id, in hexadecimal digits.
    pub id: String,
    /// The site: its RP ID.
    pub site: String,
    /// The user's name there.
    pub user: String,
    /// What the user is shown as; may be empty.
    pub display: String,
    /// When it asks.
    pub protection: Protection,
}

/// A fingerprint on a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The template's id, in hexadecimal digits.
    pub id: String,
    /// What the person calls it.
    pub name: Option<String>,
}

/// How a sample of a fingerprint was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleHint {
    /// The finger went too fast.
    TooFast,
    /// It went too slowly.
    TooSlow,
    /// It was not in the middle.
    NotCentred,
    /// It was askew.
    Askew,
    /// Too short a piece of it.
    TooShort,
    /// Too dry, too dirty, or no finger.
    Unclear,
    /// That very place was taken already.
    Repeated,
    /// This finger is on the key already.
    Known,
    /// No finger came in time.
    NoFinger,
}

/// What was done of what ended in the middle: the key was taken away, the person gave it up, nobody touched it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undone {
    /// Nothing was changed.
    #[default]
    Nothing,
    /// The last step may or may not have been done, or may still be: a card in a reader cannot be told to stop.
    LastStep,
}

/// Why a key did not do what was wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are what the variant's sentence names")]
pub enum KeyFault {
    /// The PIN is not the key's.
    WrongPin { left: Option<u8> },
    /// Three wrong ones: it takes no PIN until it is plugged in anew.
    PinPaused,
    /// It takes no PIN until it is reset.
    PinBlocked,
    /// It has no PIN, and needs one for this.
    PinNotSet,
    /// Too few characters.
    PinTooShort { least: u8 },
    /// More than 63 bytes.
    PinTooLong,
    /// The key refuses this PIN, such as the one it had.
    PinRefused,
    /// Its PIN must be changed first.
    PinChangeNeeded,
    /// What the PIN opened is closed again: it has to be entered once more.
    PinNeeded,
    /// It cannot do this.
    NotSupported,
    /// Another program talks to it.
    Busy,
    /// The system lets us not talk to it.
    NotAllowed,
    /// The system lets nobody but administrators talk to it (Windows).
    NotElevated,
    /// It was taken away.
    Removed { undone: Undone },
    /// The person cancelled.
    Cancelled {
        #[serde(default)]
        undone: Undone,
    },
    /// Nobody touched it in time.
    TimedOut {
        #[serde(default)]
        undone: Undone,
    },
    /// Somebody said no at the key, or it takes none of this.
    Declined,
    /// It has a PIN already, which is changed rather than set.
    PinIsSet,
    /// It knows U2F alone.
    U2fOnly,
    /// No room for another passkey or fingerprint.
    Full,
    /// It is not registered there.
    NotRegistered,
    /// It is registered there already.
    RegisteredAlready,
    /// A server asked for keys of another site; the key was not asked.
    ForeignSite { site: String },
    /// It is known already.
    KnownAlready,
    /// Its counter went back: there may be a copy of it.
    Cloned,
    /// What it answered does not hold.
    Refused,
    /// A fingerprint was not recognised.
    NotRecognised,
    /// A reset goes over USB alone.
    OverNfc,
    /// Several keys are there.
    SeveralKeys,
    /// Another key than the one meant.
    OtherKey { serial: Option<String> },
    /// Something else of ours uses a key.
    InUse,
    /// It is not there any more.
    Gone,
    /// It did not answer, or something that cannot be understood; `what` is a short technical phrase.
    NoAnswer { what: String },
    /// Keys cannot be looked for; `reason` is a short technical phrase.
    Unavailable { reason: String },
}

/// Where a key of the person is registered, as an organisation tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// What the person called it there.
    pub name: String,
    /// Since.
    pub added: Option<Timestamp>,
    /// The id of its key pair there, by which the key in hand is known again; `None` where that is not told.
    pub credential: Option<Vec<u8>>,
}

/// What the system offers where it keeps keys from us (Windows).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemWay {
    /// Its own settings of security keys.
    Settings,
    /// This program, started once more as administrator.
    Administrator,
}
