//! Everything an instance remembers, in one SQLite file. No SQL and no connection is seen outside this
//! module, so that another database can take its place. Absent is `Ok(None)`; a compare-and-swap that lost is
//! `Ok(false)`.
#![allow(clippy::as_conversions, reason = "`params!` makes one type of several values")]

mod access_requests;
mod accounts;
mod administration;
mod administrator_keys;
mod administrators;
mod application_permissions;
mod application_records;
mod application_tokens;
mod applications;
mod assignments;
mod attributes;
mod audit;
mod audit_chain;
mod audit_delivery;
mod audit_index;
mod audit_lookup;
mod authorization_codes;
mod aws_roles;
mod aws_signing_keys;
mod aws_sync;
#[cfg(test)]
mod aws_tests;
mod changes;
mod checkpoints;
mod clients;
mod confirmations;
mod consoles;
mod device_grants;
#[cfg(test)]
mod directory_tests;
mod document;
mod groups;
mod half_sign_ins;
mod identity_records;
mod identity_source;
mod instance;
mod issuing;
mod ldap;
mod lockouts;
mod mfa;
mod native_proofs;
mod native_step_up;
mod native_tickets;
mod newcomers;
mod organisation;
mod password_links;
mod passwords;
mod permission_sets;
mod postgres;
mod radius;
mod role_credentials;
mod roles;
mod saml;
mod saml_certificates;
mod scim;
mod scim_tokens;
mod searches;
mod sessions;
mod sharing;
mod sql;
mod template;
#[cfg(test)]
mod testing;
mod tokens;
mod transfer;
mod trusted_issuers;
mod users;
mod writer;

use std::{
    fmt,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use rusqlite::OpenFlags;
use rusqlite_migration::{M, Migrations};

pub use access_requests::{AccessRequest, NewRequest, RequestKind, RequestStatus, Wanted};
pub use administrator_keys::AdministratorKey;
pub use administrators::Dismissed;
pub use application_permissions::Permission;
pub use application_records::{ApplicationAssignment, ApplicationRecord};
pub use application_tokens::{ApplicationToken, NewApplicationToken, Spent};
pub use assignments::Provisioned;
pub use audit::{AuditEntry, resources_of};
pub use audit_chain::{Break, End, Verdict};
pub use audit_delivery::{DigestFile, LogFile, Record};
pub use audit_lookup::{FoundEvent, Lookup, Position};
pub use authorization_codes::PresentedCode;
pub use aws_roles::{AwsRole, AwsRoleState, WantedRole};
pub use aws_signing_keys::AwsSigningKey;
pub use aws_sync::{Organization, Synced};
pub use changes::{Action, Change, Kind};
pub use clients::Client;
pub use consoles::SigninToken;
pub use document::{Apply, Refused};
pub use half_sign_ins::{Completion, HalfSignIn, NewDevice};
pub use identity_records::{Edited, GroupRecord, Membership, UserRecord};
pub use identity_source::{Affected, ExternalProvider, ExternalSignIn, Proved, SourceChange, SourceKind};
pub use issuing::{Hearing, Kept};
pub use ldap::LdapSource;
pub use mfa::{Context, Used};
pub use native_step_up::StepUp;
pub use native_tickets::Ticket;
pub use newcomers::{FirstPassword, NewMembership, NewUser};
pub use password_links::MailedLink;
pub use passwords::{NewPassword, Password, Renewed};
pub use postgres::Database;
pub use radius::{RadiusChallenge, RadiusSource};
pub use role_credentials::{Assumed, IssuedKey};
pub use saml::SamlRequest;
pub use saml_certificates::SamlCertificate;
pub use scim::{By, MemberChange, Provision, ProvisionedGroup, ProvisionedUser, Wanted as WantedRecords};
pub use scim_tokens::{NoToken, ScimToken};
pub use searches::RequestState;
pub use sessions::{Begun, Replaced};
pub use sharing::{Job, Lead};
pub use template::{NotThere, SetName, Template, TemplateAssignment};
pub use tokens::{NewTokens, Successor};
pub use trusted_issuers::TrustedIssuer;
pub use writer::Revision;

use crate::secret::Digest;
use audit_index::Indexing;
use checkpoints::Checkpoints;
use issuing::Queue;
use sql::{Connection, OptionalExtension, Session};
use writer::{Effect, Writer};

/// Forward only, numbered by position.
const MIGRATIONS: &[M<'_>] = &[
    M::up(include_str!("schema.sql")),
    M::up(include_str!("saml.sql")),
    M::up(include_str!("mfa.sql")),
    M::up(include_str!("passwords.sql")),
    M::up(include_str!("saml_certificates.sql")),
    M::up(include_str!("audit.sql")),
    M::up(include_str!("administrator_keys.sql")),
    M::up(include_str!("audit_delivery.sql")),
    M::up(include_str!("directory.sql")),
    M::up(include_str!("assumed_role.sql")),
    M::up(include_str!("roles.sql")),
    M::up(include_str!("identitystore.sql")),
    M::up(include_str!("administrators.sql")),
    M::up(include_str!("audit_delivery_seal.sql")),
    M::up(include_str!("sign_in.sql")),
    M::up(include_str!("saml_certificates_by_id.sql")),
    M::up(include_str!("organisation_declared.sql")),
    M::up(include_str!("user_search.sql")),
    M::up(include_str!("audit_access_key.sql")),
    M::up(include_str!("native.sql")),
    M::up(include_str!("one_password.sql")),
    M::up(include_str!("confirmations.sql")),
    M::up(include_str!("session_tokens.sql")),
    M::up(include_str!("scim.sql")),
    M::up(include_str!("identity_source.sql")),
    M::up(include_str!("audit_index.sql")),
    M::up(include_str!("user_text.sql")),
    M::up(include_str!("native_families.sql")),
    M::up(include_str!("authenticated.sql")),
    M::up(include_str!("family_ends.sql")),
    M::up(include_str!("ldap.sql")),
    M::up(include_str!("aws_accounts.sql")),
    M::up(include_str!("integrations.sql")),
    M::up(include_str!("ends_and_attention.sql")),
    M::up(include_str!("administration.sql")),
    M::up(include_str!("radius.sql")),
    M::up(include_str!("application_sessions.sql")),
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
        /// The database's words.
        cause: sql::Error,
    },
    /// PostgreSQL could not be brought to this version's schema.
    #[error("could not prepare the server's database: {0}")]
    Schema(postgres::SchemaError),
    /// The file could not be brought to this version's schema.
    #[error("could not prepare the server's database: {cause}")]
    Migration {
        /// The library's words.
        cause: rusqlite_migration::Error,
    },
    /// Not this database but the directory that it says to ask cannot tell.
    #[error("{0}")]
    Directory(String),
}

