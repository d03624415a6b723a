//! A key's settings: `authenticatorConfig`.

use jiff::Timestamp;

use crate::{Ask, Error, Unlocked};

impl Unlocked {
    /// Lets the key ask for PIN or finger at each use, or no more.
    ///
    /// # Errors
    /// [`Error::NotSupported`], [`Error::Locked`], and what ends any operation.
    pub async fn set_always_verify(&mut self, _on: bool, _now: Timestamp, _ask: &Ask) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Raises the least number of characters of a PIN; it cannot be lowered but by a reset. A PIN that is
    /// shorter has to be changed before its next use.
    ///
    /// # Errors
    /// As [`Self::set_always_verify`]; [`Error::PinRule`] when it is less than now.
    pub async fn set_min_pin_length(
        &mut self,
        _least: u32,
        _now: Timestamp,
        _ask: &Ask,
    ) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Makes the key demand another PIN before the next use of it. What is unlocked is locked by it.
    ///
    /// # Errors
    /// As [`Self::set_always_verify`].
    pub async fn force_pin_change(&mut self, _now: Timestamp, _ask: &Ask) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Lets the key name itself to an employer's site. Only a reset takes it back.
    ///
    /// # Errors
    /// As [`Self::set_always_verify`].
    pub async fn enable_enterprise_attestation(&mut self, _now: Timestamp, _ask: &Ask) -> Result<(), Error> {
        Err(Error::NotConnected)
    }
}
