//! The connection that writes. Writers take turns at it, and who finds others waiting leaves the commit to them: so
//! they share one, whose cost is that of all the pages they changed together. Nobody is answered before the commit,
//! and one that fails is undone alone.
//!
//! It also knows the database's [`Revision`], which tells whether something that was read before may still be
//! believed. On PostgreSQL, where others write too, it stands in the database and every change that alters something
//! counts it up.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use super::sql::{self, Connection, Failure};

/// Stands for all that was ever taken away or altered in the database: while it is the same, whatever was found is
/// still there. What is merely added leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision(u64);

impl Revision {
    /// What PostgreSQL counts.
    pub(super) fn counted(value: i64) -> Self {
        Self(value.unsigned_abs() << 1)
    }

    /// One that nothing holds for.
    pub(super) fn none() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(u64::MAX);
        Self(LAST.fetch_sub(2, Ordering::Relaxed))
    }
}

/// What a change does to what others have found before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It may take it away or alter it.
    Alters,
    /// It only adds to it.
    Adds,
}

/// How many may share a commit, so that the first of them is answered soon.
const MOST: usize = 32;

/// The connection that writes, and who is under way with it.
pub(super) struct Writer {
    connection: Mutex<Connection>,
    /// The transaction that is open, if there is one. Looked at by who holds the connection.
    open: Mutex<Option<Open>>,
    /// How many wait for the connection, and will have it.
    waiting: AtomicUsize,
    revision: AtomicU64,
    /// The last one that is known to be committed, or an older one. SQLite's is `revision`.
    known: AtomicU64,
    /// SQLite's count of what others than this connection committed.
    foreign: AtomicI64,
    is_shared: bool,
    #[cfg(test)]
    commits: AtomicUsize,
}

#[derive(Clone)]
struct Open {
    outcome: Arc<Outcome>,
    members: usize,
    /// Whether one of them alters what was there.
    alters: bool,
}

/// What became of a transaction.
#[derive(Default)]
struct Outcome {
    settled: Mutex<Option<Result<(), Failure>>>,
    changed: Condvar,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            is_shared: connection.is_postgres(),
            connection: Mutex::new(connection),
            open: Mutex::new(None),
            waiting: AtomicUsize::new(0),
            revision: AtomicU64::new(0),
            known: AtomicU64::new(0),
            foreign: AtomicI64::new(0),
            #[cfg(test)]
            commits: AtomicUsize::new(0),
        }
    }

    /// How often it committed.
    #[cfg(test)]
    pub(super) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    /// How many wait for the connection.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// The revision of what is read from now on, or an older one. Other processes' changes count from the next
    /// transaction on.
    pub(super) fn revision(&self) -> Revision {
        Revision(self.revision.load(Ordering::SeqCst))
    }

    fn altered(&self) {
        if self.is_shared {
            // What is counted is even: nobody outside this transaction has seen this.
            self.revision.fetch_or(1, Ordering::SeqCst);
        } else {
            self.revision.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The last revision that is known, which costs nothing to ask for.
    pub(super) fn known(&self) -> Revision {
        let known = if self.is_shared { &self.known } else { &self.revision };
        Revision(known.load(Ordering::SeqCst))
    }

    /// One that was read.
    pub(super) fn learn(&self, Revision(committed): Revision) {
        self.known.store(committed, Ordering::SeqCst);
    }

    /// Whether other machines write too.
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// The connection itself.
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        lock(&self.connection)
    }

    /// Runs `work` in a transaction that is kept or, on `false` or an error, as if it had not been; returns when it is
    /// committed. Within `work` the revision stands still.
    pub(super) fn attempt<T>(
        &self,
        effect: Effect,
        work: impl FnOnce(&Connection) -> sql::Result<(T, bool)>,
    ) -> sql::Result<T> {
        let connection = self.turn();
        let mut open = lock(&self.open).take().map_or_else(|| self.begin(&connection), Ok)?;
        let outcome = Arc::clone(&open.outcome);
        if open.alters {
            // Who joins holds nothing against what was seen between another member's change and now: that was read
            // before the change could be.
            self.altered();
        }
        if effect == Effect::Alters {
            // Now for those who come after it in this transaction, and once more when others can read it: who reads
            // in between finds what was there before.
            self.altered();
            open.alters = true;
        }
        let is_first = open.members == 0;
        let done = catch_unwind(AssertUnwindSafe(|| one_of(&connection, is_first, work)));
        open.members += 1;
        let mut is_last = false;
        if connection.is_autocommit() {
            // Undone by the only member; or the database undid all there was, and nobody may believe it is kept.
            let is_meant = is_first && !matches!(done, Ok(Ok((_, true))));
            outcome.settle(if is_meant { Ok(()) } else { Err(undone()) });
        } else if open.members >= MOST {
            self.settle(&connection, &open);
        } else {
            is_last = self.waiting.load(Ordering::SeqCst) == 0;
            *lock(&self.open) = Some(open);
        }
        drop(connection);
        if is_last {
            // Others may be on their way here on a processor that this one has kept busy.
            thread::yield_now();
            self.commit_if_last();
        }
        // What was seen of the others' work must not be told before it is kept either.
        let settled = outcome.wait();
        let (value, _) = done.unwrap_or_else(|panic| resume_unwind(panic))?;
        settled.map(|()| value)
    }
}

