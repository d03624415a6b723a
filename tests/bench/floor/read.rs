//! An axum handler that does one indexed read of SQLite and answers with what it found as JSON. The blocking read is
//! moved off the threads that serve connections, as the documentation of tokio and axum asks for.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde_json::{Value, json};

/// As many as the server reads with.
const READERS: usize = 4;

type Readers = Arc<Vec<Mutex<Connection>>>;

/// Makes the table, says the address, and serves until the input ends.
pub fn serve(database: &str) -> Result<()> {
    let connection = Connection::open(database)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS thing (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
         INSERT OR IGNORE INTO thing SELECT 'name-' || n, hex(randomblob(100)) FROM n;",
    )?;
    let readers: Vec<Mutex<Connection>> = (0..READERS)
        .map(|_| Ok(Mutex::new(Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?)))
        .collect::<Result<_>>()?;
    let routes = Router::new().route("/thing/{name}", get(thing)).with_state(Arc::new(readers));
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    writeln!(io::stdout(), "http://{}", socket.local_addr()?)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(16).build()?;
    runtime.spawn(async move {
        let socket = tokio::net::TcpListener::from_std(socket)?;
        axum::serve(socket, routes).await
    });
    io::stdin().read_to_end(&mut Vec::new()).context("could not wait for the end of input")?;
    runtime.shutdown_background();
    Ok(())
}

async fn thing(
    State(readers): State<Readers>,
    Path(name): Path<String>,
) -> std::result::Result<Json<Value>, StatusCode> {
    let found = tokio::task::spawn_blocking(move || read(&readers, &name)).await;
    let found = found.ok().and_then(|found| found.ok()).ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    found.map(|value| Json(json!({ "value": value }))).ok_or(StatusCode::NOT_FOUND)
}

fn read(readers: &[Mutex<Connection>], name: &str) -> rusqlite::Result<Option<String>> {
    let free = readers.iter().find_map(|reader| reader.try_lock().ok());
    let reader = free.unwrap_or_else(|| readers[0].lock().unwrap_or_else(PoisonError::into_inner));
    let mut statement = reader.prepare_cached("SELECT value FROM thing WHERE name = ?1")?;
    statement.query_row([name], |row| row.get(0)).optional()
}
