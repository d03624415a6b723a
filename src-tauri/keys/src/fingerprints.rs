//! The fingerprints that a key knows: `authenticatorBioEnrollment`.

use jiff::Timestamp;

use crate::{Ask, Error, Unlocked};

/// A fingerprint that a key knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The key's number for it.
    pub id: Vec<u8>,
    /// The name it was given.
    pub name: Option<String>,
}

impl Unlocked {
    /// The fingerprints that the key knows.
    ///
    /// # Errors
    /// [`Error::NotSupported`], [`Error::Locked`], and what ends any operation.
    pub async fn fingerprints(&mut self, _now: Timestamp, _ask: &Ask) -> Result<Vec<Fingerprint>, Error> {
        Err(Error::NotConnected)
    }

    /// Teaches the key a finger, sample by sample: each is told as [`crate::Progress::Sample`]. Stopped on the
    /// way, the key forgets the samples.
    ///
    /// # Errors
    /// As [`Self::fingerprints`], [`Error::FingerprintsFull`], [`Error::NameTooLong`].
    pub async fn enrol_fingerprint(
        &mut self,
        _name: &str,
        _now: Timestamp,
        _ask: &Ask,
    ) -> Result<Fingerprint, Error> {
        Err(Error::NotConnected)
    }

    /// Names a fingerprint.
    ///
    /// # Errors
    /// As [`Self::fingerprints`], [`Error::NotFound`], [`Error::NameTooLong`].
    pub async fn rename_fingerprint(
        &mut self,
        _id: &[u8],
        _name: &str,
        _now: Timestamp,
        _ask: &Ask,
    ) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Makes the key forget a fingerprint.
    ///
    /// # Errors
    /// As [`Self::fingerprints`], [`Error::NotFound`].
    pub async fn delete_fingerprint(&mut self, _id: &[u8], _now: Timestamp, _ask: &Ask) -> Result<(), Error> {
        Err(Error::NotConnected)
    }
}