impl StoreError {
    /// What to do about a database that cannot be opened.
    pub fn advice(&self) -> &'static str {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        use rusqlite_migration::{Error, MigrationDefinitionError::DatabaseTooFarAhead};

        let sqlite = match self {
            Self::Schema(cause) => return cause.advice(),
            Self::Statement { cause: sql::Error::Postgres(_), .. } => {
                return "check that PostgreSQL runs, and the `[database]` of the configuration";
            }
            Self::Statement { cause, .. } => cause.sqlite_code(),
            Self::Migration { cause: Error::RusqliteError { err: cause, .. } } => cause.sqlite_error_code(),
            Self::Migration { cause: Error::MigrationDefinition(DatabaseTooFarAhead) } => {
                return "a newer version of latchkey-server made it; use that one, or another folder";
            }
            Self::Migration { .. } | Self::Directory(_) => None,
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

/// Connections that only read, so that no reader waits for a writer: SQLite's write-ahead log shows each of them
/// what was committed last.
const READERS: usize = 4;
/// How long a statement waits while another process writes.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
/// How long it is told what became of a request for access, in milliseconds: 90 days.
const REQUESTS_KEPT: i64 = 90 * 24 * 60 * 60 * 1000;
/// Of what each connection has read, so much stays in memory: what a search of 100,000 people looks at.
const CACHE_KIB: i64 = 16 * 1024;
/// Statements that each connection keeps ready.
const STATEMENTS: usize = 128;

/// The instance's database. What has a thread of its own ends before what it works with.
pub struct Store {
    /// Begun when it is first needed.
    queue: OnceLock<Queue>,
    /// None for a database in memory.
    afterwards: Option<Arc<Afterwards>>,
    writer: Arc<Writer>,
    /// None for a database in memory, which one connection has to itself.
    readers: Vec<Mutex<Connection>>,
    next: AtomicUsize,
    /// None for SQLite.
    shared: Option<sharing::Shared>,
    turns: Arc<sharing::Turns>,
    /// It ends last.
    #[cfg(test)]
    test: Option<testing::TestDatabase>,
}

/// What is done on threads of their own after changes.
struct Afterwards {
    /// SQLite's.
    checkpoints: Option<Checkpoints>,
    indexing: Indexing,
}

impl Afterwards {
    fn after_a_change(&self) {
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.after_a_change();
        }
        self.indexing.after_a_change();
    }
}

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
        let failed = |cause: rusqlite::Error| StoreError::Statement { doing: "open", cause: cause.into() };
        let connection = rusqlite::Connection::open(path).map_err(failed)?;
        let mut store = Self::prepare(connection)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = || {
            let connection = rusqlite::Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(PATIENCE)?;
            connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            Ok(Connection::Sqlite(connection))
        };
        store.readers = (0..READERS)
            .map(|_| reader().map(Mutex::new))
            .collect::<rusqlite::Result<_>>()
            .map_err(failed)?;
        let afterwards = Checkpoints::begin(path, &store.writer).and_then(|checkpoints| {
            let indexing = Indexing::begin(reader()?, Arc::clone(&store.writer));
            Ok(Arc::new(Afterwards { checkpoints: Some(checkpoints), indexing }))
        });
        store.afterwards = Some(afterwards.map_err(failed)?);
        Ok(store)
    }

    /// Opens a database that other nodes may use, too.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be reached or brought up to date.
    pub fn connect(database: &Database) -> Result<Self> {
        Self::connect_after(database, postgres::migrate)
    }

    fn connect_after(database: &Database, migrate: impl FnOnce(&Session) -> Result<()>) -> Result<Self> {
        let Database(server) = database;
        let session = Session::new(server);
        migrate(&session)?;
        let connection = || Connection::Postgres(Session::new(server));
        let writer = Arc::new(Writer::new(Connection::Postgres(session)));
        let indexing = Indexing::begin(connection(), Arc::clone(&writer));
        Ok(Self {
            queue: OnceLock::new(),
            afterwards: Some(Arc::new(Afterwards { checkpoints: None, indexing })),
            writer,
            readers: (0..READERS).map(|_| Mutex::new(connection())).collect(),
            next: AtomicUsize::new(0),
            shared: Some(sharing::Shared::new(server)),
            turns: Arc::default(),
            #[cfg(test)]
            test: None,
        })
    }

    /// Whether other machines use the database, too.
    pub fn is_shared(&self) -> bool {
        self.writer.is_shared()
    }

    fn prepare(mut connection: rusqlite::Connection) -> Result<Self> {
        let set = |connection: &rusqlite::Connection| {
            connection.busy_timeout(PATIENCE)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.pragma_update(None, "foreign_keys", true)
        };
        set(&connection)
            .map_err(|cause| StoreError::Statement { doing: "set up the connection", cause: cause.into() })?;
        Migrations::from_slice(MIGRATIONS)
            .to_latest(&mut connection)
            .map_err(|cause| StoreError::Migration { cause })?;
        Ok(Self {
            queue: OnceLock::new(),
            afterwards: None,
            writer: Arc::new(Writer::new(Connection::Sqlite(connection))),
            readers: Vec::new(),
            next: AtomicUsize::new(0),
            shared: None,
            turns: Arc::default(),
            #[cfg(test)]
            test: None,
        })
    }

    /// Forgets what nobody can use any more.
    ///
    /// # Errors
    /// [`StoreError`] if a statement fails.
    pub fn sweep(&self, now: Timestamp) -> Result<()> {
        // A day of grace: an expired thing still gets its proper error, and the clock may be set back.
        let gone = millis(now) - 24 * 60 * 60 * 1000;
        self.sweep_owed(now);
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
                "DELETE FROM half_sign_in WHERE ends < ?1",
                "DELETE FROM mfa_context WHERE ends < ?1",
                "DELETE FROM password_link WHERE ends < ?1",
                "DELETE FROM spent_challenge WHERE ends < ?1",
                "DELETE FROM sign_in_ticket WHERE ends < ?1",
                "DELETE FROM step_up WHERE ends < ?1",
                "DELETE FROM confirmation WHERE ends < ?1",
                "DELETE FROM scim_token WHERE ends < ?1",
                "DELETE FROM external_sign_in WHERE ends < ?1",
                "DELETE FROM application_token WHERE ends < ?1",
                "DELETE FROM exchanged_token WHERE ends < ?1",
                "DELETE FROM lockout WHERE last < ?1 AND until < ?1",
            ] {
                tx.execute(statement, [gone])?;
            }
            let settled = "DELETE FROM access_request WHERE status <> 'IN_PROGRESS' AND created < ?1";
            tx.execute(settled, [gone - REQUESTS_KEPT])?;
            Ok(())
        })
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.connection()
    }

    /// A connection to read with: one that is free, or else one of them in its turn.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let Some(turn) = self.next.fetch_add(1, Ordering::Relaxed).checked_rem(self.readers.len()) else {
            return self.writer();
        };
        let (before, from) = self.readers.split_at(turn);
        let free = from.iter().chain(before).find_map(|reader| reader.try_lock().ok());
        free.unwrap_or_else(|| self.readers[turn].lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read<T>(&self, doing: &'static str, f: impl FnOnce(&Connection) -> sql::Result<T>) -> Result<T> {
        let connection = self.reader();
        let read = || {
            let reading = connection.reading()?;
            f(&reading)
        };
        read().map_err(|cause| StoreError::Statement { doing, cause })
    }

    /// One transaction: all of `f` or nothing of it.
    fn write<T>(&self, doing: &'static str, f: impl FnOnce(&Connection) -> sql::Result<T>) -> Result<T> {
        self.attempt(doing, |tx| f(tx).map(|value| (value, true)))
    }

    /// The same for what only adds, and so leaves the [`Revision`] as it is: nothing that
    /// `store/issuing.rs` depends on is taken away or altered.
    fn add<T>(&self, doing: &'static str, f: impl FnOnce(&Connection) -> sql::Result<T>) -> Result<T> {
        self.commit(doing, Effect::Adds, |tx| f(tx).map(|value| (value, true)))
    }

    /// One transaction that is kept or, on `false`, undone.
    fn attempt<T>(
        &self,
        doing: &'static str,
        f: impl FnOnce(&Connection) -> sql::Result<(T, bool)>,
    ) -> Result<T> {
        self.commit(doing, Effect::Alters, f)
    }

    fn commit<T>(
        &self,
        doing: &'static str,
        effect: Effect,
        f: impl FnOnce(&Connection) -> sql::Result<(T, bool)>,
    ) -> Result<T> {
        let outcome = self.writer.attempt(effect, f).map_err(|cause| StoreError::Statement { doing, cause });
        if let Some(afterwards) = &self.afterwards {
            afterwards.after_a_change();
        }
        outcome
    }
}