impl Writer {
    /// The connection, when it is free.
    fn turn(&self) -> MutexGuard<'_, Connection> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let connection = self.connection();
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        connection
    }

    /// Commits the transaction that is open, unless somebody else will. It may be another one by now: whoever left it
    /// open has seen this one waiting.
    fn commit_if_last(&self) {
        let connection = self.turn();
        if self.waiting.load(Ordering::SeqCst) == 0
            && let Some(open) = lock(&self.open).take()
        {
            self.settle(&connection, &open);
        }
    }

    fn settle(&self, connection: &Connection, open: &Open) {
        let committed = commit(connection, open.alters);
        #[cfg(test)]
        self.commits.fetch_add(1, Ordering::SeqCst);
        if open.alters {
            self.altered();
        }
        open.outcome.settle(committed);
    }

    fn begin(&self, connection: &Connection) -> sql::Result<Open> {
        if let Connection::Postgres(session) = connection {
            let Revision(counted) = Revision::counted(session.begin_writing()?);
            self.revision.store(counted, Ordering::SeqCst);
            self.known.store(counted, Ordering::SeqCst);
            return Ok(Open { outcome: Arc::default(), members: 0, alters: false });
        }
        connection.command("BEGIN IMMEDIATE")?;
        // This connection's own changes do not count in it (SQLite, `PRAGMA data_version`).
        let foreign = connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .inspect_err(|_| drop(connection.execute_batch("ROLLBACK")))?;
        if self.foreign.swap(foreign, Ordering::SeqCst) != foreign {
            self.altered();
        }
        Ok(Open { outcome: Arc::default(), members: 0, alters: false })
    }
}

/// The work of one member, undone as a whole unless it is kept. The first one has nobody's work but its own to undo.
fn one_of<T>(
    connection: &Connection,
    is_first: bool,
    work: impl FnOnce(&Connection) -> sql::Result<(T, bool)>,
) -> sql::Result<(T, bool)> {
    let (before, after, undo) = if is_first {
        ("", "", "ROLLBACK")
    } else {
        ("SAVEPOINT member", "RELEASE member", "ROLLBACK TO member; RELEASE member")
    };
    let run = |sql: &str| match sql {
        "" => Ok(()),
        sql => connection.command(sql),
    };
    run(before)?;
    let undo = Undo { connection, undo, is_armed: true };
    let (value, keep) = work(connection)?;
    if keep {
        undo.disarm();
        run(after)?;
    }
    Ok((value, keep))
}

/// Undoes a member's work unless it is disarmed: on an error and on a panic too.
struct Undo<'c> {
    connection: &'c Connection,
    undo: &'static str,
    is_armed: bool,
}

impl Undo<'_> {
    fn disarm(mut self) {
        self.is_armed = false;
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        // The database may have undone everything by itself.
        if self.is_armed
            && !self.connection.is_autocommit()
            && let Err(error) = undo(self.connection, self.undo)
        {
            tracing::error!(%error, "could not undo a change of the database; nothing of its group is kept");
            let _ = undo(self.connection, "ROLLBACK");
        }
    }
}

fn undo(connection: &Connection, how: &str) -> sql::Result<()> {
    match connection {
        Connection::Postgres(session) if how == "ROLLBACK" => {
            session.undo();
            Ok(())
        }
        _ => connection.execute_batch(how),
    }
}

fn commit(connection: &Connection, alters: bool) -> Result<(), Failure> {
    if let Connection::Postgres(session) = connection {
        return session.commit(alters).map_err(Failure::Postgres);
    }
    let Err(error) = connection.command("COMMIT") else { return Ok(()) };
    if !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    Err(error.into())
}

fn undone() -> Failure {
    Failure::Other("a change that shared the transaction undid it".to_owned())
}

impl Outcome {
    fn settle(&self, outcome: Result<(), Failure>) {
        *lock(&self.settled) = Some(outcome);
        self.changed.notify_all();
    }

    fn wait(&self) -> sql::Result<()> {
        let settled = self.changed.wait_while(lock(&self.settled), |settled| settled.is_none());
        let settled = settled.unwrap_or_else(PoisonError::into_inner);
        match &*settled {
            Some(Ok(())) | None => Ok(()),
            Some(Err(failure)) => Err(failure.clone().into()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
