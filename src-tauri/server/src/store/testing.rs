//! Databases for tests: in SQLite's memory; or, with `LATCHKEY_TEST_DATABASE=postgres`, one of their own in a PostgreSQL
//! that the first of them starts and that ends with the process.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    Store,
    postgres::{Database, migrate},
    sql::{Connection, Server, Session, postgres::translate::translate},
};

/// A statement of a test's in PostgreSQL's words.
pub(super) fn in_postgres(sql: &str) -> String {
    let changed = [
        ("zeroblob(32)", "decode(repeat('00', 32), 'hex')"),
        (" x'", " '\\x"),
        ("PRAGMA defer_foreign_keys = on;", ""),
        (
            "json_set(event, '$.eventName', 'Other')",
            "jsonb_set(event::jsonb, '{eventName}', '\"Other\"')::text",
        ),
        (
            "json_set(event, '$.additionalEventData.UserName', 'eve')",
            "jsonb_set(event::jsonb, '{additionalEventData,UserName}', '\"eve\"')::text",
        ),
    ];
    translate(&changed.into_iter().fold(sql.to_owned(), |sql, (from, to)| sql.replace(from, to)))
}

/// Whether tests run on PostgreSQL.
pub(super) fn is_postgres() -> bool {
    std::env::var_os("LATCHKEY_TEST_DATABASE").is_some_and(|name| name == "postgres")
}

struct Cluster {
    folder: PathBuf,
    /// Who makes and drops databases.
    owner: Mutex<Session>,
    /// It runs until its input ends.
    _process: Child,
}

/// The database that each begins as.
const TEMPLATE: &str = "template_latchkey";

impl Cluster {
    fn get() -> &'static Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("latchkey-postgres-{}", std::process::id()));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/support/sh/postgres.sh");
        let mut child = Command::new(script)
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("postgres.sh starts");
        let mut said = String::new();
        let output = child.stdout.take().expect("it has an output");
        BufReader::new(output).read_line(&mut said).expect("it says something");
        assert_eq!(said.trim(), "ready", "PostgreSQL starts");
        let owner = session(&folder, "postgres");
        owner.batch(&format!("CREATE DATABASE {TEMPLATE}")).expect("a database can be made");
        migrate(&session(&folder, TEMPLATE)).expect("the schema is valid");
        Self { folder, owner: Mutex::new(owner), _process: child }
    }

    fn run(&self, sql: &str) {
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        owner.batch(sql).expect("a database can be made and dropped");
    }
}

fn url(folder: &std::path::Path, name: &str) -> String {
    format!("postgresql://latchkey@{}/{name}", folder.display().to_string().replace('/', "%2F"))
}

fn server(folder: &std::path::Path, name: &str) -> Server {
    Server::at(&url(folder, name), None).expect("it is a URL")
}

fn session(folder: &std::path::Path, name: &str) -> Session {
    Session::new(&Arc::new(server(folder, name)))
}

/// A database of a test's own; it ends with the value.
pub(super) struct TestDatabase(String);

impl TestDatabase {
    /// One with this version's schema and nothing in it.
    pub(super) fn new() -> Self {
        Self::from(&format!("{TEMPLATE} STRATEGY file_copy"))
    }

    /// One without a schema.
    pub(super) fn without_schema() -> Self {
        Self::from("template0")
    }

    fn from(template: &str) -> Self {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", LAST.fetch_add(1, Ordering::Relaxed));
        Cluster::get().run(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self(name)
    }

    /// A connection to it with limits that are soon reached.
    pub(super) fn hurried(&self) -> Session {
        let server = Server::at(&url(&Cluster::get().folder, &self.0), None).expect("it is a URL");
        Session::new(&Arc::new(server.hurried()))
    }

    /// How it is reached.
    pub(super) fn database(&self) -> Database {
        Database(Arc::new(server(&Cluster::get().folder, &self.0)))
    }

    /// How a version reaches it whose last migration is that one.
    pub(super) fn database_of(&self, last: i64) -> Database {
        Database(Arc::new(server(&Cluster::get().folder, &self.0).knowing(last)))
    }

    /// A connection to it.
    pub(super) fn session(&self) -> Session {
        session(&Cluster::get().folder, &self.0)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        Cluster::get().run(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.0));
    }
}

impl Store {
    /// A store that lives as long as the value.
    pub fn in_memory() -> Self {
        if is_postgres() {
            return Self::on_postgres();
        }
        let connection = rusqlite::Connection::open_in_memory().expect("SQLite opens a database in memory");
        Self::prepare(connection).expect("the schema is valid")
    }

    /// One in PostgreSQL.
    pub(super) fn on_postgres() -> Self {
        let test = TestDatabase::new();
        let mut store = Self::connect(&test.database()).expect("the database can be reached");
        // Tests say themselves when events are taken into the index, as in memory.
        store.afterwards = None;
        store.test = Some(test);
        store
    }

    /// The steps of all statements with which `work` reads, as SQLite plans them.
    pub fn plans(&self, work: impl FnOnce()) -> Vec<String> {
        super::SEEN.take();
        work();
        let writer = self.writer();
        let seen = super::SEEN.take();
        let Connection::Sqlite(connection) = &*writer else { return Vec::new() };
        let steps = seen.iter().flat_map(|sql| {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("it ran before");
            // Plans do not depend on the values.
            let unbound = vec![rusqlite::types::Null; plan.parameter_count()];
            let steps = plan.query_map(rusqlite::params_from_iter(unbound), |row| row.get::<_, String>(3));
            steps.expect("a plan is a table").collect::<rusqlite::Result<Vec<_>>>().expect("of text")
        });
        steps.collect()
    }

    /// Leaves the database no room to grow, or gives it back.
    pub fn fill(&self, full: bool) {
        let writer = self.writer();
        match &*writer {
            Connection::Sqlite(connection) => {
                // Less than it has is as much as it has.
                let pages = if full { 1 } else { 1 << 20 };
                connection.pragma_update(None, "max_page_count", pages).expect("the pragma is known");
            }
            Connection::Postgres(session) => {
                // What a full disk says there.
                let sql = if full {
                    "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
                     $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$;
                     DO $$ DECLARE t text; BEGIN
                         FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                             EXECUTE format('CREATE TRIGGER full_disk BEFORE INSERT ON %I
                                             EXECUTE FUNCTION full_disk()', t);
                         END LOOP; END $$"
                } else {
                    "DROP FUNCTION IF EXISTS full_disk() CASCADE"
                };
                session.batch(sql).expect("triggers can be made");
            }
        }
    }
}
