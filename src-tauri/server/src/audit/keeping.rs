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
        let gone = instance.store.forget_audit(&instance.key, cutoff, up_to)?;
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
    if read_mark(key, path)?.is_some_and(|mark| mark.id >= head.id) {
        return Ok(());
    }
    let (id, mac) = (head.id.to_string(), hex::encode(&head.mac));
    let seal = hex::encode(key.derive("audit mark 1", &[&id, &mac]).as_slice());
    data_folder::write_private(path, &format!("{id} {mac} {seal}\n"))
}
