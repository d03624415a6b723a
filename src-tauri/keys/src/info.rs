//! What a key says of itself (`authenticatorGetInfo`, and the PIN's tries by `authenticatorClientPIN`).

use uuid::Uuid;

use crate::bus::Transport;

/// What a key is, can and holds, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// `FIDO_2_1`, `FIDO_2_0`, `U2F_V2` and the like, as the key says.
    pub versions: Vec<String>,
    /// The model's number; all zero when the key does not tell.
    pub aaguid: Uuid,
    /// The model's name from the bundled list, when it is known.
    pub model: Option<&'static str>,
    /// How it is connected now.
    pub connected: Transport,
    /// The ways it can be connected, as it says: `usb`, `nfc`, ...
    pub transports: Vec<String>,
    /// COSE numbers of signature algorithms in the key's order of preference; empty when it does not tell.
    pub algorithms: Vec<i64>,
    /// Extensions it knows, as it says.
    pub extensions: Vec<String>,
    /// The vendor's number of the firmware.
    pub firmware: Option<u64>,
    /// Where its PIN stands.
    pub pin: PinState,
    /// The least number of characters (Unicode code points) of a PIN, as the key says; 4 unless it does.
    pub min_pin_length: usize,
    /// Whether it keeps passkeys at all, and how many; counts need the PIN on most keys.
    pub passkeys: Passkeys,
    /// Its fingerprint reader.
    pub fingerprints: Fingerprints,
    /// Whether it asks for PIN or finger at each use; `None`: it has no such setting.
    pub always_verify: Option<bool>,
    /// Whether it may name itself to an employer's site; `None`: it cannot.
    pub enterprise_attestation: Option<bool>,
    /// What can be done with it.
    pub can: Can,
}

/// Where a key's PIN stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinState {
    /// The key knows no PIN.
    NotSupported,
    /// None is set.
    NotSet,
    /// Set, with so many tries left; `None`: the key does not tell.
    Set {
        /// Tries left before the key blocks.
        left: Option<u32>,
    },
    /// Set, and to be changed before the key does anything else with it.
    ChangeForced {
        /// As in [`Self::Set`].
        left: Option<u32>,
    },
    /// Three wrong tries in a row: takes none until it is unplugged and plugged in.
    SoftLocked {
        /// As in [`Self::Set`].
        left: Option<u32>,
    },
    /// No tries left: only a reset helps.
    Blocked,
}

/// Space for passkeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passkeys {
    /// Whether the key keeps passkeys at all.
    pub supported: bool,
    /// How many are on it; `None` until it was unlocked ([`crate::Unlocked::space`]).
    pub existing: Option<u32>,
    /// How many more fit at most; some keys tell without being unlocked.
    pub remaining: Option<u32>,
}

/// A key's fingerprint reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fingerprints {
    /// It has none.
    NotSupported,
    /// No finger is known to it.
    None,
    /// At least one finger is known; how many, [`crate::Unlocked::fingerprints`] tells.
    Some,
}

/// What a key can do, for a window to offer or to say "not available on this key".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a button")]
pub struct Can {
    /// List and delete passkeys.
    pub manage_passkeys: bool,
    /// Change what a passkey says about its user.
    pub rename_passkeys: bool,
    /// Read fingerprints.
    pub fingerprints: bool,
    /// Toggle [`Info::always_verify`].
    pub always_verify: bool,
    /// Set the minimum length of a PIN, and force a change.
    pub min_pin_length: bool,
    /// Switch enterprise attestation on.
    pub enterprise_attestation: bool,
    /// Be reset from here: it is connected over USB.
    pub reset: bool,
    /// Blink on demand.
    pub identify: bool,
}
