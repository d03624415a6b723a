//! What a key's status byte means (CTAP 2.1, 8.2).

use webauthn_authenticator_rs::error::CtapError;

use crate::{Error, Feature, Midway, PinRule, User};

pub(crate) type Status = CtapError;

/// Why a command did not succeed: the key's word, which means different things for different commands, or the
/// end of the whole operation.
#[derive(Debug)]
pub(crate) enum Fail {
    Status(Status),
    Ended(Error),
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        Self::Ended(error)
    }
}

impl Fail {
    /// Takes the general meaning of the status.
    pub(crate) fn explain(self, feature: Feature, midway: Midway) -> Error {
        match self {
            Self::Ended(error) => error,
            Self::Status(status) => explain(&status, feature, midway),
        }
    }
}

/// What a status means if the command does not know better. `feature` is what the command is for.
pub(crate) fn explain(status: &Status, feature: Feature, midway: Midway) -> Error {
    match status {
        Status::Ctap1InvalidCommand
        | Status::Ctap2InvalidSubcommand
        | Status::Ctap2UnsupportedOption
        | Status::Ctap2InvalidOption => Error::NotSupported(feature),
        Status::Ctap2UnsupportedAlgorithm => Error::NotSupported(Feature::Algorithm),
        Status::Ctap1ChannelBusy => Error::Busy(User::AnotherProgram),
        Status::Ctap2FingerprintDatabaseFull => Error::FingerprintsFull,
        Status::Ctap2KeyStoreFull => Error::PasskeysFull,
        Status::Ctap2CredentialExcluded => Error::AlreadyRegistered,
        Status::Ctap2NoCredentials => Error::NotFound,
        Status::Ctap2OperationDenied => Error::Refused,
        Status::Ctap2KeepAliveCancel => Error::Cancelled(midway),
        Status::Ctap1Timeout | Status::Ctap2UserActionTimeout | Status::Ctap2ActionTimeout => {
            Error::TimedOut(midway)
        }
        Status::Ctap2PinInvalid => Error::WrongPin { left: None },
        Status::Ctap2PinBlocked => Error::Blocked,
        Status::Ctap2PinAuthBlocked => Error::SoftLocked,
        Status::Ctap2PinAuthInvalid | Status::Ctap2UnauthorizedPermission => Error::Locked,
        Status::Ctap2PinNotSet => Error::NoPin,
        Status::Ctap2PUATRequired => Error::VerificationNeeded,
        Status::Ctap2PinPolicyViolation => Error::PinRule(PinRule::OfTheKey),
        Status::Ctap2UserVerificationBlocked => Error::FingerprintsBlocked,
        Status::Ctap2UserVerificationInvalid => Error::FingerprintRefused { left: None },
        other => Error::Unexpected(format!("{other:?}")),
    }
}
