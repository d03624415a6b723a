//! One key in the OS keyring: Secret Service, Keychain or Credential Manager. A key of 32 bytes fits
//! all of them; tokens would not fit the last.

use super::seal::Key;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

/// The keyring item's service name, as people see it there.
const SERVICE: &str = "latchkey";

/// A place that keeps one key. Calls may block.
pub trait KeyStore: Send + Sync {
    /// The key, or `None` where there is none yet.
    ///
    /// # Errors
    /// When nobody can tell.
    fn get(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeyStoreError>;
    /// Keeps the key.
    ///
    /// # Errors
    /// When it is not kept.
    fn put(&self, key: &[u8]) -> Result<(), KeyStoreError>;
}

/// Why a keyring gave or took no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// It is there and locked, or its password was not given.
    #[error("the keyring is locked")]
    Locked,
    /// It is not there, or does not work.
    #[error("there is no working keyring: {0}")]
    Missing(String),
}

/// Reads the key; makes one only where the keyring answered that it has none.
pub(super) fn read_or_make(store: &dyn KeyStore) -> Result<Key, KeyStoreError> {
    if let Some(kept) = store.get()? {
        match Key::from_bytes(&kept) {
            Some(key) => return Ok(key),
            // Not one of ours: whatever was sealed with it cannot be opened anyway.
            None => tracing::warn!("the keyring's sealing key is not 32 bytes long; making a new one"),
        }
    }
    let key = Key::random();
    store.put(key.bytes())?;
    Ok(key)
}

/// The operating system's keyring.
pub struct OsKeyring {
    user: String,
}

impl OsKeyring {
    /// The item of this user name, see [`crate::home::Home::keyring_user`].
    #[must_use]
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into() }
    }

    /// Tries the item; a keyring that failed is looked for again once, as it may have been restarted.
    fn with<T>(&self, act: impl Fn(&Entry) -> keyring_core::Result<T>) -> keyring_core::Result<T> {
        if keyring::Entry::store_status().is_err() && keyring_core::get_default_store().is_none() {
            reconnect()?;
        }
        let tried = Entry::new(SERVICE, &self.user).and_then(|entry| act(&entry));
        match tried {
            Err(Error::PlatformFailure(_)) => {
                reconnect()?;
                act(&Entry::new(SERVICE, &self.user)?)
            }
            other => other,
        }
    }
}

impl KeyStore for OsKeyring {
    fn get(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeyStoreError> {
        match self.with(Entry::get_secret) {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(meaning(error)),
        }
    }

    fn put(&self, key: &[u8]) -> Result<(), KeyStoreError> {
        self.with(|entry| entry.set_secret(key)).map_err(meaning)
    }
}

fn meaning(error: Error) -> KeyStoreError {
    match error {
        Error::NoStorageAccess(_) => KeyStoreError::Locked,
        // The errors that carry data carry the secret itself, so that only the others are quoted.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            KeyStoreError::Missing("the item cannot be read".to_owned())
        }
        other => KeyStoreError::Missing(other.to_string()),
    }
}

/// `keyring` chooses the platform's store once in a process; a Secret Service that was started or
/// restarted later needs a new connection.
#[cfg(all(unix, not(target_os = "macos")))]
fn reconnect() -> keyring_core::Result<()> {
    keyring_core::set_default_store(zbus_secret_service_keyring_store::Store::new()?);
    Ok(())
}

/// Keychain and Credential Manager are always there.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn reconnect() -> keyring_core::Result<()> {
    match keyring::Entry::store_status() {
        Ok(()) => Ok(()),
        Err(_) => Err(Error::NoDefaultStore),
    }
}
