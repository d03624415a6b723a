//! The keys in a data folder. Servers of one database have the same ones: the database knows each by a mark that only
//! who has the instance's key can make, and a server with another is refused before it answers anything.

use std::path::Path;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{DataFolder, FolderError, read, write_private};
use crate::{chance::Chance, saml::SigningKey, secret::InstanceKey, store::Store};

pub(super) const INSTANCE_KEY: &str = "instance.key";
const SAML_KEY: &str = "saml.pem";
const AUDIT_KEY: &str = "audit.pem";

fn mark_of(key: &InstanceKey, file: &str, signing: &SigningKey) -> String {
    hex::encode(key.derive("signing key mark 1", &[file, signing.to_pem().expose()]).as_slice())
}

impl DataFolder {
    /// The instance's key, which all servers of a database share; made by the first of them.
    ///
    /// # Errors
    /// [`FolderError::OtherKey`] if the database is another key's, and what [`Self::key`] says.
    pub fn shared_key(&self, store: &Store, chance: &Chance) -> Result<InstanceKey, FolderError> {
        let path = self.path.join(INSTANCE_KEY);
        let other = || FolderError::OtherKey(path.clone());
        let failed = FolderError::Shared;
        let is_begun = store.is_shared() && store.has_audit().map_err(failed)?;
        if is_begun && !path.exists() {
            return Err(other());
        }
        let key = self.key(chance)?;
        if is_begun && store.audit_head(&key).map_err(failed)?.is_none() {
            return Err(other());
        }
        // Of two that begin at the same moment one is too late.
        let mark = hex::encode(key.derive("instance key mark 1", &[]).as_slice());
        if store.is_shared() && !store.claim_key(INSTANCE_KEY, &mark).map_err(failed)? {
            return Err(other());
        }
        Ok(key)
    }

    /// [`Self::saml_key`], which all servers of a database share; made by the first of them.
    ///
    /// # Errors
    /// [`FolderError::OtherSigningKey`] if the others sign with another, and what [`Self::saml_key`] says.
    pub fn shared_saml_key(
        &self,
        store: &Store,
        key: &InstanceKey,
        chance: &Chance,
        now: Timestamp,
    ) -> Result<SigningKey, FolderError> {
        self.everybodys(store, key, SAML_KEY, || self.saml_key(chance, now))
    }

    /// [`Self::audit_key`], which all servers of a database share; made by the first of them.
    ///
    /// # Errors
    /// [`FolderError::OtherSigningKey`] if the others sign with another, and what [`Self::audit_key`] says.
    pub fn shared_audit_key(
        &self,
        store: &Store,
        key: &InstanceKey,
        chance: &Chance,
        now: Timestamp,
    ) -> Result<SigningKey, FolderError> {
        self.everybodys(store, key, AUDIT_KEY, || self.audit_key(chance, now))
    }

    fn everybodys(
        &self,
        store: &Store,
        key: &InstanceKey,
        file: &str,
        read: impl FnOnce() -> Result<SigningKey, FolderError>,
    ) -> Result<SigningKey, FolderError> {
        let path = self.path.join(file);
        let failed = FolderError::Shared;
        if store.is_shared() && !path.exists() && store.key_mark(file).map_err(failed)?.is_some() {
            return Err(FolderError::OtherSigningKey(path));
        }
        let signing = read()?;
        if store.claim_key(file, &mark_of(key, file, &signing)).map_err(failed)? {
            Ok(signing)
        } else {
            Err(FolderError::OtherSigningKey(path))
        }
    }

    /// The signing keys that are here, by their files' names, with the marks that the database knows them by.
    ///
    /// # Errors
    /// [`FolderError`] if a file cannot be read or understood.
    pub fn key_marks(&self, key: &InstanceKey) -> Result<Vec<(&'static str, String)>, FolderError> {
        let mut marks = vec![(SAML_KEY, mark_of(key, SAML_KEY, &self.saml_key_there()?))];
        if let Some(signing) = audit_key_in(&self.path)? {
            marks.push((AUDIT_KEY, mark_of(key, AUDIT_KEY, &signing)));
        }
        Ok(marks)
    }

    /// The instance's key; made on first use.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be read, made or understood.
    pub fn key(&self, chance: &Chance) -> Result<InstanceKey, FolderError> {
        let path = self.path.join(INSTANCE_KEY);
        if let Some(text) = read(&path)? {
            let mut key = Zeroizing::new([0; 32]);
            hex::decode_to_slice(text.trim(), key.as_mut_slice()).map_err(|_| FolderError::Damaged(path))?;
            return Ok(InstanceKey::new(*key));
        }
        let key = Zeroizing::new(chance.key());
        write_private(&path, &format!("{}\n", hex::encode(key.as_slice())))?;
        Ok(InstanceKey::new(*key))
    }

    /// The key that SAML assertions are signed with, and its certificate; made on first use.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be read, made or understood.
    pub fn saml_key(&self, chance: &Chance, now: Timestamp) -> Result<SigningKey, FolderError> {
        let path = self.path.join(SAML_KEY);
        if let Some(text) = read(&path)? {
            return SigningKey::from_pem(&text).ok_or(FolderError::DamagedSamlKey(path));
        }
        let key = SigningKey::make(chance, now).map_err(FolderError::SamlKey)?;
        write_private(&path, key.to_pem().expose())?;
        Ok(key)
    }

