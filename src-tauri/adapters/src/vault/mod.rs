//! The vault: a random 32-byte key in the OS keyring, and what is sealed under it.
//!
//! Invariant: the key never leaves memory but to the keyring, and a keyring that is merely locked is
//! never given a second key.

mod keyring;
mod record;
mod record_key;
mod seal;

pub use keyring::{KeyStore, KeyStoreError, OsKeyring};
pub use record_key::RecordKey;

use async_trait::async_trait;
use engine::{
    model::{code::Code, ids::OrgId},
    ports::{Keyring, Sealable, SealedRow, Vault},
};
use seal::{Key, Label};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// A keyring that asks the person for its password may take this long; afterwards it counts as locked
/// and "try again" is the person's.
const PATIENCE: Duration = Duration::from_secs(45);

/// [`Vault`] over a place for one key.
pub struct SealingVault {
    store: Arc<dyn KeyStore>,
    keys: RwLock<Keys>,
    record: RecordKey,
}

struct Keys {
    /// From the keyring.
    kept: Option<Key>,
    /// For a process without a keyring; also opens what was sealed before the keyring came.
    memory: Key,
    /// Why there is no key from the keyring.
    missing: Code,
}

impl SealingVault {
    /// A vault that has not asked for its key yet.
    #[must_use]
    pub fn new(store: Arc<dyn KeyStore>) -> Self {
        let missing = Code::KeyringMissing { reason: "not opened yet".to_owned() };
        let keys = RwLock::new(Keys { kept: None, memory: Key::random(), missing });
        Self { store, keys, record: RecordKey::none() }
    }

    /// Reads the record's key, too, when it opens.
    #[must_use]
    pub fn with_record(self, record: RecordKey) -> Self {
        Self { record, ..self }
    }

    fn memory_only(&self, why: Code) -> Keyring {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.kept.is_some() {
            // The key is known; that the keyring was locked since changes nothing for this process.
            return Keyring::Ready;
        }
        keys.missing = why.clone();
        Keyring::MemoryOnly(why)
    }
}

