//! How long the trail is kept and how far it is known to reach.

use std::path::{Path, PathBuf};

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
        let up_to = keeping.delivery.as_ref().map(|_| instance.store.digested_audit()).transpose()?;
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
    if let Some(path) = &keeping.mark
        && let Err(error) = move_mark(&instance.store, &instance.key, path)
    {
        tracing::error!(%error, "could not note how far the audit trail reaches");
    }
    Ok(())
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

/// Never back: a trail that is shorter than it was is for `verify` to find.
fn move_mark(store: &Store, key: &InstanceKey, path: &Path) -> Result<(), FolderError> {
    let failed = |cause| FolderError::Database { path: path.to_owned(), cause };
    let Some(head) = store.audit_head(key).map_err(failed)? else { return Ok(()) };
    if let Some(mark) = read_mark(key, path)?
        && mark.id >= head.id
    {
        if mark.id > head.id {
            let (once, now) = (mark.id, head.id);
            tracing::error!(
                once,
                now,
                "the audit trail is shorter than it was; see `latchkey-server audit verify`"
            );
        }
        return Ok(());
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
