//! The folder an instance lives in: private to its user, one server at a time, with the database, the
//! instance's keys, the sandbox's passwords and the port.

mod keys;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{
    chance::Chance,
    secret::{InstanceKey, Token},
    store::{Database, Store, StoreError},
};
use keys::INSTANCE_KEY;
pub use keys::audit_key_in;

const DATABASE: &str = "instance.sqlite";
/// The mark of the audit trail (`audit/keeping.rs`).
pub const AUDIT_MARK: &str = "audit.mark";

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Reading or writing failed.
    #[error("could not {doing} {}: {cause}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// No server lives there.
    #[error("{} has no database of latchkey-server; start it once with `latchkey-server serve`", .0.display())]
    NothingThere(PathBuf),
    /// A file stands where the folder should.
    #[error("{} is a file; name a folder with --data", .0.display())]
    NotAFolder(PathBuf),
    /// Somebody else's folder.
    #[error("{} belongs to another user; choose a folder of your own with --data", .0.display())]
    NotOurs(PathBuf),
    /// In use.
    #[error("another latchkey-server is using {}; stop it or choose another folder", .0.display())]
    InUse(PathBuf),
    /// A file that this server wrote is not as it wrote it.
    #[error("{} is damaged; remove it to have it made again (sign-ins and passwords of this folder change)", .0.display())]
    Damaged(PathBuf),
    /// The signing key of SAML is not as this server wrote it.
    #[error("{} is damaged; bring back a copy, or remove it to have a key made (every application has to be given the new certificate)", .0.display())]
    DamagedSamlKey(PathBuf),
    /// The mark of the audit trail is not as this server wrote it.
    #[error("{} was changed by somebody else or belongs to another key; `latchkey-server audit verify` tells whether the audit trail is whole. To go on without it, move it away and note the day", .0.display())]
    DamagedMark(PathBuf),
    /// The signing key of digests is not as this server wrote it.
    #[error("{} is damaged; bring back a copy, or remove it to have a key made (digests before it are checked with the old one)", .0.display())]
    DamagedAuditKey(PathBuf),
    /// No signing key for digests could be made.
    #[error("could not make a signing key for the audit trail's digests: {0}")]
    AuditKey(rcgen::Error),
    /// No signing key for SAML could be made.
    #[error("could not make a signing key for SAML: {0}")]
    SamlKey(rcgen::Error),
    /// The database that is not in the folder.
    #[error("{0}; {advice}", advice = .0.advice())]
    Shared(StoreError),
    /// Another server of this database has another key.
    #[error("the database belongs to another instance's key than {}: copy `instance.key`, `saml.pem` and `audit.pem` from the data folder of the first server", .0.display())]
    OtherKey(PathBuf),
    /// Another server of this database signs with another key.
    #[error("{} is not the key that the other servers of this database sign with: copy it from the data folder of one of them. To change it for all, put the same new one into each data folder while no server runs, then `latchkey-server adopt-keys`", .0.display())]
    OtherSigningKey(PathBuf),
    /// The key that all servers are to sign with is not where it was looked for.
    #[error("{} is not there: put the key that all servers are to sign with into the data folder first", .0.display())]
    NoSigningKey(PathBuf),
    /// The database.
    #[error("{}: {cause}; {}", path.display(), cause.advice())]
    Database {
        /// Its file.
        path: PathBuf,
        /// What the store said.
        cause: StoreError,
    },
}

/// An opened folder; the lock is held as long as the value lives.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// Held by a server; a guest beside one has none.
    _lock: Option<File>,
    /// In place of its own.
    database: Option<Database>,
}