#[cfg(test)]
thread_local! {
    /// The statements that this thread has read with.
    static SEEN: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// A value that stands in its column as JSON.
fn from_json<T: serde::de::DeserializeOwned>(row: &sql::Row<'_>, column: &str) -> sql::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(sql::Error::conversion)
}

/// The JSON of a value for its column.
fn to_json(value: &impl serde::Serialize) -> sql::Result<String> {
    serde_json::to_string(value).map_err(sql::Error::conversion)
}

/// All rows of a statement that stays prepared.
fn all<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl sql::Params,
    read: impl FnMut(&sql::Row<'_>) -> sql::Result<T>,
) -> sql::Result<Vec<T>> {
    #[cfg(test)]
    SEEN.with_borrow_mut(|seen| seen.push(sql.to_owned()));
    connection.prepare_cached(sql)?.query_map(parameters, read)?.collect()
}

/// The row of a statement that stays prepared, if there is one.
fn one<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl sql::Params,
    read: impl FnOnce(&sql::Row<'_>) -> sql::Result<T>,
) -> sql::Result<Option<T>> {
    #[cfg(test)]
    SEEN.with_borrow_mut(|seen| seen.push(sql.to_owned()));
    connection.prepare_cached(sql)?.query_row(parameters, read).optional()
}

/// How many rows a statement that stays prepared changed.
fn execute(connection: &Connection, sql: &str, parameters: impl sql::Params) -> sql::Result<usize> {
    connection.prepare_cached(sql)?.execute(parameters)
}

fn seconds(row: &sql::Row<'_>, column: &str) -> sql::Result<SignedDuration> {
    row.get(column).map(SignedDuration::from_secs)
}

fn millis(moment: Timestamp) -> i64 {
    moment.as_millisecond()
}

/// A moment column.
fn moment(row: &sql::Row<'_>, column: &str) -> sql::Result<Timestamp> {
    to_moment(row.get(column)?)
}

fn optional_moment(row: &sql::Row<'_>, column: &str) -> sql::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(to_moment).transpose()
}

fn to_moment(ms: i64) -> sql::Result<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(sql::Error::conversion)
}

fn digest(row: &sql::Row<'_>, column: &str) -> sql::Result<Digest> {
    let bytes: Vec<u8> = row.get(column)?;
    Digest::from_slice(&bytes).ok_or_else(|| sql::Error::conversion("not the length of a digest"))
}

/// Lists of words (scopes, URIs, grant types) are stored joined by spaces, which none of them may contain.
fn words(row: &sql::Row<'_>, column: &str) -> sql::Result<Vec<String>> {
    let text: String = row.get(column)?;
    Ok(text.split_whitespace().map(str::to_owned).collect())
}
