//! Erasing a key in four steps that cannot hit another one: told what is lost, unplugged, plugged in, touched.

use jiff::{SignedDuration, Timestamp};

use crate::{Ask, Error, Event, Info, Key, Keys};

/// Keys take a reset only so soon after they got power (CTAP 2.1, 6.6).
pub const PLUG_IN_WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// What a reset waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// 1: that the person read what is lost and agrees ([`Reset::agree`]).
    Agree,
    /// 2: that the key is unplugged.
    Unplug,
    /// 3: that the same key is plugged in.
    PlugIn,
    /// 4: that it is touched ([`Reset::erase`]), before this moment.
    Touch {
        /// [`PLUG_IN_WINDOW`] after it was plugged in.
        until: Timestamp,
        /// How well it is known to be the same key.
        sameness: Sameness,
    },
    /// The key is as new.
    Done,
}

/// How well a key that was plugged in again is known to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sameness {
    /// The same model and firmware; the system knows no more of it. Nothing tells two new keys of one model apart.
    Model,
    /// The same model at the same port.
    Port,
    /// The same serial number.
    Serial,
}

/// A reset on its way. Dropped, nothing happens.
pub struct Reset {}

impl Reset {
    /// Step 1. Closes the key, as it will be unplugged.
    ///
    /// # Errors
    /// [`Error::ResetOnlyOverUsb`], [`Error::OtherKeyConnected`], and what [`Key::info`] answers.
    pub async fn begin(_key: Key, _keys: &Keys, _ask: &Ask) -> Result<Self, Error> {
        Err(Error::NotConnected)
    }

    /// What the key is; what it holds needs its PIN ([`crate::Unlocked::passkeys`]) and is best listed before.
    pub fn info(&self) -> &Info {
        unimplemented!()
    }

    /// What is waited for.
    pub fn step(&self) -> &Step {
        unimplemented!()
    }

    /// The person agrees to what is lost: on to step 2.
    pub fn agree(&mut self) {}

    /// Tells what happened at the ports; moves on by it. Events that do not matter change nothing.
    ///
    /// # Errors
    /// [`Error::WrongKey`] (step 3 waits on, once it is unplugged again), [`Error::OtherKeyConnected`].
    pub async fn observe(
        &mut self,
        _event: &Event,
        _keys: &Keys,
        _now: Timestamp,
        _ask: &Ask,
    ) -> Result<&Step, Error> {
        Err(Error::NotConnected)
    }

    /// Step 4: sends the command, then waits for the touch.
    ///
    /// # Errors
    /// [`Error::TooLate`] or [`Error::TimedOut`] (back to step 2, nothing was erased), [`Error::WrongKey`],
    /// [`Error::Removed`].
    pub async fn erase(&mut self, _keys: &Keys, _now: Timestamp, _ask: &Ask) -> Result<(), Error> {
        Err(Error::NotConnected)
    }
}
