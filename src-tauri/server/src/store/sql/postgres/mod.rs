//! A connection to PostgreSQL that comes back by itself, and its transactions.
//!
//! Who changes something holds the one lock that all nodes write under ([`WRITERS`]): changes come one after the other
//! as in SQLite, so that none fails for another's sake, and the audit trail's chain has one end. Who reads sees one
//! state of the database.

mod error;
mod tls;
pub(in crate::store) mod translate;
mod values;
mod wait;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt,
    future::Future,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::{
    Client, Config, NoTls, SimpleQueryMessage, Statement,
    config::{Host, SslMode},
    types::ToSql,
};

pub(in crate::store) use error::Fault;
pub(super) use values::Any;

use super::value::{Bound, Params};
use tls::Tls;
use wait::{driver, send, wait};

type Result<T> = std::result::Result<T, Fault>;

/// Under this number all nodes take turns at writing (`pg_advisory_xact_lock`).
pub(in crate::store) const WRITERS: i64 = 0x4c61_7463_6801;
/// How long a transaction waits for its turn, or for a database that is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// A statement that takes longer is given up, and its connection with it.
const LONGEST: Duration = Duration::from_secs(60);
/// What a transaction begins with that may take as long as it needs, and wait as long for its turn. A connection that is
/// lost ends it all the same.
pub(in crate::store) const UNLIMITED: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                                              SET LOCAL idle_in_transaction_session_timeout = 0";
/// So long it is asked what became of a transaction.
const DOUBT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);
/// Statements that each connection keeps ready.
const STATEMENTS: usize = 512;

/// Where PostgreSQL is, and how it is reached.
pub(in crate::store) struct Server {
    config: Config,
    tls: Option<Tls>,
    /// The last migration that this version has.
    knows: i64,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server(..)")
    }
}

/// Why a database cannot be used as it is named. No part of its URL is in the words.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is no URL of PostgreSQL's.
    #[error("it is no `postgresql://USER:PASSWORD@HOST/DATABASE`")]
    NoUrl,
    /// What crosses a network must be encrypted.
    #[error("the database is on another machine: add `sslmode=require` to its URL")]
    Plain,
    /// The authority's certificates cannot be read.
    #[error("could not read the certificates of its authority: {0}")]
    Authority(String),
}

impl Server {
    /// The server of a URL; its certificate is held against these authorities, or the system's.
    pub(in crate::store) fn at(
        url: &str,
        authorities: Option<&Path>,
    ) -> std::result::Result<Self, AddressError> {
        let mut config: Config = url.parse().map_err(|_| AddressError::NoUrl)?;
        if config.get_hosts().is_empty() || config.get_dbname().is_none() {
            return Err(AddressError::NoUrl);
        }
        let is_here = |host: &Host| match host {
            Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        let is_encrypted = config.get_ssl_mode() == SslMode::Require;
        if !is_encrypted && !config.get_hosts().iter().all(is_here) {
            return Err(AddressError::Plain);
        }
        config
            // Who runs the database sees which server holds what.
            .application_name(format!("latchkey-server {}", std::process::id()))
            .connect_timeout(Duration::from_secs(5))
            .keepalives_idle(Duration::from_secs(10))
            .options(
                // A node that is lost in the middle of a change must not keep the others from theirs.
                "-c lock_timeout=10s -c idle_in_transaction_session_timeout=30s -c statement_timeout=55s \
                 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c jit=off",
            );
        let tls = is_encrypted.then(|| encryption(authorities)).transpose()?;
        Ok(Self { config, tls, knows: crate::store::postgres::known() })
    }

    fn connect(&self) -> Result<Client> {
        let (config, tls) = (self.config.clone(), self.tls.clone());
        let driver = driver()?;
        let connecting = driver.spawn(async move {
            // The connection is driven until its client is dropped.
            Ok::<_, tokio_postgres::Error>(match tls {
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    tokio::spawn(connection);
                    client
                }
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    tokio::spawn(connection);
                    client
                }
            })
        });
        let client = wait(connecting, PATIENCE)?.map_err(|error| Fault::Away(error.to_string()))?;
        client.map_err(Fault::from)
    }
}

