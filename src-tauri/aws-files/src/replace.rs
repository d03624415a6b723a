//! Putting a whole new file in the place of the old in one step: a reader, or a machine that loses
//! power, sees the old file or the new one.

use crate::{
    error::{Doing, FileError},
    place::{Loaded, Place, holds},
    platform,
};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The moments of an update, for tests that stop the program at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Locked,
    Read,
    BackupHalfWritten,
    BackedUp,
    TempCreated,
    TempHalfWritten,
    TempWritten,
    TempSynced,
    Compared,
    Renamed,
    FolderSynced,
}

impl Step {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 11] = [
        Self::Locked,
        Self::Read,
        Self::BackupHalfWritten,
        Self::BackedUp,
        Self::TempCreated,
        Self::TempHalfWritten,
        Self::TempWritten,
        Self::TempSynced,
        Self::Compared,
        Self::Renamed,
        Self::FolderSynced,
    ];
}

/// Told of every step.
pub(crate) trait Steps: Send + Sync {
    fn reached(&self, step: Step);
}

/// Nobody is told.
pub(crate) struct Quiet;

impl Steps for Quiet {
    fn reached(&self, _step: Step) {}
}

/// What became of a replacement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replaced {
    Done,
    /// Another program changed the file since `base` was read: read again.
    BaseChanged,
}

/// Replaces the file, if it still is `base`, by these pieces one after another. The old file's owner, mode and access list are kept, a new
/// file is 0600.
pub(crate) fn replace(
    place: &Place,
    new: &[&[u8]],
    base: Option<&Loaded>,
    steps: &dyn Steps,
) -> Result<Replaced, FileError> {
    let target = &place.target;
    let write_error = |error| FileError::io(target, Doing::Write, error);
    let temp = Temp::clear(place.beside("tmp")).map_err(write_error)?;
    let mut file = platform::create_private(&temp.0).map_err(write_error)?;
    steps.reached(Step::TempCreated);
    let mut half = new.iter().map(|piece| piece.len()).sum::<usize>() / 2;
    for piece in new {
        let (head, tail) = piece.split_at(half.min(piece.len()));
        file.write_all(head).map_err(write_error)?;
        if half > 0 && half <= piece.len() {
            steps.reached(Step::TempHalfWritten);
        }
        file.write_all(tail).map_err(write_error)?;
        half = half.saturating_sub(piece.len());
    }
    steps.reached(Step::TempWritten);
    if let Some(base) = base
        && !platform::keep_owner_and_mode(&file, &base.file).map_err(write_error)?
    {
        return Err(FileError::OwnerWouldChange { path: target.clone() });
    }
    file.sync_all().map_err(write_error)?;
    steps.reached(Step::TempSynced);
    // Read back while nobody else knows the file: once it is renamed, another program may write in place.
    platform::expect_reading(&file);
    if !holds(&mut file, new).map_err(write_error)? {
        return Err(FileError::NotAsWritten { path: target.clone() });
    }
    platform::note_reading(&file);
    let unchanged = match base {
        None => place.load()?.is_none(),
        Some(base) => place.still_holds(&base.identity, &base.bytes)?,
    };
    if !unchanged {
        return Ok(Replaced::BaseChanged);
    }
    steps.reached(Step::Compared);
    let renamed = match base {
        Some(_) => fs::rename(&temp.0, target),
        None => platform::rename_new(&temp.0, target),
    };
    match renamed {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Replaced::BaseChanged),
        done => done.map_err(|error| FileError::io(target, Doing::Replace, error))?,
    }
    steps.reached(Step::Renamed);
    platform::sync_folder(&place.folder).map_err(|error| FileError::io(target, Doing::Replace, error))?;
    steps.reached(Step::FolderSynced);
    Ok(Replaced::Done)
}

/// Writes a new file that only its owner can read, whole or not at all. `AlreadyExists` when the name
/// is taken.
pub(crate) fn write_new(temp: PathBuf, path: &Path, bytes: &[u8], steps: &dyn Steps) -> io::Result<()> {
    let temp = Temp::clear(temp)?;
    let mut file = platform::create_private(&temp.0)?;
    let (head, tail) = bytes.split_at(bytes.len() / 2);
    file.write_all(head)?;
    steps.reached(Step::BackupHalfWritten);
    file.write_all(tail)?;
    file.sync_all()?;
    platform::rename_new(&temp.0, path)
}

/// A file that is deleted when it is not renamed. Its name is fixed: the lock is held, and what a killed
/// program left is cleared away by the next.
struct Temp(PathBuf);

impl Temp {
    fn clear(path: PathBuf) -> io::Result<Self> {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Self(path)),
        }
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // Renamed away in the good case; otherwise the next writer clears it.
        let _ = fs::remove_file(&self.0);
    }
}
