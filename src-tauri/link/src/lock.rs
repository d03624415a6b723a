//! Who is the engine: whoever holds `engine.lock`. The kernel releases it when the process ends in
//! whatever way, so a killed engine leaves nothing to clean up.

use crate::{deadline::Deadline, error::LinkError, path::make_private_folder};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Seek, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

const NAME: &str = "engine.lock";
/// How often a held lock is asked for again during a hand-over.
const PAUSE: Duration = Duration::from_millis(20);

/// Proof that this process is the engine; given up when dropped.
#[derive(Debug)]
pub struct EngineLock {
    file: File,
    path: PathBuf,
}

impl EngineLock {
    /// Takes the lock in the state folder, which is made (0700) if needed; `None` when another process
    /// is the engine.
    ///
    /// # Errors
    /// [`LinkError::NotPrivate`] for a folder that others can use, [`LinkError::Io`].
    pub fn acquire(state_dir: &Path) -> Result<Option<Self>, LinkError> {
        make_private_folder(state_dir)?;
        let path = state_dir.join(NAME);
        let fail = |source| LinkError::Io { path: path.clone(), doing: "take the lock", source };
        let mut file = open(&path).map_err(fail)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(fail(error)),
            Ok(()) => {}
        }
        // For people and for messages only; the lock itself is the truth.
        file.set_len(0).map_err(fail)?;
        file.rewind().map_err(fail)?;
        writeln!(file, "{}", std::process::id()).map_err(fail)?;
        Ok(Some(Self { file, path }))
    }

    /// Takes the lock as soon as its holder gives it up, which was asked to
    /// ([`crate::Request::HandOver`]).
    ///
    /// # Errors
    /// [`LinkError::TimedOut`], and those of [`Self::acquire`].
    pub fn acquire_within(state_dir: &Path, patience: Duration) -> Result<Self, LinkError> {
        let deadline = Deadline::after(patience);
        loop {
            if let Some(lock) = Self::acquire(state_dir)? {
                return Ok(lock);
            }
            thread::sleep(deadline.left("hand over")?.min(PAUSE));
        }
    }

    /// The process id that the last holder wrote; it may have ended since.
    #[must_use]
    pub fn last_holder(state_dir: &Path) -> Option<u32> {
        fs::read_to_string(state_dir.join(NAME)).ok()?.trim().parse().ok()
    }

    /// Where the lock is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for EngineLock {
    fn drop(&mut self) {
        // Closing the file would do as well; nothing is to be done if it fails.
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path)
}
