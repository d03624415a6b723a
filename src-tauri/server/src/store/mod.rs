//! Everything an instance remembers, in one SQLite file. No SQL and no connection is seen outside this
//! module, so that another database can take its place. Absent is `Ok(None)`; a compare-and-swap that lost is
//! `Ok(false)`.

mod audit;
mod authorization_codes;
mod clients;
mod consoles;
mod device_grants;
mod instance;
mod lockouts;
mod role_credentials;
mod saml;
mod sessions;
mod tokens;

use std::{
    fmt,
    path::Path,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, types::Type};
use rusqlite_migration::{M, Migrations};

pub use audit::AuditEntry;
pub use authorization_codes::PresentedCode;
pub use clients::Client;
pub use consoles::SigninToken;
pub use role_credentials::{Assumed, IssuedKey};
pub use saml::SamlRequest;
pub use tokens::{NewTokens, Successor};

use crate::secret::Digest;

/// Forward only, numbered by position.
const MIGRATIONS: &[M<'_>] = &[
    M::up(include_str!("schema.sql")),
    M::up(include_str!("saml.sql")),
    M::up(include_str!("assumed_role.sql")),
];

/// The store failed. The text names the operation, never a value, and is whole: logs show it without what is
/// behind it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A statement failed.
    #[error("could not {doing} in the server's database: {cause}")]
    Statement {
        /// What was being done.
        doing: &'static str,
        /// SQLite's words.
        cause: rusqlite::Error,
    },
    /// The file could not be brought to this version's schema.
    #[error("could not prepare the server's database: {cause}")]
    Migration {
        /// The library's words.
        cause: rusqlite_migration::Error,
    },
}

impl StoreError {
    /// What to do about a database that cannot be opened.
    pub fn advice(&self) -> &'static str {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        use rusqlite_migration::{Error, MigrationDefinitionError::DatabaseTooFarAhead};

        let sqlite = match self {
            Self::Statement { cause, .. }
            | Self::Migration { cause: Error::RusqliteError { err: cause, .. } } => cause.sqlite_error_code(),
            Self::Migration { cause: Error::MigrationDefinition(DatabaseTooFarAhead) } => {
                return "a newer version of latchkey-server made it; use that one, or another folder";
            }
            Self::Migration { .. } => None,
        };
        match sqlite {
            Some(DatabaseCorrupt | NotADatabase) => {
                "bring back a copy, or move it away to begin with an empty one (everybody signs in again)"
            }
            _ => "check that its disk has room and that this user may write there",
        }
    }
}

type Result<T> = std::result::Result<T, StoreError>;

/// The instance's database.
pub struct Store(Mutex<Connection>);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(..)")
    }
}

impl Store {
    /// Opens or creates the database file, which takes its permissions from the folder's privacy (0700).
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be opened or brought up to date.
    pub fn open(path: &Path) -> Result<Self> {
        let connection =
            Connection::open(path).map_err(|cause| StoreError::Statement { doing: "open", cause })?;
        Self::prepare(connection)
    }

    /// A store that lives as long as the value.
    #[cfg(test)]
    pub fn in_memory() -> Self {
        let connection = Connection::open_in_memory().expect("SQLite opens a database in memory");
        Self::prepare(connection).expect("the schema is valid")
    }

    /// Leaves the database no room to grow, or gives it back.
    #[cfg(test)]
    pub fn fill(&self, full: bool) {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Less than it has is as much as it has.
        let pages = if full { 1 } else { 1 << 20 };
        connection.pragma_update(None, "max_page_count", pages).expect("the pragma is known");
    }

    fn prepare(mut connection: Connection) -> Result<Self> {
        let set = |connection: &Connection| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.pragma_update(None, "foreign_keys", true)
        };
        set(&connection).map_err(|cause| StoreError::Statement { doing: "set up the connection", cause })?;
        Migrations::from_slice(MIGRATIONS)
            .to_latest(&mut connection)
            .map_err(|cause| StoreError::Migration { cause })?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Forgets what nobody can use any more.
    ///
    /// # Errors
    /// [`StoreError`] if a statement fails.
    pub fn sweep(&self, now: Timestamp) -> Result<()> {
        // A day of grace: an expired thing still gets its proper error, and the clock may be set back.
        let gone = millis(now) - 24 * 60 * 60 * 1000;
        self.write("sweep", |tx| {
            for statement in [
                "DELETE FROM client WHERE ends < ?1",
                "DELETE FROM device_grant WHERE ends < ?1",
                "DELETE FROM authorization_code WHERE ends < ?1",
                "DELETE FROM access_token WHERE ends < ?1",
                "DELETE FROM sign_in_session WHERE ends < ?1",
                "DELETE FROM role_credentials WHERE ends < ?1",
                "DELETE FROM signin_token WHERE ends < ?1",
                "DELETE FROM console_session WHERE ends < ?1",
                "DELETE FROM saml_request WHERE ends < ?1",
                "DELETE FROM saml_seen WHERE ends < ?1",
                "DELETE FROM lockout WHERE last < ?1 AND until < ?1",
            ] {
                tx.execute(statement, [gone])?;
            }
            Ok(())
        })
    }

    fn read<T>(&self, doing: &'static str, f: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f(&connection).map_err(|cause| StoreError::Statement { doing, cause })
    }

    /// One transaction: all of `f` or nothing of it.
    fn write<T>(
        &self,
        doing: &'static str,
        f: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let run = |connection: &mut Connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = f(&tx)?;
            tx.commit()?;
            Ok(value)
        };
        run(&mut connection).map_err(|cause| StoreError::Statement { doing, cause })
    }
}

fn millis(moment: Timestamp) -> i64 {
    moment.as_millisecond()
}

/// A moment column.
fn moment(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    to_moment(row.get(column)?)
}

fn optional_moment(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(to_moment).transpose()
}

fn to_moment(ms: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(ms)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, Box::new(error)))
}

fn digest(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Digest> {
    let bytes: Vec<u8> = row.get(column)?;
    Digest::from_slice(&bytes).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, "not the length of a digest".into())
    })
}

/// Lists of words (scopes, URIs, grant types) are stored joined by spaces, which none of them may contain.
fn words(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get(column)?;
    Ok(text.split_whitespace().map(str::to_owned).collect())
}
