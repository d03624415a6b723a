//! Role credentials by the thousand: they wait in a queue, and one thread keeps all that wait in one transaction, with
//! their events in the trail. Nobody is answered before that is committed.
//!
//! Which ones those are is decided when it is this server's turn to write, not when it begins to wait for it: with more
//! servers a turn comes as seldom as there are more of them, and takes along all that came meanwhile.
//!
//! Whoever asks for them may have looked up earlier what entitles to them. They say at which [`Revision`]; within the
//! transaction it is compared, so nothing is issued on what has ended meanwhile.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

use super::{
    Afterwards, AuditEntry, IssuedKey, Result, Store, StoreError, audit_chain, one, role_credentials,
    sql::{self, Connection, Failure},
    writer::{Effect, Revision, Writer},
};

/// So many share a transaction, at most.
const MOST: usize = 256;
const DOING: &str = "keep role credentials";

/// What became of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// They are kept and their event is written.
    Kept,
    /// Something was altered since that revision: look again. Nothing is kept and nothing written.
    Outdated,
}

/// Hears what became of credentials.
pub type Hearing = oneshot::Receiver<Result<Kept>>;

struct Job {
    key: IssuedKey,
    event: AuditEntry,
    seen: Revision,
    done: oneshot::Sender<Result<Kept>>,
}

/// The queue and its thread, which ends with the value.
pub(super) struct Queue {
    waiting: Arc<Waiting>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Waiting {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    all: Vec<Job>,
    /// Whether the thread waits for the next.
    is_idle: bool,
    is_over: bool,
}

impl Store {
    /// The revision of what is read from now on.
    pub fn revision(&self) -> Revision {
        if !self.is_shared() {
            return self.writer.revision();
        }
        // Other nodes alter, too: what is counted is asked for each time.
        let counted = self.read("look for changes", |c| {
            one(c, "SELECT value FROM revision WHERE only = 1", [], |row| row.get(0))
        });
        let Some(counted) = counted.ok().flatten() else { return Revision::none() };
        let revision = Revision::counted(counted);
        self.writer.learn(revision);
        revision
    }

    /// The revision that was known last: what is issued on it is held against the truth. Nothing is asked for it.
    pub fn known_revision(&self) -> Revision {
        self.writer.known()
    }

    /// Keeps credentials and their event soon, if nothing was altered since the revision at which was `seen` what
    /// entitles to them.
    pub fn issue(&self, key: IssuedKey, event: AuditEntry, seen: Revision) -> Hearing {
        let (done, hearing) = oneshot::channel();
        let begin = || Queue::begin(Arc::clone(&self.writer), self.afterwards.clone());
        self.queue.get_or_init(begin).push(Job { key, event, seen, done });
        hearing
    }
}

impl Queue {
    fn begin(writer: Arc<Writer>, afterwards: Option<Arc<Afterwards>>) -> Self {
        let waiting = Arc::<Waiting>::default();
        let seen = Arc::clone(&waiting);
        let thread = thread::spawn(move || run(&seen, &writer, afterwards.as_deref()));
        Self { waiting, thread: Some(thread) }
    }

    fn push(&self, job: Job) {
        let mut jobs = lock(&self.waiting.jobs);
        jobs.all.push(job);
        if jobs.is_idle {
            jobs.is_idle = false;
            drop(jobs);
            self.waiting.changed.notify_one();
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        lock(&self.waiting.jobs).is_over = true;
        self.waiting.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It does not panic.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiting {
    /// Waits until somebody does; `false` once it is over.
    fn is_wanted(&self) -> bool {
        let mut jobs = lock(&self.jobs);
        while jobs.all.is_empty() && !jobs.is_over {
            jobs.is_idle = true;
            jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
        jobs.is_idle = false;
        !jobs.all.is_empty()
    }

    /// Those that wait.
    fn take(&self) -> Vec<Job> {
        let mut jobs = lock(&self.jobs);
        let rest = jobs.all.len().min(MOST);
        let later = jobs.all.split_off(rest);
        std::mem::replace(&mut jobs.all, later)
    }
}

fn run(waiting: &Waiting, writer: &Writer, afterwards: Option<&Afterwards>) {
    while waiting.is_wanted() {
        // Others may be on their way here on a processor that this one has kept busy; a turn costs by itself.
        thread::yield_now();
        if catch_unwind(AssertUnwindSafe(|| take_turn(waiting, writer))).is_err() {
            tracing::error!("role credentials could not be kept");
            // Whoever waits for one that is lost hears that; so do these, for whom it would happen again.
            drop(waiting.take());
        }
        if let Some(afterwards) = afterwards {
            afterwards.after_a_change();
        }
    }
}

/// Keeps those that wait when it is this server's turn to write.
fn take_turn(waiting: &Waiting, writer: &Writer) {
    let mut jobs = Vec::new();
    let outcome = writer.attempt(Effect::Adds, |tx| {
        jobs = waiting.take();
        keep(tx, writer.revision(), &jobs)
    });
    match outcome {
        Ok(all) => {
            for (job, kept) in jobs.into_iter().zip(all) {
                let _ = job.done.send(Ok(kept));
            }
        }
        // The turn did not come, for none of them.
        Err(cause) if jobs.is_empty() => {
            let cause = Failure::from(cause);
            for job in waiting.take() {
                failed(job, cause.clone().into());
            }
        }
        // Nobody's mistake is everybody's.
        Err(_) if jobs.len() > 1 => jobs.into_iter().for_each(|job| keep_alone(job, writer)),
        Err(cause) => {
            if let Some(job) = jobs.pop() {
                failed(job, cause);
            }
        }
    }
}

fn keep_alone(job: Job, writer: &Writer) {
    let alone = std::slice::from_ref(&job);
    let outcome = writer.attempt(Effect::Adds, |tx| keep(tx, writer.revision(), alone));
    match outcome.map(|kept| kept.first().copied()) {
        Ok(Some(kept)) => drop(job.done.send(Ok(kept))),
        Ok(None) => {}
        Err(cause) => failed(job, cause),
    }
}

fn failed(job: Job, cause: sql::Error) {
    let _ = job.done.send(Err(StoreError::Statement { doing: DOING, cause }));
}

/// Keeps those that nothing was altered for.
fn keep(tx: &Connection, revision: Revision, jobs: &[Job]) -> sql::Result<(Vec<Kept>, bool)> {
    let current = |job: &&Job| job.seen == revision;
    let inserted = role_credentials::insert_each(tx, jobs.iter().filter(current).map(|job| &job.key))?;
    let mut inserted = inserted.into_iter();
    let mut events = Vec::new();
    let all = jobs.iter().map(|job| {
        if !current(&job) || !inserted.next().unwrap_or_default() {
            return Kept::Outdated;
        }
        events.push(&job.event);
        Kept::Kept
    });
    let all = all.collect();
    audit_chain::append(tx, events)?;
    Ok((all, true))
}

#[cfg(test)]
#[path = "issuing_tests.rs"]
mod tests;
