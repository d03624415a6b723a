//! What is wished of a key, and what is learnt by it.

use super::{Ceremony, Fingerprint, Info, Passkey, Pins, Signed, UserProof};
use crate::model::step_up::{Proof, Proved};
use serde::{Deserialize, Serialize};

/// What is done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyAct {
    /// It is asked what it is.
    Look,
    /// It blinks until it is touched.
    Identify,
    /// It gets its first PIN.
    SetPin,
    /// It gets another PIN.
    ChangePin,
    /// Its PIN is entered, for what comes.
    Unlock,
    /// Its passkeys are read.
    ListPasskeys,
    /// One is deleted.
    DeletePasskey,
    /// The user of one is named otherwise.
    RenamePasskey,
    /// Its fingerprints are read.
    ListFingerprints,
    /// One is added.
    AddFingerprint,
    /// One is named.
    RenameFingerprint,
    /// One is deleted.
    DeleteFingerprint,
    /// It always asks for PIN or fingerprint from now on, or no more.
    AlwaysVerify,
    /// The shortest PIN is made longer.
    LeastPin,
    /// Its PIN must be changed before it is used again.
    ForcePinChange,
    /// Enterprise attestation is switched on.
    Enterprise,
    /// It is emptied.
    Reset,
    /// It signs for a site, so that a person signs in or proves who they are.
    Authenticate,
    /// It makes a key pair for a site.
    Register,
    /// It is asked whether it holds one of some key pairs, without a touch.
    Find,
    /// It proves that its owner touched it, before a role is used or what asks for that is changed.
    Prove,
}

impl KeyAct {
    /// Whether the key wants its PIN for it.
    #[must_use]
    pub fn needs_pin(self) -> bool {
        !matches!(
            self,
            Self::Look
                | Self::Identify
                | Self::SetPin
                | Self::ChangePin
                | Self::Unlock
                | Self::Reset
                | Self::Authenticate
                | Self::Register
                | Self::Find
                | Self::Prove
        )
    }

    /// Whether nobody wished it: it makes room for what a person wishes, and is no news.
    #[must_use]
    pub fn is_a_look(self) -> bool {
        matches!(self, Self::Look | Self::Find)
    }

    /// Whether a server is waiting for what the key signs ([`Ceremony::proof`] tells what it needs).
    #[must_use]
    pub fn signs(self) -> bool {
        matches!(self, Self::Authenticate | Self::Register)
    }

    /// Whether the key is another one afterwards, so that it stands in Activity.
    #[must_use]
    pub fn changes(self) -> bool {
        !matches!(
            self,
            Self::Look
                | Self::Identify
                | Self::Unlock
                | Self::ListPasskeys
                | Self::ListFingerprints
                | Self::Authenticate
                | Self::Find
                | Self::Prove
        )
    }
}

/// A wish, with what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are those of `KeyAct`, the fields what they are about")]
pub enum KeyWish {
    Look,
    Identify,
    SetPin,
    ChangePin,
    Unlock,
    ListPasskeys,
    DeletePasskey { id: String },
    RenamePasskey { id: String, user: String, display: String },
    ListFingerprints,
    AddFingerprint { name: String },
    RenameFingerprint { id: String, name: String },
    DeleteFingerprint { id: String },
    AlwaysVerify { on: bool },
    LeastPin { characters: u8 },
    ForcePinChange,
    Enterprise,
    Reset,
    Authenticate(Ceremony),
    Register(Ceremony),
    Find { site: String, credentials: Vec<Vec<u8>> },
    Prove { proof: Box<Proof>, by: UserProof },
}

impl KeyWish {
    /// Which act it is.
    #[must_use]
    pub fn act(&self) -> KeyAct {
        match self {
            Self::Look => KeyAct::Look,
            Self::Identify => KeyAct::Identify,
            Self::SetPin => KeyAct::SetPin,
            Self::ChangePin => KeyAct::ChangePin,
            Self::Unlock => KeyAct::Unlock,
            Self::ListPasskeys => KeyAct::ListPasskeys,
            Self::DeletePasskey { .. } => KeyAct::DeletePasskey,
            Self::RenamePasskey { .. } => KeyAct::RenamePasskey,
            Self::ListFingerprints => KeyAct::ListFingerprints,
            Self::AddFingerprint { .. } => KeyAct::AddFingerprint,
            Self::RenameFingerprint { .. } => KeyAct::RenameFingerprint,
            Self::DeleteFingerprint { .. } => KeyAct::DeleteFingerprint,
            Self::AlwaysVerify { .. } => KeyAct::AlwaysVerify,
            Self::LeastPin { .. } => KeyAct::LeastPin,
            Self::ForcePinChange => KeyAct::ForcePinChange,
            Self::Enterprise => KeyAct::Enterprise,
            Self::Reset => KeyAct::Reset,
            Self::Authenticate(_) => KeyAct::Authenticate,
            Self::Register(_) => KeyAct::Register,
            Self::Find { .. } => KeyAct::Find,
            Self::Prove { .. } => KeyAct::Prove,
        }
    }
}

/// A wish with the PIN it needs: the old one to unlock, the new one to set, both to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What is wished.
    pub wish: KeyWish,
    /// What was typed for it, if anything.
    pub pins: Option<Pins>,
}

/// What a job taught of its key: only what is `Some` is news.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learnt {
    /// What it tells about itself now.
    pub info: Option<Info>,
    /// The passkeys on it now.
    pub passkeys: Option<Vec<Passkey>>,
    /// The fingerprints on it now.
    pub fingerprints: Option<Vec<Fingerprint>>,
    /// What it signed: one, or one for each passkey that it holds for the site.
    pub signed: Vec<Signed>,
    /// Which of the key pairs that it was asked for it holds.
    pub holds: Option<Vec<u8>>,
    /// What it proved.
    pub proved: Option<Proved>,
}
