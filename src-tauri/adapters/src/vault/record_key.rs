//! The key of Activity's record chain: an item of its own in the keyring, so that whoever can write the store
//! but not open the keyring cannot make a line that fits.

use super::{
    keyring::{KeyStore, KeyStoreError},
    seal::Key,
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// After the key in the keyring's item: whether a chain was begun with it. A store without one is broken then.
const BEGUN: u8 = 1;

/// Shared by the vault, which reads it, and the store, which seals with it. Empty until the keyring opened.
#[derive(Clone)]
pub struct RecordKey {
    store: Option<Arc<dyn KeyStore>>,
    kept: Arc<RwLock<Option<Kept>>>,
}

struct Kept {
    key: Key,
    begun: bool,
}

impl RecordKey {
    /// A key that is in this place; not read yet.
    #[must_use]
    pub fn in_keyring(store: Arc<dyn KeyStore>) -> Self {
        Self { store: Some(store), kept: Arc::default() }
    }

    /// No key: nothing is sealed.
    #[must_use]
    pub fn none() -> Self {
        Self { store: None, kept: Arc::default() }
    }

    /// Reads it, or makes one where the keyring says that there is none. Blocks.
    pub(crate) fn read(&self) -> Result<(), KeyStoreError> {
        let Some(store) = &self.store else { return Ok(()) };
        if self.read_lock().is_some() {
            return Ok(());
        }
        let found = store.get()?.and_then(|item| {
            let (begun, key) = item.split_last()?;
            Some(Kept { key: Key::from_bytes(key)?, begun: *begun == BEGUN })
        });
        let kept = match found {
            Some(kept) => kept,
            None => {
                let kept = Kept { key: Key::random(), begun: false };
                store.put(&item(&kept))?;
                kept
            }
        };
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(())
    }

    /// The keyring gave it.
    pub(crate) fn is_there(&self) -> bool {
        self.read_lock().is_some()
    }

    /// A chain was begun with it.
    pub(crate) fn begun(&self) -> bool {
        self.read_lock().as_ref().is_some_and(|kept| kept.begun)
    }

    /// Notes in the keyring that a chain was begun, once it is on the disk. Blocks. A keyring that does not
    /// take the note is asked again at the next line.
    pub(crate) fn note_begun(&self) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let (Some(kept), Some(store)) = (kept.as_mut(), &self.store) else { return };
        if !kept.begun {
            kept.begun = true;
            if let Err(error) = store.put(&item(kept)) {
                kept.begun = false;
                tracing::warn!(%error, "the keyring did not note that the record is sealed");
            }
        }
    }

    /// The MAC of these parts for this purpose; `None` without the key.
    pub(crate) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Option<[u8; 32]> {
        let kept = self.read_lock();
        let key = &kept.as_ref()?.key;
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key.bytes()).ok()?;
        for part in [purpose.as_bytes()].iter().chain(parts) {
            // Each with its length, so that no two lists have the same bytes.
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        Some(mac.finalize().into_bytes().into())
    }

    fn read_lock(&self) -> std::sync::RwLockReadGuard<'_, Option<Kept>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn item(kept: &Kept) -> Zeroizing<Vec<u8>> {
    let mut item = Zeroizing::new(Vec::with_capacity(kept.key.bytes().len() + 1));
    item.extend_from_slice(kept.key.bytes());
    item.push(if kept.begun { BEGUN } else { 0 });
    item
}
