//! What servers of one database share besides: whose turn a piece of work is that one of them does at a time, and how
//! much came from where.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};

use super::{
    Result, Store, StoreError, millis,
    sql::{self, Fault, Server, Session, params},
};

/// Work that one server at a time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// What nobody can use is forgotten, and certificates are seen to.
    Sweep,
    /// The audit trail is delivered as files.
    Deliver,
    /// Mail is sent.
    Mail,
    /// Roles at AWS are kept in line.
    AwsRoles,
    /// Accounts and units are read from AWS Organizations.
    AwsAccounts,
    /// People and groups are brought from an LDAP directory.
    Directory,
}

/// Under this number and the job's servers take turns (`pg_advisory_lock`).
const JOBS: i32 = 0x4c61_7463;

impl Job {
    /// All of them, by their numbers from 1 on.
    pub const ALL: [Self; 6] =
        [Self::Sweep, Self::Deliver, Self::Mail, Self::AwsRoles, Self::AwsAccounts, Self::Directory];

    fn number(self) -> i32 {
        match self {
            Self::Sweep => 1,
            Self::Deliver => 2,
            Self::Mail => 3,
            Self::AwsRoles => 4,
            Self::AwsAccounts => 5,
            Self::Directory => 6,
        }
    }

    /// What it is called where it is told of.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Deliver => "deliver",
            Self::Mail => "mail",
            Self::AwsRoles => "aws_roles",
            Self::AwsAccounts => "aws_accounts",
            Self::Directory => "directory",
        }
    }
}

/// How often this process took each job's lead, and how many of those it holds now.
#[derive(Debug, Default)]
pub(super) struct Turns([Turn; Job::ALL.len()]);

#[derive(Debug, Default)]
struct Turn {
    taken: AtomicU64,
    ended: AtomicU64,
}

impl Turns {
    fn of(&self, job: Job) -> Option<&Turn> {
        usize::try_from(job.number() - 1).ok().and_then(|at| self.0.get(at))
    }
}

/// A job that this server does, until it is dropped. If the server ends, its connection does, and another takes over.
pub struct Lead {
    /// None where there is one server.
    session: Option<Mutex<Session>>,
    job: Job,
    turns: Arc<Turns>,
}

impl Lead {
    fn of(job: Job, turns: &Arc<Turns>, session: Option<Session>) -> Self {
        if let Some(turn) = turns.of(job) {
            turn.taken.fetch_add(1, Ordering::Relaxed);
        }
        Self { session: session.map(Mutex::new), job, turns: Arc::clone(turns) }
    }

    /// Whether it still is this server's: a connection that broke has lost it, and another server may have it. Asked
    /// before each step of work that two should not do.
    pub fn is_held(&self) -> bool {
        let Some(session) = &self.session else { return true };
        let session = session.lock().unwrap_or_else(PoisonError::into_inner);
        // One that was made anew has none.
        let ask = "SELECT EXISTS (SELECT 1 FROM pg_locks
                   WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid())";
        session.batch(ask).is_ok_and(|held| held.concat().concat() == "t")
    }
}

impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lead(..)")
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some(turn) = self.turns.of(self.job) {
            turn.ended.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(session) = self.session.take() {
            session.into_inner().unwrap_or_else(PoisonError::into_inner).leave();
        }
    }
}

/// What only a database of several servers has.
pub(super) struct Shared {
    server: Arc<Server>,
    /// Counts: apart from changes, for whom a guess must not wait.
    counts: Mutex<Session>,
}

impl Shared {
    pub(super) fn new(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), counts: Mutex::new(Session::new(server)) }
    }
}

impl Store {
    /// The lead of a job, unless another server has it. Where there is one server, it has all of them.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be told.
    pub fn lead(&self, job: Job) -> Result<Option<Lead>> {
        let Some(shared) = &self.shared else { return Ok(Some(Lead::of(job, &self.turns, None))) };
        let session = Session::new(&shared.server);
        let ask = format!("SELECT pg_try_advisory_lock({JOBS}, {})", job.number());
        let taken = session
            .batch(&ask)
            .map_err(|fault| StoreError::Statement { doing: "take a job", cause: fault.into() })?;
        Ok((taken.concat().concat() == "t").then(|| Lead::of(job, &self.turns, Some(session))))
    }

    /// How often this process had the lead of a job, and whether it has it now. Nothing is asked for it.
    pub fn turns(&self, job: Job) -> (u64, bool) {
        let Some(turn) = self.turns.of(job) else { return (0, false) };
        // One that ends in between is told as held.
        let ended = turn.ended.load(Ordering::Relaxed);
        let taken = turn.taken.load(Ordering::Relaxed);
        (taken, taken > ended)
    }

    /// Counts one more under a name, each of which costs so much, until `most` is owed: how long to wait, if it was
    /// not counted. `None` if that cannot be told here.
    pub fn owe(
        &self,
        name: &str,
        now: Timestamp,
        cost: SignedDuration,
        most: SignedDuration,
    ) -> Option<std::result::Result<(), SignedDuration>> {
        let now = millis(now);
        let (cost, most) = (millis_of(cost), millis_of(most));
        let sql = "INSERT INTO limit_owed (name, until) VALUES (?1, CAST(?2 AS BIGINT) + CAST(?3 AS BIGINT))
                   ON CONFLICT (name) DO UPDATE SET until = greatest(limit_owed.until, ?2) + ?3
                   WHERE greatest(limit_owed.until, ?2) + ?3 <= ?2 + CAST(?4 AS BIGINT)";
        let count = |session: &Session| -> std::result::Result<_, Fault> {
            if session.execute(sql, &params![name, now, cost, most])? == 1 {
                return Ok(Ok(()));
            }
            let found = session.query("SELECT until FROM limit_owed WHERE name = ?1", &[name])?;
            let until = found.first().map_or(now, |row| row.get::<_, i64>(0));
            Ok(Err(SignedDuration::from_millis((until.max(now) + cost - now - most).clamp(1, most))))
        };
        self.counting("count what came from a place", count)
    }

    /// Takes one back that was counted; `false` if that cannot be done here.
    pub fn forgive_owed(&self, name: &str, cost: SignedDuration) -> bool {
        let sql = "UPDATE limit_owed SET until = until - ?2 WHERE name = ?1";
        let forgive = |session: &Session| session.execute(sql, &params![name, millis_of(cost)]);
        self.counting("forgive what came from a place", forgive).is_some()
    }

    fn counting<T>(
        &self,
        doing: &'static str,
        count: impl FnOnce(&Session) -> std::result::Result<T, Fault>,
    ) -> Option<T> {
        let session = self.shared.as_ref()?.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = count(&session);
        counted
            .inspect_err(|fault| {
                let cause = sql::Error::from(fault.clone());
                tracing::warn!(error = %StoreError::Statement { doing, cause }, "it is counted by this server alone");
            })
            .ok()
    }

    /// Forgets what is paid off.
    pub(super) fn sweep_owed(&self, now: Timestamp) {
        let sql = "DELETE FROM limit_owed WHERE until < ?1";
        self.counting("forget what came from places", |session| session.execute(sql, &[millis(now)]));
    }
}

fn millis_of(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
