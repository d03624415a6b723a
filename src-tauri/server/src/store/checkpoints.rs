//! Carries what was committed from the write-ahead log into the database, on a thread of its own: it waits for the
//! disk, which a request must not.

use std::{
    path::Path,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;

use super::{PATIENCE, writer::Writer};

/// After so many changes there is something to carry over.
const CHANGES: usize = 256;
/// A log of so many pages is begun anew, for which writers wait: 64 MiB.
const LONG: i64 = 16 * 1024;
/// A writer does it itself when the thread does not keep up.
const TOO_LONG: i64 = 4 * LONG;

/// The thread; it ends with the value.
pub(super) struct Checkpoints {
    changes: AtomicUsize,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Takes that work from the writer of the database at `path`.
    pub(super) fn begin(path: &Path, writer: &Writer) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        if let Some(connection) = writer.connection().sqlite() {
            connection.pragma_update(None, "wal_autocheckpoint", TOO_LONG)?;
        }
        // One that waits is enough for all changes until then.
        let (wake, woken) = sync_channel(1);
        let thread = thread::spawn(move || run(&connection, &woken));
        Ok(Self { changes: AtomicUsize::new(0), wake: Some(wake), thread: Some(thread) })
    }

    /// Counts a change.
    pub(super) fn after_a_change(&self) {
        let before = self.changes.fetch_add(1, Ordering::Relaxed);
        if before % CHANGES == CHANGES - 1
            && let Some(wake) = &self.wake
        {
            // Full, and so it is under way.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            // It has logged what went wrong.
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, woken: &Receiver<()>) {
    let checkpoint = |how: &str| {
        connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| row.get::<_, i64>(1))
    };
    for () in woken {
        let done = checkpoint("PASSIVE")
            .and_then(|pages| if pages > LONG { checkpoint("RESTART").map(drop) } else { Ok(()) });
        if let Err(error) = done {
            tracing::warn!(%error, "the database's write-ahead log stays long; it is tried again");
        }
    }
}
