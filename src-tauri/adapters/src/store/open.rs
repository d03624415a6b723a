//! Opening the file: permissions, pragmas, migrations, and what to do with one that is damaged.

use super::Problem;
use engine::model::{Timestamp, code::Code};
use rusqlite::{Connection, ErrorCode};
use rusqlite_migration::{M, MigrationDefinitionError, Migrations};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Forward only; a released one is never edited.
fn migrations() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(include_str!("migrations/0001_first.sql")),
        M::up(include_str!("migrations/0002_half_syncs.sql")),
        M::up(include_str!("migrations/0003_apps.sql")),
        M::up(include_str!("migrations/0004_record_chain.sql")),
        M::up(include_str!("migrations/0005_deliveries.sql")),
    ])
}

/// Another program, such as a backup, may hold the file for a moment.
pub(super) const BUSY: Duration = Duration::from_secs(5);

pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) moved_aside: Option<PathBuf>,
}

pub(super) fn open(path: &Path, now: Timestamp) -> Result<Opened, Code> {
    make_private(path).map_err(|e| unusable(path, &e))?;
    match try_open(path) {
        Ok(connection) => Ok(Opened { connection, moved_aside: None }),
        Err(Trouble::Newer) => {
            Err(Code::Store { reason: format!("{} was made by a newer version of Latchkey", path.display()) })
        }
        Err(Trouble::Damaged) => {
            let aside = move_aside(path, now).map_err(|e| unusable(path, &e))?;
            make_private(path).map_err(|e| unusable(path, &e))?;
            match try_open(path) {
                Ok(connection) => Ok(Opened { connection, moved_aside: Some(aside) }),
                Err(trouble) => Err(trouble.code(path)),
            }
        }
        Err(trouble) => Err(trouble.code(path)),
    }
}

enum Trouble {
    Damaged,
    Newer,
    Other(Problem),
    Migration(String),
}

impl Trouble {
    fn code(self, path: &Path) -> Code {
        match self {
            Self::Other(problem) => problem.code(path),
            Self::Migration(reason) => Code::Store { reason },
            Self::Damaged => Code::Store { reason: format!("{} is damaged", path.display()) },
            Self::Newer => Code::Store { reason: format!("{} is newer than this version", path.display()) },
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(e, _)
                if matches!(e.code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) =>
            {
                Self::Damaged
            }
            _ => Self::Other(error.into()),
        }
    }
}

fn try_open(path: &Path) -> Result<Connection, Trouble> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    // FULL: a refresh token that rotated must not be lost to a power cut after the commit.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Deleted sealed rows are overwritten, not just unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    let health: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if health != "ok" {
        return Err(Trouble::Damaged);
    }
    migrations().to_latest(&mut connection).map_err(|error| match error {
        rusqlite_migration::Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
            Trouble::Newer
        }
        rusqlite_migration::Error::RusqliteError { err, .. } => Trouble::from(err),
        other => Trouble::Migration(other.to_string()),
    })?;
    Ok(connection)
}

/// Makes the folder 0700 and the file 0600 before SQLite opens it; its journals get the file's mode.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        crate::home::make_private_dir(dir)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    options.open(path)?;
    Ok(())
}

/// `latchkey.db` becomes `latchkey.db.damaged-1700000000`, with its journals.
fn move_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let named = |suffix: &str, tail: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        name.push(tail);
        PathBuf::from(name)
    };
    let tail = format!(".damaged-{}", now.as_second());
    for journal in ["-wal", "-shm"] {
        match std::fs::rename(named(journal, ""), named(&tail, journal)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    let aside = named(&tail, "");
    std::fs::rename(path, &aside)?;
    Ok(aside)
}

fn unusable(path: &Path, error: &io::Error) -> Code {
    let path = path.display().to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull { path },
        _ => Code::FileNotWritable { path, reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_well_formed() {
        assert_eq!(migrations().validate(), Ok(()));
    }
}
