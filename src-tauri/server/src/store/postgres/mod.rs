//! The schema in PostgreSQL: forward only, under the lock that all nodes write under, each migration once. Servers of
//! the version before go on with what a migration that says so has made; they look at its number with each transaction.

use std::{fmt, path::Path, sync::Arc};

use super::{
    Result, StoreError,
    sql::{AddressError, Fault, Server, Session, UNLIMITED, WRITERS},
};

/// A step of the schema. Its number is that of SQLite's which does the same.
#[derive(Clone, Copy)]
struct Migration {
    number: i64,
    /// The last one that a server must know to go on with the schema as this one makes it.
    least: i64,
    sql: &'static str,
}

/// Forward only. The first one is all that came before there was PostgreSQL.
const MIGRATIONS: &[Migration] = &[
    Migration { number: 27, least: 27, sql: include_str!("baseline.sql") },
    Migration { number: 30, least: 27, sql: include_str!("sign_ins.sql") },
    Migration { number: 31, least: 27, sql: include_str!("ldap.sql") },
    Migration { number: 32, least: 27, sql: include_str!("aws_accounts.sql") },
    Migration { number: 33, least: 27, sql: include_str!("integrations.sql") },
    Migration { number: 34, least: 27, sql: include_str!("../ends_and_attention.sql") },
    Migration { number: 35, least: 27, sql: include_str!("administration.sql") },
    Migration { number: 36, least: 27, sql: include_str!("radius.sql") },
    Migration { number: 37, least: 27, sql: include_str!("application_sessions.sql") },
];

/// The number of the last migration that this version has.
pub(super) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |last| last.number)
}

/// A database of PostgreSQL's, as the configuration names it.
pub struct Database(pub(super) Arc<Server>);

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database(..)")
    }
}

impl Database {
    /// The database at a URL (`postgresql://USER:PASSWORD@HOST/DATABASE`); its server's certificate is held against
    /// the authorities in that file, or the system's.
    ///
    /// # Errors
    /// [`AddressError`], without the URL.
    pub fn at(url: &str, authorities: Option<&Path>) -> std::result::Result<Self, AddressError> {
        Ok(Self(Arc::new(Server::at(url, authorities)?)))
    }
}

/// Why the schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A statement failed.
    #[error(transparent)]
    Database(Fault),
    /// A newer version made it.
    #[error("a newer version of latchkey-server made its schema ({0})")]
    Ahead(i64),
    /// Text would be kept in another encoding.
    #[error("its encoding is not UTF-8")]
    Encoding,
}

impl SchemaError {
    /// What to do about it.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Database(Fault::Tls(_)) => {
                "check `ca_file` and the host in the `url` of `[database]`: its certificate must be for that name"
            }
            // Invalid authorization (SQLSTATE class 28).
            Self::Database(Fault::Refused { code, .. }) if code.starts_with("28") => {
                "check the user in the `url` of `[database]`, its `password_file`, and PostgreSQL's pg_hba.conf"
            }
            Self::Database(Fault::Refused { .. }) => {
                "the database's owner must be able to make tables and the extension pg_trgm in it"
            }
            Self::Database(_) => "check that PostgreSQL runs, and the `[database]` of the configuration",
            Self::Ahead(_) => "start a version that is not older than the other nodes'",
            Self::Encoding => "make the database with ENCODING 'UTF8' TEMPLATE template0",
        }
    }
}

impl From<SchemaError> for StoreError {
    fn from(error: SchemaError) -> Self {
        Self::Schema(error)
    }
}

/// Brings the schema to this version, if it is not there yet.
pub(super) fn migrate(session: &Session) -> Result<()> {
    migrate_by(session, MIGRATIONS)
}

fn migrate_by(session: &Session, migrations: &[Migration]) -> Result<()> {
    let migrated = run(session, migrations);
    if migrated.is_err() {
        session.undo();
    }
    migrated.map_err(StoreError::from)
}

fn run(session: &Session, migrations: &[Migration]) -> std::result::Result<(), SchemaError> {
    let ask = |sql: &str| session.batch_patiently(sql).map_err(SchemaError::Database);
    session.reach().map_err(SchemaError::Database)?;
    let encoding = ask("SHOW server_encoding")?;
    if encoding.concat().concat() != "UTF8" {
        return Err(SchemaError::Encoding);
    }
    // Whoever starts while another one's index is made waits for it.
    ask(&format!("BEGIN; {UNLIMITED}; SELECT pg_advisory_xact_lock({WRITERS})"))?;
    let there = ask("SELECT to_regclass('revision') IS NOT NULL")?.concat().concat() == "t";
    let known = migrations.last().map_or(0, |last| last.number);
    let mut at = 0;
    if there {
        let state = ask("SELECT schema, least FROM revision")?.concat();
        let number = |text: Option<&String>| text.and_then(|text| text.parse().ok()).unwrap_or(i64::MAX);
        let least = number(state.get(1));
        if least > known {
            return Err(SchemaError::Ahead(least));
        }
        at = number(state.first());
    }
    for Migration { number, least, sql } in migrations.iter().filter(|step| step.number > at) {
        ask(sql)?;
        ask(&format!("UPDATE revision SET schema = {number}, least = {least}, value = value + 1"))?;
    }
    ask("COMMIT").map(drop)
}

#[cfg(test)]
mod tests;
