//! What is wished of security keys, and of the touches that roles ask for.

use crate::model::{
    ids::{Grant, OrgId},
    keys::{KeyId, KeyWish, Pins, SystemWay},
    step_up::RolePattern,
};

/// What is wished of step-up. How it goes is in the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepUpRequest {
    /// The person says no to the question of that number.
    Deny {
        /// Which.
        number: u64,
    },
    /// The person says yes to the question of that number, where a word is enough.
    Allow {
        /// Which.
        number: u64,
    },
    /// The person wants to touch another key.
    Another {
        /// For which question.
        number: u64,
    },
    /// Close the role that a touch opened, and end what is kept by it.
    Stop(Grant),
    /// Have this role ask for a touch whenever it is used, or no more.
    Mark {
        /// Which.
        grant: Grant,
        /// Whether it asks.
        on: bool,
    },
    /// Bring the window of the question up.
    Show,
    /// Make the key that is touched next known here. Answered when it is, or is not.
    AddKey,
    /// The key with this credential is known here no more.
    ForgetKey(String),
    /// Which roles a rule for them would fit; answers [`super::Reply::FitsRoles`].
    Try(RolePattern),
}

/// What is wished of security keys. How it goes is in the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysRequest {
    /// Someone looks at them from now on, or nobody does.
    Follow(bool),
    /// Look anew.
    Rescan,
    /// What the system offers where it keeps keys from us; [`super::Reply::Restarting`] where this program has to end for it.
    System(SystemWay),
    /// Show this one.
    Select(KeyId),
    /// Do something with one. [`crate::model::code::Code::SecurityKey`] where it cannot be begun; one at a time.
    Do {
        /// Which.
        key: KeyId,
        /// What.
        wish: KeyWish,
    },
    /// The PIN that was asked for.
    EnterPin {
        /// The number of the question.
        number: u64,
        /// What was typed.
        pins: Pins,
    },
    /// Forget what a PIN opened.
    Lock,
    /// Give up what is under way.
    Cancel,
    /// What the last operation came to was read.
    Dismiss,
    /// Which of several keys is to sign.
    Use(KeyId),
    /// Register a key for who is signed in there. Answered when it is over.
    Register {
        /// Which key.
        key: KeyId,
        /// Where.
        org: OrgId,
        /// What its owner calls it.
        name: String,
    },
    /// The person was told that they have one key only there, and does without a spare one for now.
    WaiveSpare(OrgId),
    /// Begin to empty a key: what would be lost is shown.
    BeginReset(KeyId),
    /// The person has read what is lost.
    AgreeReset,
    /// Leave the wizard, at whatever step.
    EndReset,
}