#[async_trait]
impl Vault for SealingVault {
    async fn open(&self) -> Keyring {
        let (store, record) = (Arc::clone(&self.store), self.record.clone());
        let (done, answer) = tokio::sync::oneshot::channel();
        // A thread of its own: a keyring that waits for its password must not hold up the end of the
        // process, as a runtime's blocking thread would.
        let started = std::thread::Builder::new().name("keyring".into()).spawn(move || {
            let key = keyring::read_or_make(store.as_ref());
            // Without it Activity is written all the same, only not sealed.
            if key.is_ok()
                && let Err(error) = record.read()
            {
                tracing::warn!(%error, "the keyring did not give the record's key");
            }
            let _gone = done.send(key);
        });
        if let Err(e) = started {
            return self.memory_only(Code::KeyringMissing { reason: e.to_string() });
        }
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(Ok(key))) => {
                self.keys.write().unwrap_or_else(PoisonError::into_inner).kept = Some(key);
                Keyring::Ready
            }
            Ok(Ok(Err(KeyStoreError::Locked))) | Err(_) => self.memory_only(Code::KeyringLocked),
            Ok(Ok(Err(KeyStoreError::Missing(reason)))) => self.memory_only(Code::KeyringMissing { reason }),
            Ok(Err(_)) => self.memory_only(Code::KeyringMissing { reason: "it failed".to_owned() }),
        }
    }

    fn seal(&self, org: &OrgId, user: &str, name: &str, secret: &Sealable) -> Result<SealedRow, Code> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.kept.as_ref().unwrap_or(&keys.memory);
        let kind = record::kind(secret);
        let plain = record::to_bytes(secret)?;
        let sealed = key.seal(&Label { org: org.as_str(), user, kind: kind.as_str(), name }, &plain)?;
        Ok(SealedRow { org: org.clone(), user: user.to_owned(), kind, name: name.to_owned(), sealed })
    }

    fn unseal(&self, row: &SealedRow) -> Result<Sealable, Code> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let label =
            Label { org: row.org.as_str(), user: &row.user, kind: row.kind.as_str(), name: &row.name };
        let plain = keys.kept.iter().chain([&keys.memory]).find_map(|key| key.unseal(&label, &row.sealed));
        match (plain, &keys.kept) {
            (Some(plain), _) => record::from_bytes(row.kind, &plain),
            // Without the keyring's key nobody can say that the seal is broken.
            (None, None) => Err(keys.missing.clone()),
            (None, Some(_)) => Err(Code::SealBroken),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use engine::{
        model::{Timestamp, secret::TokenSet},
        ports::SealKind,
    };
    use secrecy::ExposeSecret;
    use std::sync::Mutex;
    use zeroize::Zeroizing;

    /// A keyring whose lock the test turns.
    #[derive(Default)]
    struct Drawer {
        key: Mutex<Option<Vec<u8>>>,
        locked: Mutex<bool>,
        written: Mutex<u32>,
    }

    impl KeyStore for Drawer {
        fn get(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeyStoreError> {
            if *self.locked.lock().unwrap() {
                return Err(KeyStoreError::Locked);
            }
            Ok(self.key.lock().unwrap().clone().map(Zeroizing::new))
        }
        fn put(&self, key: &[u8]) -> Result<(), KeyStoreError> {
            *self.written.lock().unwrap() += 1;
            *self.key.lock().unwrap() = Some(key.to_vec());
            Ok(())
        }
    }

    fn tokens() -> Sealable {
        Sealable::Tokens(TokenSet {
            access_token: "planted-access".into(),
            issued: Timestamp::from_second(1_799_996_400).unwrap(),
            expires: Timestamp::from_second(1_800_000_000).unwrap(),
            refresh_token: Some("planted-refresh".into()),
        })
    }

    fn access(sealable: Sealable) -> String {
        let Sealable::Tokens(tokens) = sealable else { panic!("not tokens") };
        tokens.access_token.expose_secret().to_owned()
    }

    #[tokio::test]
    async fn what_is_sealed_opens_again_in_the_next_process() {
        let drawer = Arc::new(Drawer::default());
        let vault = SealingVault::new(drawer.clone());
        assert_eq!(vault.open().await, Keyring::Ready);
        let org = OrgId::new("o1");
        let row = vault.seal(&org, "sam", "", &tokens()).unwrap();
        assert!(!row.sealed.windows(7).any(|w| w == b"planted"), "the row must not hold the secret");
        let next = SealingVault::new(drawer.clone());
        assert_eq!(next.open().await, Keyring::Ready);
        assert_eq!(access(next.unseal(&row).unwrap()), "planted-access");
        assert_eq!(*drawer.written.lock().unwrap(), 1, "one key for good");
    }

    #[tokio::test]
    async fn a_row_moved_elsewhere_or_changed_is_broken() {
        let vault = SealingVault::new(Arc::new(Drawer::default()));
        vault.open().await;
        let row = vault.seal(&OrgId::new("o1"), "sam", "x", &tokens()).unwrap();
        let mut flipped = row.sealed.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for (what, moved) in [
            ("org", SealedRow { org: OrgId::new("o2"), ..row.clone() }),
            ("user", SealedRow { user: "kim".into(), ..row.clone() }),
            ("kind", SealedRow { kind: SealKind::Client, ..row.clone() }),
            ("name", SealedRow { name: "y".into(), ..row.clone() }),
            ("border", SealedRow { user: "samx".into(), name: String::new(), ..row.clone() }),
            ("byte", SealedRow { sealed: flipped, ..row.clone() }),
            ("short", SealedRow { sealed: vec![1; 10], ..row.clone() }),
            ("empty", SealedRow { sealed: vec![], ..row.clone() }),
        ] {
            assert_eq!(vault.unseal(&moved).unwrap_err(), Code::SealBroken, "{what}");
        }
        assert!(vault.unseal(&row).is_ok());
    }

    #[tokio::test]
    async fn a_locked_keyring_keeps_its_key_and_the_process_works_in_memory() {
        let drawer = Arc::new(Drawer::default());
        let org = OrgId::new("o1");
        let before = SealingVault::new(drawer.clone());
        before.open().await;
        let stored = before.seal(&org, "sam", "", &tokens()).unwrap();

        *drawer.locked.lock().unwrap() = true;
        let vault = SealingVault::new(drawer.clone());
        assert_eq!(vault.open().await, Keyring::MemoryOnly(Code::KeyringLocked));
        assert_eq!(vault.unseal(&stored).unwrap_err(), Code::KeyringLocked, "locked is not broken");
        let in_memory = vault.seal(&org, "sam", "", &tokens()).unwrap();
        assert!(vault.unseal(&in_memory).is_ok());

        *drawer.locked.lock().unwrap() = false;
        assert_eq!(vault.open().await, Keyring::Ready);
        assert!(vault.unseal(&stored).is_ok() && vault.unseal(&in_memory).is_ok());
        assert_eq!(*drawer.written.lock().unwrap(), 1, "no second key was made");
    }

    #[tokio::test]
    async fn a_lost_key_breaks_the_seal_and_a_new_one_is_made() {
        let drawer = Arc::new(Drawer::default());
        let vault = SealingVault::new(drawer.clone());
        vault.open().await;
        let row = vault.seal(&OrgId::new("o1"), "", "", &tokens()).unwrap();
        *drawer.key.lock().unwrap() = None;
        let vault = SealingVault::new(drawer.clone());
        assert_eq!(vault.open().await, Keyring::Ready);
        assert_eq!(vault.unseal(&row).unwrap_err(), Code::SealBroken);
    }
}
