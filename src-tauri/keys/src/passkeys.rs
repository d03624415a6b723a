//! The passkeys (discoverable credentials) on a key: `authenticatorCredentialManagement`.

use jiff::Timestamp;

use crate::{Ask, Error, Unlocked};

/// A site and the passkeys for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The site's id: a host name. Keys may cut long ones; then it ends early.
    pub rp_id: Option<String>,
    /// What the site calls itself, if the key kept it.
    pub name: Option<String>,
    /// SHA-256 of the id: always whole.
    pub id_hash: [u8; 32],
    /// In the key's order.
    pub passkeys: Vec<Passkey>,
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's id.
    pub id: Vec<u8>,
    /// The site's number for the person.
    pub user_id: Vec<u8>,
    /// The account's name.
    pub user_name: Option<String>,
    /// The person's name.
    pub display_name: Option<String>,
    /// When the key uses it.
    pub protection: Protection,
}

/// When a key uses a passkey (`credProtect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Whenever it is touched.
    Optional,
    /// Without PIN or finger only for a site that names it.
    OptionalWithList,
    /// With PIN or finger only.
    Required,
    /// The key does not tell.
    Unknown,
}

/// Space for passkeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// How many are there.
    pub existing: u32,
    /// How many more fit at most.
    pub remaining: u32,
}

impl Unlocked {
    /// How many passkeys there are and how many more fit.
    ///
    /// # Errors
    /// [`Error::NotSupported`], [`Error::Locked`], and what ends any operation.
    pub async fn space(&mut self, _now: Timestamp, _ask: &Ask) -> Result<Space, Error> {
        Err(Error::NotConnected)
    }

    /// All passkeys by site. Credentials that are no passkeys cannot be listed.
    ///
    /// # Errors
    /// As [`Self::space`].
    pub async fn passkeys(&mut self, _now: Timestamp, _ask: &Ask) -> Result<Vec<Site>, Error> {
        Err(Error::NotConnected)
    }

    /// Deletes a passkey for good.
    ///
    /// # Errors
    /// As [`Self::space`], and [`Error::NotFound`].
    pub async fn delete_passkey(&mut self, _id: &[u8], _now: Timestamp, _ask: &Ask) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Changes what a passkey says about its user; `passkey.user_id` has to stay as it is.
    ///
    /// # Errors
    /// As [`Self::delete_passkey`]; [`Error::NotSupported`] also by keys older than CTAP 2.1.
    pub async fn rename_passkey(
        &mut self,
        _passkey: &Passkey,
        _user_name: &str,
        _display_name: &str,
        _now: Timestamp,
        _ask: &Ask,
    ) -> Result<(), Error> {
        Err(Error::NotConnected)
    }
}
