//! Dated copies beside the credentials file, for its owner alone.

use crate::{
    error::{Doing, FileError},
    place::{folder_of, name_of},
    platform,
    replace::{Step, Steps, write_new},
};
use jiff::Timestamp;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Why a copy is made; the ending of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Before a change: what undo restores.
    Change,
    /// Before an undo, so that nothing of that is lost either.
    Undo,
    /// Before profiles of the config file are written in another form.
    Conversion,
}

impl Kind {
    fn ending(self) -> &'static str {
        match self {
            Self::Change | Self::Conversion => "bak",
            Self::Undo => "undone",
        }
    }

    /// A conversion is the person's own act, so its minute tells enough.
    fn date(self) -> &'static str {
        match self {
            Self::Change | Self::Undo => "%Y%m%d-%H%M%S",
            Self::Conversion => "%Y%m%d-%H%M",
        }
    }
}

/// Writes `credentials.latchkey-20261124-003100.bak` (UTC) beside `path`, which may be a link: copies
/// stand where the person looks, not in a repository that the link leads to.
pub(crate) fn make(
    path: &Path,
    bytes: &[u8],
    now: Timestamp,
    kind: Kind,
    steps: &dyn Steps,
) -> Result<PathBuf, FileError> {
    let folder = folder_of(path);
    let name = name_of(path);
    let date = now.strftime(kind.date()).to_string();
    for number in 1..=99 {
        let count = if number == 1 { String::new() } else { format!("-{number}") };
        let backup = folder.join(format!("{name}.latchkey-{date}{count}.{}", kind.ending()));
        let temp = folder.join(format!(".{name}.latchkey-bak-tmp"));
        match write_new(temp, &backup, bytes, steps) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            done => {
                done.and_then(|()| platform::sync_folder(&folder))
                    .map_err(|error| FileError::io(&backup, Doing::BackUp, error))?;
                steps.reached(Step::BackedUp);
                return Ok(backup);
            }
        }
    }
    let error = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(FileError::io(&folder.join(format!("{name}.latchkey-{date}.bak")), Doing::BackUp, error))
}

/// The backups made before changes, oldest first.
pub(crate) fn list(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    let folder = folder_of(path);
    let fail = |error| FileError::io(&folder, Doing::Read, error);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(fail)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fail)?;
        if let Some(order) = order(path, &entry.file_name().to_string_lossy()) {
            found.push((order, entry.path()));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Date and number of a backup of `path`; `None` for other names.
pub(crate) fn order(path: &Path, backup: &str) -> Option<(String, u32)> {
    let rest = backup.strip_prefix(&name_of(path))?.strip_prefix(".latchkey-")?.strip_suffix(".bak")?;
    let (date, rest) = rest.split_at_checked(15)?;
    let shape = date.bytes().enumerate().all(|(at, byte)| match at {
        8 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let number = match rest.strip_prefix('-') {
        None if rest.is_empty() => 1,
        None => return None,
        Some(number) => number.parse().ok()?,
    };
    shape.then(|| (date.to_owned(), number))
}