fn encryption(authorities: Option<&Path>) -> std::result::Result<Tls, AddressError> {
    let failed = |words: String| AddressError::Authority(words);
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(path) => {
            let read = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
            for certificate in read {
                let certificate = certificate.map_err(|error| failed(error.to_string()))?;
                roots.add(certificate).map_err(|error| failed(error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Tls(Arc::new(config)))
}

/// A connection, while it lasts.
struct Live {
    client: Arc<Client>,
    /// By their text here. They hold for one schema.
    statements: HashMap<String, Statement>,
    schema: String,
}

/// A connection that is made when it is needed, and made again.
pub(in crate::store) struct Session {
    server: Arc<Server>,
    live: RefCell<Option<Live>>,
    /// The number of the transaction that is open and writes.
    writing: RefCell<Option<String>>,
    is_open: Cell<bool>,
}

/// What a transaction begins with.
const STATE: &str = "SELECT value, schema, least FROM revision";

impl Session {
    /// One that is not connected yet.
    pub(in crate::store) fn new(server: &Arc<Server>) -> Self {
        Self {
            server: Arc::clone(server),
            live: RefCell::new(None),
            writing: RefCell::new(None),
            is_open: Cell::new(false),
        }
    }

    /// Whether a transaction is open.
    pub(in crate::store) fn is_open(&self) -> bool {
        self.is_open.get()
    }

    fn lose(&self) {
        self.live.take();
        self.is_open.set(false);
    }

    fn client(&self) -> Result<Arc<Client>> {
        if let Some(live) = &*self.live.borrow()
            && !live.client.is_closed()
        {
            return Ok(Arc::clone(&live.client));
        }
        if self.is_open.get() {
            self.lose();
            return Err(Fault::Away("the connection broke".to_owned()));
        }
        let client = Arc::new(self.server.connect()?);
        let (statements, schema) = (HashMap::new(), String::new());
        self.live.replace(Some(Live { client: Arc::clone(&client), statements, schema }));
        Ok(client)
    }

    /// What it says to something; who does not hear from it is without a connection.
    fn hear<T>(
        &self,
        what: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        self.hear_within(LONGEST, what)
    }

    fn hear_within<T>(
        &self,
        longest: Duration,
        what: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        let heard = wait(what, longest).and_then(|heard| heard.map_err(Fault::from));
        heard.inspect_err(|fault| {
            if fault.is_away() {
                self.lose();
            }
        })
    }

    /// Runs statements without parameters: the values of the rows they give, as text.
    pub(in crate::store) fn batch(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        self.batch_within(LONGEST, sql)
    }

    /// The same for as long as it takes, such as an index on millions of rows. What the database itself gives it is said
    /// there ([`UNLIMITED`]).
    pub(in crate::store) fn batch_patiently(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        self.batch_within(Duration::MAX, sql)
    }

    fn batch_within(&self, longest: Duration, sql: &str) -> Result<Vec<Vec<String>>> {
        let client = self.client()?;
        let said = self.hear_within(longest, client.simple_query(sql))?;
        let rows = said.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows
            .map(|row| (0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect())
            .collect())
    }

    /// Waits for a database that begins only now.
    pub(in crate::store) fn reach(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            match self.client() {
                Err(fault) if fault.is_away() && begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
                outcome => return outcome.map(drop),
            }
        }
    }

    /// Begins a transaction, on another connection if there is none any more: its state's revision.
    fn begin(&self, sql: &str) -> Result<i64> {
        let begun = Instant::now();
        let rows = loop {
            match self.batch(sql) {
                Err(fault) if fault.is_away() && begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
                Err(fault) => {
                    self.undo();
                    return Err(fault);
                }
                Ok(rows) => break rows,
            }
        };
        self.is_open.set(true);
        let state = rows.iter().rev().find(|row| row.len() >= 3);
        let Some([revision, schema, least, rest @ ..]) = state.map(Vec::as_slice) else {
            self.undo();
            return Err(Fault::Away("it has no schema".to_owned()));
        };
        if least.parse().is_ok_and(|least: i64| least > self.server.knows) {
            self.undo();
            return Err(Fault::Outdated);
        }
        self.writing.replace(rest.first().cloned());
        if let Some(live) = &mut *self.live.borrow_mut()
            && live.schema != *schema
        {
            // Another version's node has changed what statements give.
            live.statements.clear();
            live.schema.clone_from(schema);
        }
        revision.parse().map_err(|_| Fault::Away("it has no revision".to_owned()))
    }

    /// Begins to read one state of the database.
    pub(in crate::store) fn begin_reading(&self) -> Result<i64> {
        self.begin(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {STATE}"))
    }

    /// Begins to change something, in turn.
    pub(in crate::store) fn begin_writing(&self) -> Result<i64> {
        // Each statement sees what was committed last: before its turn that would be too old.
        self.begin(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock({WRITERS}); \
             SELECT value, schema, least, pg_current_xact_id()::text FROM revision"
        ))
    }

    /// Ends reading; nobody waits for that.
    pub(in crate::store) fn end_reading(&self) {
        if self.is_open.replace(false)
            && let Some(live) = &*self.live.borrow()
        {
            send(live.client.batch_execute("ROLLBACK"));
        }
    }

    /// Ends the connection, and all that it holds; nobody waits for that.
    pub(in crate::store) fn leave(&self) {
        if let Some(live) = self.live.take() {
            send(live.client.batch_execute("SELECT pg_advisory_unlock_all()"));
        }
    }

    /// Undoes what is open.
    pub(in crate::store) fn undo(&self) {
        if self.live.borrow().is_some() && self.batch("ROLLBACK").is_err() {
            self.live.take();
        }
        self.is_open.set(false);
    }

    /// Keeps what is open, and says that it altered something if it did. Where the connection breaks meanwhile it is
    /// asked on another what became of it.
    pub(in crate::store) fn commit(&self, alters: bool) -> Result<()> {
        // The first one fails where a statement before it has: a commit would undo everything and not say so.
        let first = if alters { "UPDATE revision SET value = value + 1" } else { "SELECT 1" };
        let outcome = self.batch(&format!("{first}; COMMIT"));
        match outcome {
            Ok(_) => {
                self.is_open.set(false);
                Ok(())
            }
            Err(fault) if fault.is_away() => {
                self.lose();
                match self.writing.take() {
                    Some(number) => self.became(&number, fault),
                    None => Err(fault),
                }
            }
            Err(fault) => {
                self.undo();
                Err(fault)
            }
        }
    }

    /// What became of a transaction whose commit was not heard of.
    fn became(&self, number: &str, fault: Fault) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < DOUBT {
            // Only digits came from there.
            let number: String = number.chars().filter(char::is_ascii_digit).collect();
            let asked = self.batch(&format!("SELECT pg_xact_status('{number}'::xid8)"));
            let status = asked.ok().and_then(|rows| rows.into_iter().flatten().next());
            match status.as_deref() {
                Some("committed") => return Ok(()),
                Some("aborted") => return Err(fault),
                _ => thread::sleep(PAUSE),
            }
        }
        Err(Fault::Unknown)
    }

    fn prepared(&self, sql: &str) -> Result<(Arc<Client>, Statement)> {
        let client = self.client()?;
        if let Some(live) = &*self.live.borrow()
            && let Some(statement) = live.statements.get(sql)
        {
            return Ok((client, statement.clone()));
        }
        let statement = self.hear(client.prepare(&translate::translate(sql)))?;
        if let Some(live) = &mut *self.live.borrow_mut() {
            if live.statements.len() >= STATEMENTS {
                live.statements.clear();
            }
            live.statements.insert(sql.to_owned(), statement.clone());
        }
        Ok((client, statement))
    }

    /// How many rows a statement changed.
    pub(in crate::store) fn execute(&self, sql: &str, parameters: &impl Params) -> Result<usize> {
        let (client, statement) = self.prepared(sql)?;
        let values: Vec<Bound<'_>> = parameters.bound().collect();
        let changed = self.hear(client.execute(&statement, &borrowed(&values)))?;
        Ok(counted(changed))
    }

    /// How many rows a statement changed with each of these parameters, which may not depend on each other. They are on
    /// their way together: a hundred take one round trip.
    pub(in crate::store) fn execute_each(&self, sql: &str, all: &[impl Params]) -> Result<Vec<usize>> {
        let (client, statement) = self.prepared(sql)?;
        let values: Vec<Vec<Bound<'_>>> = all.iter().map(|parameters| parameters.bound().collect()).collect();
        let values: Vec<_> = values.iter().map(|values| borrowed(values)).collect();
        let sent = try_join_all(values.iter().map(|values| client.execute(&statement, values)));
        Ok(self.hear(sent)?.into_iter().map(counted).collect())
    }

    /// The rows of a statement.
    pub(in crate::store) fn query(
        &self,
        sql: &str,
        parameters: &impl Params,
    ) -> Result<Vec<tokio_postgres::Row>> {
        let (client, statement) = self.prepared(sql)?;
        let values: Vec<Bound<'_>> = parameters.bound().collect();
        self.hear(client.query(&statement, &borrowed(&values)))
    }
}

fn counted(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

fn borrowed<'v>(values: &'v [Bound<'v>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect()
}

#[cfg(test)]
impl Server {
    /// The same as a version would have it whose last migration was this one.
    pub(in crate::store) fn knowing(self, last: i64) -> Self {
        Self { knows: last, ..self }
    }

    /// The same with limits that are soon reached.
    pub(in crate::store) fn hurried(mut self) -> Self {
        self.config.options("-c lock_timeout=200ms -c statement_timeout=300ms");
        self
    }
}
