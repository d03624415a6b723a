//! How long the trail is kept and how far it is known to reach.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use super::delivery::Delivery;
use crate::{
    data_folder::{self, FolderError},
    instance::Instance,
    secret::InstanceKey,
    store::{End, Store, StoreError},
};

/// What an administrator decided about the trail.
#[derive(Debug, Default)]
pub struct Keeping {
    /// Events older than so many days are forgotten; `None` keeps them for ever.
    pub retention_days: Option<u32>,
    /// The file with the mark; `None` for instances that live in memory.
    pub mark: Option<PathBuf>,
    /// Where events go as files, if anywhere; none is forgotten before it went there.
    pub delivery: Option<Delivery>,
}

/// Forgets what is old, then notes how far the trail reaches.
///
/// # Errors
/// [`StoreError`] if the store cannot; a mark that cannot be written is logged and tried again.
pub fn keep(instance: &Instance) -> Result<(), StoreError> {
    let keeping = &instance.keeping;
    if let Some(days) = keeping.retention_days {
        let age = SignedDuration::from_hours(24 * i64::from(days));
        let cutoff = instance.now().checked_sub(age).unwrap_or(Timestamp::MIN);
        let up_to =
            keeping.delivery.as_ref().map(|_| instance.store.digested_audit(&instance.key)).transpose()?;
        let mut gone = 0;
        loop {
            match instance.store.forget_audit(&instance.key, cutoff, up_to)? {
                0 => break,
                some => gone += some,
            }
        }
        if gone > 0 {
            tracing::info!(events = gone, days, "forgot old events of the audit trail");
        }
    }
    note(instance);
    Ok(())
}

/// Notes how far the trail reaches. Done often: what was written since the last time could be taken back by
/// putting the database back as it was.
pub fn note(instance: &Instance) {
    if let Some(path) = &instance.keeping.mark
        && let Err(error) = move_mark(&instance.store, &instance.key, path)
    {
        tracing::error!(%error, "could not note how far the audit trail reaches");
    }
}

/// Begins the chain with the first start, and only then: the mark tells that there was one.
///
/// # Errors
/// [`FolderError`] if the mark cannot be read or written, or the chain not begun.
pub fn begin(store: &Store, key: &InstanceKey, path: &Path) -> Result<(), FolderError> {
    let failed = |cause| FolderError::Database { path: path.to_owned(), cause };
    if read_mark(key, path)?.is_none() {
        store.begin_audit(key).map_err(failed)?;
    }
    move_mark(store, key, path)
}

/// How far the trail reached when the mark was moved last; `None` if there never was one.
///
/// # Errors
/// [`FolderError::DamagedMark`] if it is not as this server wrote it.
pub fn read_mark(key: &InstanceKey, path: &Path) -> Result<Option<End>, FolderError> {
    let Some(text) = data_folder::read(path)? else { return Ok(None) };
    let damaged = || FolderError::DamagedMark(path.to_owned());
    let mut parts = text.split_whitespace();
    let (Some(id), Some(mac), Some(seal), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(damaged());
    };
    let claimed = hex::decode(seal).map_err(|_| damaged())?;
    if !key.verify("audit mark 1", &[id, mac], &claimed) {
        return Err(damaged());
    }
    let end = id.parse().ok().zip(hex::decode(mac).ok()).map(|(id, mac)| End { id, mac });
    end.map(Some).ok_or_else(damaged)
}