impl DataFolder {
    /// Makes the folder if need be (mode 0700), makes it private if it is not, and locks it.
    ///
    /// # Errors
    /// [`FolderError`] if it is somebody else's, in use, or cannot be made.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        make_private(path)?;
        let lock_path = path.join("lock");
        let lock = private_options().open(&lock_path).map_err(io_error("open", &lock_path))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => FolderError::InUse(path.to_owned()),
            fs::TryLockError::Error(cause) => io_error("lock", &lock_path)(cause),
        })?;
        Ok(Self { path: path.to_owned(), _lock: Some(lock), database: None })
    }

    /// Opens a server's folder for a command that works beside it: the database takes several writers.
    ///
    /// # Errors
    /// [`FolderError`] if there is none, or it is somebody else's.
    pub fn beside(path: &Path) -> Result<Self, FolderError> {
        let key = path.join(INSTANCE_KEY);
        fs::metadata(&key).map_err(io_error("find a server's data at", &key))?;
        make_private(path)?;
        Ok(Self { path: path.to_owned(), _lock: None, database: None })
    }

    /// Looks into the folder of a server that may be running: nothing is made, nothing is locked.
    ///
    /// # Errors
    /// [`FolderError::NothingThere`] if no server ever started with it.
    pub fn look(path: &Path, shared: Option<Database>) -> Result<(Store, InstanceKey), FolderError> {
        let database = path.join(DATABASE);
        let is_there = shared.is_some() || database.is_file();
        let there = is_there.then(|| read(&path.join(INSTANCE_KEY))).transpose()?.flatten();
        let text = there.ok_or_else(|| FolderError::NothingThere(path.to_owned()))?;
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), key.as_mut_slice())
            .map_err(|_| FolderError::Damaged(path.join(INSTANCE_KEY)))?;
        let folder = Self { path: path.to_owned(), _lock: None, database: shared };
        let store = match &folder.database {
            Some(_) => folder.store()?,
            None => {
                Store::open(&database).map_err(|cause| FolderError::Database { path: database, cause })?
            }
        };
        Ok((store, InstanceKey::new(*key)))
    }

    /// The same folder with a database elsewhere.
    #[must_use]
    pub fn with(self, database: Option<Database>) -> Self {
        Self { database, ..self }
    }

    /// The file that says how far the audit trail reaches.
    pub fn audit_mark(&self) -> PathBuf {
        self.path.join(AUDIT_MARK)
    }

    /// The same, beside a server that may be running in it: the database takes several processes.
    ///
    /// # Errors
    /// [`FolderError`], but not that it is in use.
    pub fn join(path: &Path) -> Result<Self, FolderError> {
        match Self::open(path) {
            Err(FolderError::InUse(path)) => Ok(Self { path, _lock: None, database: None }),
            outcome => outcome,
        }
    }

    /// Opens the database.
    ///
    /// # Errors
    /// [`FolderError::Database`].
    pub fn store(&self) -> Result<Store, FolderError> {
        if let Some(database) = &self.database {
            return Store::connect(database).map_err(FolderError::Shared);
        }
        let path = self.path.join(DATABASE);
        // SQLite gives its side files the permissions of the main one.
        private_options().truncate(false).open(&path).map_err(io_error("open", &path))?;
        Store::open(&path).map_err(|cause| FolderError::Database { path, cause })
    }

    /// The sandbox's passwords by user name; made for users who have none yet.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be read, made or understood.
    pub fn passwords<'u>(
        &self,
        users: impl Iterator<Item = &'u String>,
        chance: &Chance,
    ) -> Result<BTreeMap<String, Token>, FolderError> {
        let path = self.path.join("passwords.json");
        let mut known: BTreeMap<String, String> = match read(&path)? {
            Some(text) => serde_json::from_str(&text).map_err(|_| FolderError::Damaged(path.clone()))?,
            None => BTreeMap::new(),
        };
        let mut passwords = BTreeMap::new();
        let mut added = false;
        for user in users {
            let password = known.remove(user).map(Token::new).unwrap_or_else(|| {
                added = true;
                chance.password()
            });
            passwords.insert(user.clone(), password);
        }
        if added {
            let plain: BTreeMap<&String, &str> =
                passwords.iter().map(|(user, password)| (user, password.expose())).collect();
            let text =
                serde_json::to_string_pretty(&plain).map_err(|_| FolderError::Damaged(path.clone()))?;
            write_private(&path, &text)?;
        }
        Ok(passwords)
    }

    /// The port of last time, if it is known.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be read.
    pub fn port(&self) -> Result<Option<u16>, FolderError> {
        Ok(read(&self.path.join("port"))?.and_then(|text| text.trim().parse().ok()))
    }

    /// Keeps the port for next time.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be written.
    pub fn keep_port(&self, port: u16) -> Result<(), FolderError> {
        write_private(&self.path.join("port"), &format!("{port}\n"))
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |cause| FolderError::Io { doing, path, cause }
}

/// The text of a file of the folder, if it is there.
///
/// # Errors
/// [`FolderError::Io`].
pub fn read(path: &Path) -> Result<Option<Zeroizing<String>>, FolderError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

