//! One writer of ours at a time: a lock file beside the credentials file, apart from the engine's lock.
//! The file stays when the lock is released; deleting it would let two writers hold "the" lock.

use crate::{
    error::{Doing, FileError},
    place::Place,
    platform,
};
use std::{
    fs::{File, TryLockError},
    thread,
    time::Duration,
};

/// How often a held lock is asked for again.
const PAUSE: Duration = Duration::from_millis(10);

/// Held until dropped, or until the process ends in whatever way.
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock, waiting at most about `patience`.
    pub(crate) fn take(place: &Place, patience: Duration) -> Result<Self, FileError> {
        let path = place.beside("lock");
        let fail = |error| FileError::io(&path, Doing::Lock, error);
        let file = platform::open_lock(&path).map_err(fail)?;
        let mut tries = patience.as_millis() / PAUSE.as_millis() + 1;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(error)) => return Err(fail(error)),
                Err(TryLockError::WouldBlock) => {
                    tries -= 1;
                    if tries == 0 {
                        return Err(FileError::Locked { path: place.target.clone() });
                    }
                    thread::sleep(PAUSE);
                }
            }
        }
    }
}