    /// As [`Self::saml_key`], which has to be there.
    ///
    /// # Errors
    /// [`FolderError::NoSigningKey`] if it is not, and what [`Self::saml_key`] says.
    pub fn saml_key_there(&self) -> Result<SigningKey, FolderError> {
        let path = self.path.join(SAML_KEY);
        let text = read(&path)?.ok_or_else(|| FolderError::NoSigningKey(path.clone()))?;
        SigningKey::from_pem(&text).ok_or(FolderError::DamagedSamlKey(path))
    }

    /// The key that digests of delivered log files are signed with; made on first use.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be read, made or understood.
    pub fn audit_key(&self, chance: &Chance, now: Timestamp) -> Result<SigningKey, FolderError> {
        if let Some(key) = audit_key_in(&self.path)? {
            return Ok(key);
        }
        let key = SigningKey::make(chance, now).map_err(FolderError::AuditKey)?;
        write_private(&self.path.join(AUDIT_KEY), key.to_pem().expose())?;
        Ok(key)
    }
}

/// The key that digests are signed with, if one was made.
///
/// # Errors
/// [`FolderError`] if the file cannot be read or understood.
pub fn audit_key_in(folder: &Path) -> Result<Option<SigningKey>, FolderError> {
    let path = folder.join(AUDIT_KEY);
    let Some(text) = read(&path)? else { return Ok(None) };
    SigningKey::from_pem(&text).map(Some).ok_or(FolderError::DamagedAuditKey(path))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use std::fs;

    use super::*;
    use crate::audit::keeping;

    /// A folder of a server's and its instance's key.
    struct Server {
        home: tempfile::TempDir,
        folder: DataFolder,
        chance: Chance,
    }

    impl Server {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let folder = DataFolder::open(home.path()).unwrap();
            Self { home, folder, chance: Chance::from_system() }
        }

        fn begin(&self, store: &Store) -> Result<InstanceKey, FolderError> {
            self.folder.shared_key(store, &self.chance)
        }

        fn saml(&self, store: &Store, key: &InstanceKey) -> Result<SigningKey, FolderError> {
            self.folder.shared_saml_key(store, key, &self.chance, Timestamp::UNIX_EPOCH)
        }

        fn audit(&self, store: &Store, key: &InstanceKey) -> Result<SigningKey, FolderError> {
            self.folder.shared_audit_key(store, key, &self.chance, Timestamp::UNIX_EPOCH)
        }

        fn copy(&self, from: &Self, file: &str) {
            fs::copy(from.home.path().join(file), self.home.path().join(file)).unwrap();
        }
    }

    #[test]
    fn servers_of_one_database_have_one_set_of_keys_and_a_server_alone_its_own() {
        let store = Store::in_memory();
        let (first, second) = (Server::new(), Server::new());
        let key = first.begin(&store).unwrap();
        first.saml(&store, &key).unwrap();
        first.audit(&store, &key).unwrap();
        second.copy(&first, INSTANCE_KEY);
        if !store.is_shared() {
            // What is there counts, also when it was put there since.
            second.saml(&store, &key).unwrap();
            first.saml(&store, &key).unwrap();
            return;
        }
        for attempt in ["no key", "another key"] {
            for refused in [second.saml(&store, &key), second.audit(&store, &key)] {
                let error = refused.unwrap_err();
                assert!(matches!(error, FolderError::OtherSigningKey(_)), "{attempt}: {error}");
            }
            second.folder.saml_key(&second.chance, Timestamp::UNIX_EPOCH).unwrap();
            second.folder.audit_key(&second.chance, Timestamp::UNIX_EPOCH).unwrap();
        }
        second.copy(&first, SAML_KEY);
        second.saml(&store, &key).unwrap();
        assert!(second.audit(&store, &key).is_err(), "each for itself");

        let third = Server::new();
        third.copy(&first, INSTANCE_KEY);
        let missing = third.folder.key_marks(&key).unwrap_err();
        assert!(matches!(missing, FolderError::NoSigningKey(_)), "{missing}");
        assert!(!third.home.path().join(SAML_KEY).exists(), "none is made for everybody by the way");
        let marks = second.folder.key_marks(&key).unwrap();
        let entry = crate::store::AuditEntry {
            key: key.clone(),
            ..crate::store::AuditEntry::empty(Timestamp::UNIX_EPOCH)
        };
        store.adopt_keys(&marks, &entry).unwrap();
        second.audit(&store, &key).unwrap();
        assert!(first.audit(&store, &key).is_err(), "it is the other's turn now");
        first.saml(&store, &key).unwrap();
    }

    /// Two that begin an instance at the same moment see an empty database both.
    #[test]
    fn of_two_servers_that_begin_at_once_one_has_the_instances_key() {
        let store = Store::in_memory();
        if !store.is_shared() {
            return;
        }
        let servers = [Server::new(), Server::new()];
        let outcomes = servers.each_ref().map(|server| server.begin(&store));
        let good: Vec<&InstanceKey> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        let [key] = good.as_slice() else { panic!("{outcomes:?}") };
        assert!(matches!(&outcomes[1], Err(FolderError::OtherKey(_))), "{outcomes:?}");
        keeping::begin(&store, key, &servers[0].folder.audit_mark()).unwrap();
        assert!(store.audit_head(key).unwrap().is_some());
    }
}