/// Never back, and not on from what is not in the trail any more: one that is not the one it was is for `verify` to
/// find, however long it has grown since.
fn move_mark(store: &Store, key: &InstanceKey, path: &Path) -> Result<(), FolderError> {
    // One after the other: two would write one file, and the later one might know less.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let failed = |cause| FolderError::Database { path: path.to_owned(), cause };
    let Some(head) = store.audit_head(key).map_err(failed)? else { return Ok(()) };
    if let Some(mark) = read_mark(key, path)? {
        if !store.holds_audit(key, &mark).map_err(failed)? {
            let (once, now) = (mark.id, head.id);
            tracing::error!(
                once,
                now,
                "the audit trail does not hold what it held; see `latchkey-server audit verify`"
            );
            return Ok(());
        }
        if mark.id >= head.id {
            return Ok(());
        }
    }
    let (id, mac) = (head.id.to_string(), hex::encode(&head.mac));
    let seal = hex::encode(key.derive("audit mark 1", &[&id, &mac]).as_slice());
    data_folder::write_private(path, &format!("{id} {mac} {seal}\n"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use std::fs;

    use super::*;
    use crate::{audit::Event, rig::Rig, store::Verdict};

    #[test]
    fn the_mark_is_whole_whoever_moves_it_at_the_same_moment() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("audit.mark");
        let rig = Rig::new();
        let (store, key) = (&rig.instance.store, &rig.instance.key);
        begin(store, key, &path).unwrap();
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..25 {
                        store.append_audit(&[rig.entry()]).unwrap();
                        move_mark(store, key, &path).unwrap();
                    }
                });
            }
        });
        assert_eq!(read_mark(key, &path).unwrap(), store.audit_head(key).unwrap());
    }

    /// An older state of the database that has grown past the mark.
    #[test]
    fn the_mark_does_not_move_on_from_what_is_not_there_any_more() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("audit.mark");
        let rig = Rig::with(|instance| instance.keeping.mark = Some(path.clone()));
        let (store, key) = (&rig.instance.store, &rig.instance.key);
        let record = || rig.instance.record(&Event { source: "s", name: "n", ..Event::default() }).unwrap();
        begin(store, key, &path).unwrap();
        record();
        store.tamper("CREATE TABLE kept AS SELECT * FROM audit_end");
        record();
        note(&rig.instance);
        let mark = read_mark(key, &path).unwrap().unwrap();
        assert_eq!(mark.id, 2);
        store.tamper(
            "DELETE FROM audit WHERE id > 1; DELETE FROM audit_end; INSERT INTO audit_end SELECT * FROM kept",
        );
        (0..3).for_each(|_| record());
        keep(&rig.instance).unwrap();
        begin(store, key, &path).unwrap();
        let kept = read_mark(key, &path).unwrap().unwrap();
        assert_eq!(kept, mark, "what proves it stays");
        let verdict = store.verify_audit(key, Some(&kept)).unwrap();
        assert!(matches!(verdict, Verdict::Broken(_)), "{verdict:?}");
    }

    #[test]
    fn the_mark_goes_forward_alone_and_a_chain_is_begun_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("audit.mark");
        let rig = Rig::with(|instance| {
            instance.keeping = Keeping { retention_days: Some(1), mark: Some(path.clone()), delivery: None };
        });
        let (store, key) = (&rig.instance.store, &rig.instance.key);
        let at = || read_mark(key, &path).unwrap().map(|mark| mark.id);
        assert_eq!(at(), None);
        begin(store, key, &path).unwrap();
        assert_eq!(at(), Some(0));
        let record = || rig.instance.record(&Event { source: "s", name: "n", ..Event::default() }).unwrap();
        record();
        record();
        keep(&rig.instance).unwrap();
        assert_eq!(at(), Some(2));
        // What is forgotten is no loss, and the mark stays good.
        rig.pass(3 * 86400);
        keep(&rig.instance).unwrap();
        let mark = read_mark(key, &path).unwrap();
        let verdict = store.verify_audit(key, mark.as_ref()).unwrap();
        assert!(matches!(verdict, Verdict::Whole(_)), "{verdict:?}");
        assert_eq!(store.audit_trail().len(), 0);
        // Emptied by somebody else, and started again: the chain is not begun anew.
        store.tamper("DELETE FROM audit_end");
        begin(store, key, &path).unwrap();
        assert!(matches!(store.verify_audit(key, mark.as_ref()).unwrap(), Verdict::Broken(_)));
        assert_eq!(at(), Some(2));
        for text in ["", "2", "9 00 00", &fs::read_to_string(&path).unwrap().replacen('2', "1", 1)] {
            fs::write(&path, text).unwrap();
            assert!(matches!(read_mark(key, &path), Err(FolderError::DamagedMark(_))), "{text:?}");
        }
    }
}
