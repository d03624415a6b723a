//! One sync at a time, whichever process runs it: it holds a claim in the database and renews it, so that one whose
//! process died is begun anew by another within minutes. Servers of one database take turns besides, and there one that
//! is lost with its connection is followed at once.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    instance::Instance,
    store::{Job, StoreError},
};

/// How long a claim holds unless it is renewed. Whoever stands still for longer finds out at its next step.
pub const HOLDS: SignedDuration = SignedDuration::from_mins(2);
/// How often it is renewed: three times may fail.
const RENEWED: Duration = Duration::from_secs(30);

/// That this process runs the sync.
#[derive(Debug)]
pub struct Claim {
    /// What is in the database while it is ours.
    until: Mutex<Timestamp>,
    is_lost: AtomicBool,
    has_ended: AtomicBool,
}

impl Claim {
    /// Whether to go on.
    ///
    /// # Errors
    /// [`StoreError::Directory`] if another one has taken the sync over, or this server is told to stop: then the next
    /// one begins it anew.
    pub fn check(&self, instance: &Instance) -> Result<(), StoreError> {
        if self.is_over(instance) {
            Err(StoreError::Directory("the sync broke off".to_owned()))
        } else {
            Ok(())
        }
    }

    /// The same as a word.
    pub fn is_over(&self, instance: &Instance) -> bool {
        self.is_lost.load(Ordering::SeqCst) || instance.operations.is_draining()
    }

    /// What is in the database while it is ours.
    #[cfg(test)]
    fn until(&self) -> Timestamp {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it by what `end` does with what is in the database: it is not renewed meanwhile, nor afterwards.
    ///
    /// # Errors
    /// What `end` says.
    pub fn end<T>(&self, end: impl FnOnce(Timestamp) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_ended.store(true, Ordering::SeqCst);
        end(*until)
    }

    /// Renews it until there is nothing to be heard any more.
    fn keep(&self, instance: &Instance, ended: &Receiver<()>, every: Duration) {
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(every) {
            let next = instance.now().checked_add(HOLDS).unwrap_or_else(|_| instance.now());
            let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
            if self.has_ended.load(Ordering::SeqCst) {
                return;
            }
            match instance.store.renew_ldap_sync(*until, next) {
                Ok(true) => *until = next,
                Ok(false) => {
                    self.is_lost.store(true, Ordering::SeqCst);
                    return;
                }
                Err(error) => tracing::warn!(%error, "could not renew the claim on the directory's sync"),
            }
        }
    }
}

/// Does the work of a sync unless one is under way: what came of it.
///
/// # Errors
/// [`StoreError`] if it cannot be told whether one is under way; else what the work says.
pub fn claimed<T>(
    instance: &Instance,
    work: impl FnOnce(&Claim) -> Result<Option<T>, StoreError>,
) -> Result<Option<T>, StoreError> {
    claimed_every(instance, RENEWED, work)
}

fn claimed_every<T>(
    instance: &Instance,
    every: Duration,
    work: impl FnOnce(&Claim) -> Result<Option<T>, StoreError>,
) -> Result<Option<T>, StoreError> {
    let Some(_lead) = instance.store.lead(Job::Directory)? else { return Ok(None) };
    let now = instance.now();
    let until = now.checked_add(HOLDS).unwrap_or(now);
    if !instance.store.claim_ldap_sync(now, until)? {
        return Ok(None);
    }
    let claim = Claim {
        until: Mutex::new(until),
        is_lost: AtomicBool::new(false),
        has_ended: AtomicBool::new(false),
    };
    let (until_then, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        // Dropped when the work has ended, also by a panic.
        let _until_then = until_then;
        let claim = &claim;
        scope.spawn(move || claim.keep(instance, &ended, every));
        work(claim)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::rig::Rig;

    /// Another process, while this one's sync runs.
    fn is_free(rig: &Rig) -> bool {
        let now = rig.instance.now();
        rig.instance.store.claim_ldap_sync(now, now.checked_add(HOLDS).unwrap()).unwrap()
    }

    /// Waits for the thread that renews.
    fn until(come_true: impl Fn() -> bool) {
        let begun = std::time::Instant::now();
        while !come_true() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not renew");
            thread::yield_now();
        }
    }

    #[test]
    fn a_sync_whose_process_died_is_begun_anew_in_two_minutes() {
        let rig = Rig::new();
        assert!(is_free(&rig), "nobody syncs yet");
        // And then its process was no more.
        rig.pass(HOLDS.as_secs() - 1);
        assert!(claimed(&rig.instance, |_| Ok(Some(()))).unwrap().is_none(), "it may be under way");
        assert!(!rig.instance.store.ldap_sync_broke_off(rig.instance.now()).unwrap());
        rig.pass(1);
        assert!(rig.instance.store.ldap_sync_broke_off(rig.instance.now()).unwrap(), "then it is due");
        assert!(claimed(&rig.instance, |_| Ok(Some(()))).unwrap().is_some());
    }

    #[test]
    fn a_claim_is_renewed_while_the_work_goes_on() {
        let rig = Rig::new();
        let every = Duration::from_millis(5);
        let done = claimed_every(&rig.instance, every, |claim| {
            let first = claim.until();
            for _ in 0..4 {
                let before = claim.until();
                rig.pass(60);
                until(|| claim.until() != before);
                assert!(!is_free(&rig));
                claim.check(&rig.instance).unwrap();
            }
            // Twice as long as it would hold.
            Ok(Some(claim.until().duration_since(first).as_secs()))
        });
        assert_eq!(done.unwrap(), Some(240));
    }

    #[test]
    fn whoever_lost_the_claim_stops() {
        let rig = Rig::new();
        let every = Duration::from_millis(5);
        let outcome = claimed_every(&rig.instance, every, |claim| {
            // Nothing was renewed for so long that another one has it.
            let held = claim.until.lock().unwrap();
            rig.pass(HOLDS.as_secs());
            assert!(is_free(&rig));
            drop(held);
            until(|| claim.is_over(&rig.instance));
            claim.check(&rig.instance).map(Some)
        });
        assert!(outcome.is_err());
        let outcome = claimed(&rig.instance, |claim| claim.check(&rig.instance).map(Some));
        assert!(outcome.unwrap().is_none(), "the other one has it still");
        rig.pass(HOLDS.as_secs());
        rig.instance.operations.begin_draining();
        let outcome = claimed(&rig.instance, |claim| claim.check(&rig.instance).map(Some));
        assert!(outcome.is_err(), "a server that is told to stop does not begin");
    }
}
