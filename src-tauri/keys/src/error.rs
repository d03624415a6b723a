//! What can go wrong with a key, as a caller has to tell it to a person.

use crate::pin::PinRule;

/// Why an operation on a key did not come to its end. The words for people stand in the view; each variant
/// has what they need. None of them holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The key refused the PIN.
    #[error("the key refused the PIN")]
    WrongPin {
        /// Tries left before the key locks itself for good; `None` when the key does not tell.
        left: Option<u32>,
    },
    /// Three wrong PINs in a row: the key wants to be unplugged and plugged in before the next try.
    #[error("the key pauses PIN entry until it is unplugged and plugged in again")]
    SoftLocked,
    /// No tries left: only a reset makes the key usable again.
    #[error("the key's PIN is blocked")]
    Blocked,
    /// The operation needs a PIN, and the key has none yet.
    #[error("no PIN is set on the key")]
    NoPin,
    /// A PIN was to be set for the first time on a key that has one.
    #[error("a PIN is set on the key already")]
    PinAlreadySet,
    /// The PIN breaks a rule. It was not sent to the key, or the key refused it by its own rule.
    #[error("the PIN cannot be used: {0}")]
    PinRule(#[from] PinRule),
    /// The key takes no PIN for anything but changing it.
    #[error("the key demands that its PIN is changed first")]
    PinChangeForced,
    /// The operation needs the PIN, a fingerprint or both, and none was given.
    #[error("the key wants to know who uses it")]
    VerificationNeeded,
    /// The key did not recognise the finger.
    #[error("the key did not recognise the fingerprint")]
    FingerprintRefused {
        /// Tries left before only the PIN works.
        left: Option<u32>,
    },
    /// Too many fingers that the key did not recognise: it takes its PIN now.
    #[error("the key takes no fingerprints until its PIN is entered")]
    FingerprintsBlocked,
    /// What was unlocked is locked again: five minutes are over, the key dropped it, or [`crate::Unlocked`] was
    /// locked.
    #[error("the key is locked again")]
    Locked,
    /// This key has no such function.
    #[error("the key cannot do this: {0:?}")]
    NotSupported(Feature),
    /// The key is in use.
    #[error("the key is busy: {0:?}")]
    Busy(User),
    /// The system does not let us talk to the key.
    #[error("no permission to use the key: {0:?}")]
    Permission(Permission),
    /// No key of this id is plugged in (any more); nothing was tried.
    #[error("the key is not connected")]
    NotConnected,
    /// The key went away in the middle.
    #[error("the key was removed: {0:?}")]
    Removed(Midway),
    /// The caller stopped the operation.
    #[error("cancelled: {0:?}")]
    Cancelled(Midway),
    /// Nobody touched the key, or it did not answer in time.
    #[error("timed out: {0:?}")]
    TimedOut(Midway),
    /// The person refused at the key, or the key at their place.
    #[error("refused at the key")]
    Refused,
    /// A reset found another key than the one it was begun for. Nothing was erased.
    #[error("this is a different key")]
    WrongKey,
    /// A reset is done only while one key is connected, so that no other can be hit.
    #[error("another key is connected")]
    OtherKeyConnected,
    /// The key was plugged in more than ten seconds ago. Nothing was erased.
    #[error("the key was not touched within ten seconds of plugging it in")]
    TooLate,
    /// Keys take a reset over USB alone.
    #[error("reset works only over USB")]
    ResetOnlyOverUsb,
    /// The key knows U2F (CTAP1) only: it has no PIN, no passkeys and nothing to manage.
    #[error("the key supports only U2F")]
    U2fOnly,
    /// No space for another passkey.
    #[error("the key has no space left for passkeys")]
    PasskeysFull,
    /// No space for another fingerprint.
    #[error("the key has no space left for fingerprints")]
    FingerprintsFull,
    /// The key holds none of the credentials that were asked for.
    #[error("the key is not registered here")]
    NotRegistered,
    /// The key holds one of the credentials that were to be excluded.
    #[error("the key is registered here already")]
    AlreadyRegistered,
    /// What was to be changed is not on the key (any more).
    #[error("the key does not hold this (any more)")]
    NotFound,
    /// The relying party's id does not belong to the origin: nothing was asked of the key.
    #[error("the site {rp_id} does not belong to {origin}")]
    ForeignOrigin {
        /// Where the caller is.
        origin: String,
        /// Whom it claimed to be.
        rp_id: String,
    },
    /// A name that is longer than the key can keep, in bytes.
    #[error("longer than the {0} bytes that the key can keep")]
    NameTooLong(usize),
    /// An answer that the protocol does not foresee. The text is for a log.
    #[error("the key answered with {0}")]
    Unexpected(String),
    /// The computer's part failed: no PC/SC service, a USB error. The text is for a log.
    #[error("could not talk to the key: {0}")]
    Trouble(String),
}

/// How far an operation came before it ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Midway {
    /// Nothing on the key was changed.
    NothingChanged,
    /// Steps before the last one were done, or it cannot be known whether the last one was.
    LastStepNotCompleted,
}

/// What a key may or may not be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Having a PIN (`clientPin`).
    Pin,
    /// Holding passkeys (`rk`).
    Passkeys,
    /// Listing and deleting passkeys (`credMgmt`).
    PasskeyManagement,
    /// Changing what a passkey says about its user (CTAP 2.1's `updateUserInformation`).
    PasskeyRename,
    /// Reading fingerprints (`bioEnroll`).
    Fingerprints,
    /// Settings (`authnrCfg`).
    Settings,
    /// `alwaysUv`.
    AlwaysVerify,
    /// `setMinPINLength`.
    MinimumPinLength,
    /// Enterprise attestation (`ep`).
    EnterpriseAttestation,
    /// None of the signature algorithms that the site takes.
    Algorithm,
    /// Anything else that the key answered with "unsupported" to.
    Other,
}

/// Who uses a key at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// Another operation of this program.
    Here,
    /// Another program.
    AnotherProgram,
}

/// What the system wants before it lets us talk to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Linux: a udev rule that gives the person at the screen access to the device.
    UdevRule,
    /// Windows: to be started as administrator.
    NotElevated,
    /// PC/SC refused (Linux: polkit).
    SmartCardService,
}
