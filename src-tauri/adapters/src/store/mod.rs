//! The store: one SQLite file that the engine's process alone writes. Nothing above sees SQL.
//!
//! Invariant: no secret is in it unsealed; what is committed is on the disk when `commit` returns.

mod chain;
mod open;
mod read;
mod write;

use crate::{urls::AllowedHosts, vault::RecordKey};
use async_trait::async_trait;
use engine::{
    model::{Timestamp, code::Code, history::Entry},
    ports::{HistoryPage, RecordCheck, RecordedAccount, Store, Stored, Write},
};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// How long Activity goes back.
const HISTORY_DAYS: i64 = 90;
/// How long a shown notification is remembered.
const NOTICE_DAYS: i64 = 7;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// [`Store`] in an SQLite file.
pub struct SqliteStore {
    shared: Arc<Shared>,
    record: RecordKey,
}

struct Shared {
    path: PathBuf,
    connection: Mutex<Connection>,
    hosts: Arc<AllowedHosts>,
    moved_aside: Option<PathBuf>,
}

impl SqliteStore {
    /// Opens or makes the file (0600) and brings it to this version's schema. A damaged file is moved
    /// aside and a new one made: everything in it can be had again by signing in. Organisations read from
    /// it are taught to `hosts`.
    ///
    /// # Errors
    /// A file of a newer version is refused ([`Code::Store`]), and one that cannot be opened.
    pub fn open(path: &Path, hosts: Arc<AllowedHosts>, now: Timestamp) -> Result<Self, Code> {
        let open::Opened { connection, moved_aside } = open::open(path, now)?;
        if let Some(aside) = &moved_aside {
            tracing::warn!(aside = %aside.display(), "the store was damaged and moved aside");
        }
        let connection = Mutex::new(connection);
        let shared = Shared { path: path.to_owned(), connection, hosts, moved_aside };
        Ok(Self { shared: Arc::new(shared), record: RecordKey::none() })
    }

    /// Seals the lines of Activity with this key.
    #[must_use]
    pub fn sealing_with(self, record: RecordKey) -> Self {
        Self { record, ..self }
    }

    /// Where the damaged file is now that was found when opening, to be told to the person.
    #[must_use]
    pub fn moved_aside(&self) -> Option<&Path> {
        self.shared.moved_aside.as_deref()
    }

    async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Connection, &Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Code> {
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || {
            let mut connection = shared.connection.lock().unwrap_or_else(PoisonError::into_inner);
            act(&mut connection, &shared).map_err(|problem| problem.code(&shared.path))
        });
        done.await.unwrap_or_else(|e| Err(Code::Internal { what: format!("store: {e}") }))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn load(&self, now: Timestamp) -> Result<Stored, Code> {
        let record = self.record.clone();
        self.blocking(move |connection, shared| {
            // A disk that takes no writes now does not keep anybody from what is on it.
            for tidied in
                [write::note_installation(connection, now), write::forget_old(connection, &record, now)]
            {
                if let Err(error) = tidied {
                    tracing::warn!(%error, "the store could not be tidied up");
                }
            }
            let mut stored = read::everything(connection)?;
            stored.damaged.clone_from(&shared.moved_aside);
            for (org, ..) in &stored.organisations {
                shared.hosts.learn(org);
            }
            Ok(stored)
        })
        .await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), Code> {
        let record = self.record.clone();
        self.blocking(move |connection, shared| {
            let sealing = record.is_there() && writes.iter().any(|w| matches!(w, Write::History(_)));
            let transaction = connection.transaction()?;
            for change in &writes {
                write::apply(&transaction, &record, change)?;
            }
            transaction.commit()?;
            if sealing {
                record.note_begun();
            }
            for change in &writes {
                match change {
                    Write::Organisation(org) => shared.hosts.learn(org),
                    Write::RemoveOrganisation(org) => shared.hosts.forget(org),
                    _ => {}
                }
            }
            Ok(())
        })
        .await
    }

    async fn history(&self, page: HistoryPage) -> Result<Vec<Entry>, Code> {
        self.blocking(move |connection, _| read::history(connection, &page)).await
    }

    async fn recorded_accounts(&self) -> Result<Vec<RecordedAccount>, Code> {
        self.blocking(move |connection, _| read::recorded_accounts(connection)).await
    }

    async fn check_record(&self) -> Result<RecordCheck, Code> {
        let (record, path) = (self.record.clone(), self.shared.path.clone());
        self.blocking(move |connection, _| {
            let transaction = connection.transaction()?;
            chain::catch_up(&transaction, &record)?;
            transaction.commit()?;
            if record.is_there() {
                record.note_begun();
            }
            Ok(())
        })
        .await?;
        let record = self.record.clone();
        // A connection of its own, which sees one moment of the file and holds up nobody who writes.
        let checked = tokio::task::spawn_blocking(move || {
            let check = || -> Result<RecordCheck, Problem> {
                let mut reader = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
                reader.busy_timeout(open::BUSY)?;
                let one_moment = reader.transaction()?;
                chain::check(&one_moment, &record)
            };
            check().map_err(|problem| problem.code(&path))
        });
        checked.await.unwrap_or_else(|e| Err(Code::Internal { what: format!("store: {e}") }))
    }
}

/// What went wrong inside.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    #[error("a value could not be written: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the record's key is not at hand")]
    KeyNeeded,
}

impl Problem {
    fn code(&self, path: &Path) -> Code {
        if matches!(self, Self::KeyNeeded) {
            return Code::KeyringLocked;
        }
        let path = path.display().to_string();
        let sql = match self {
            Self::Sql(rusqlite::Error::SqliteFailure(error, _)) => Some(error.code),
            _ => None,
        };
        match sql {
            Some(ErrorCode::DiskFull) => Code::DiskFull { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Code::FileBusy { path },
            // SQLite calls only ENOSPC a full disk: a quota that is used up is an input/output error.
            Some(
                ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::FileLockingProtocolFailed,
            ) => Code::FileNotWritable { path, reason: self.to_string() },
            _ => Code::Store { reason: self.to_string() },
        }
    }
}

#[cfg(test)]
mod tests;