/// Creates, empties an existing file, readable by this user only.
fn private_options() -> fs::OpenOptions {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whole or not at all, readable by this user only.
///
/// # Errors
/// [`FolderError::Io`].
pub fn write_private(path: &Path, text: &str) -> Result<(), FolderError> {
    // Of this process alone: a command beside the server may write the same file.
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    let write = || {
        let mut file = private_options().open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().map_err(io_error("write", path))
}

#[cfg(unix)]
fn make_private(path: &Path) -> Result<(), FolderError> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => FolderError::NotAFolder(path.to_owned()),
        _ => io_error("make", path)(error),
    })?;
    let known = fs::metadata(path).map_err(io_error("look at", path))?;
    if known.uid() != rustix::process::geteuid().as_raw() {
        return Err(FolderError::NotOurs(path.to_owned()));
    }
    if known.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(io_error("make private", path))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> Result<(), FolderError> {
    fs::create_dir_all(path).map_err(io_error("make", path))
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use jiff::Timestamp;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_folder_and_its_files_are_private_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/sandbox");
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let chance = Chance::from_system();
        let users = ["sam".to_owned(), "kim".to_owned()];
        let (key, password) = {
            let folder = DataFolder::open(&path).unwrap();
            assert!(matches!(DataFolder::open(&path), Err(FolderError::InUse(_))));
            folder.keep_port(4711).unwrap();
            folder.store().unwrap();
            folder.saml_key(&chance, Timestamp::UNIX_EPOCH).unwrap();
            let passwords = folder.passwords(users.iter(), &chance).unwrap();
            (folder.key(&chance).unwrap(), passwords["sam"].expose().to_owned())
        };
        assert_eq!(mode(&path), 0o700);
        for file in ["instance.key", "saml.pem", "passwords.json", "port", "lock", "instance.sqlite"] {
            assert_eq!(mode(&path.join(file)), 0o600, "{file}");
        }
        let again = DataFolder::open(&path).unwrap();
        assert_eq!(again.port().unwrap(), Some(4711));
        assert_eq!(*again.key(&chance).unwrap().derive("x", &[]), *key.derive("x", &[]));
        assert_eq!(again.passwords(users.iter(), &chance).unwrap()["sam"].expose(), password);
    }

    /// What a person reads, from the error and all behind it.
    #[track_caller]
    fn says(error: FolderError, words: &[&str]) {
        let text = format!("{:#}", anyhow::Error::from(error));
        for word in words {
            assert_eq!(text.matches(word).count(), 1, "{word:?} once in: {text}");
        }
    }

    #[test]
    fn a_database_that_is_none_says_which_and_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(home.path()).unwrap();
        let path = home.path().join("instance.sqlite");
        let garbage = "not a database ".repeat(400);
        fs::write(&path, &garbage).unwrap();
        let file = path.display().to_string();
        says(folder.store().unwrap_err(), &[file.as_str(), "file is not a database", "move it away"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), garbage, "nothing is lost");
        fs::remove_file(&path).unwrap();
        drop(folder.store().unwrap());
        rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        says(folder.store().unwrap_err(), &[file.as_str(), "newer version of latchkey-server"]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        says(folder.store().unwrap_err(), &[file.as_str(), "directory"]);
    }

    #[test]
    fn a_file_is_no_folder() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("data");
        fs::write(&path, "").unwrap();
        let file = path.display().to_string();
        says(DataFolder::open(&path).unwrap_err(), &[file.as_str(), "is a file", "--data"]);
        let below = path.join("deeper");
        let file = below.display().to_string();
        says(DataFolder::open(&below).unwrap_err(), &[file.as_str(), "Not a directory"]);
    }

    #[test]
    fn a_damaged_key_is_not_replaced_silently() {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(home.path()).unwrap();
        fs::write(home.path().join(INSTANCE_KEY), "abc").unwrap();
        assert!(matches!(folder.key(&Chance::from_system()), Err(FolderError::Damaged(_))));
        fs::write(home.path().join("saml.pem"), "abc").unwrap();
        let damaged = folder.saml_key(&Chance::from_system(), Timestamp::UNIX_EPOCH);
        assert!(matches!(damaged, Err(FolderError::DamagedSamlKey(_))));
    }
}
