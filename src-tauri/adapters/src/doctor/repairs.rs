//! The repairs. Each keeps what it changes: a copy beside the file, or the file itself elsewhere.

use aws_files::{
    FileError,
    repair::{comment_out, remove_unfinished},
};
use engine::model::Timestamp;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What can be done about a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// Make comments of the lines that tools cannot read, with a copy of the file beside it.
    CommentOut(PathBuf),
    /// Take the rights of others off a file.
    Private(PathBuf),
    /// Take the right to write of others off a folder.
    FolderPrivate(PathBuf),
    /// Move a file of the token cache into a folder beside it.
    MoveAside(PathBuf),
    /// Delete an unfinished file of ours, if nobody is at it.
    Delete(PathBuf),
}

/// A repair that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Where what was changed is kept.
    pub kept: Option<PathBuf>,
}

impl Repair {
    /// Makes it.
    ///
    /// # Errors
    /// In technical words.
    pub fn make(&self, now: Timestamp) -> Result<Repaired, String> {
        let words = |error: io::Error| error.to_string();
        match self {
            Self::CommentOut(path) => {
                comment_out(path, now).map(|kept| Repaired { kept }).map_err(|error| error.to_string())
            }
            Self::Private(path) => without(path, 0o077).map_err(words),
            Self::FolderPrivate(path) => without(path, 0o022).map_err(words),
            Self::MoveAside(path) => aside(path, now).map_err(words),
            Self::Delete(path) => match remove_unfinished(path) {
                Ok(()) => Ok(Repaired::default()),
                Err(FileError::Locked { .. }) => Err("another Latchkey is writing it just now".to_owned()),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

#[cfg(unix)]
fn without(path: &Path, bits: u32) -> io::Result<Repaired> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, fs::Permissions::from_mode(mode & !bits))?;
    Ok(Repaired::default())
}

#[cfg(not(unix))]
fn without(_: &Path, _: u32) -> io::Result<Repaired> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Into a folder that tools do not look into, under the same name.
fn aside(path: &Path, now: Timestamp) -> io::Result<Repaired> {
    if !super::cache::is_useless(path, now) {
        return Err(io::Error::other("it was changed meanwhile"));
    }
    let folder = path.parent().unwrap_or(Path::new(".")).join("latchkey-moved");
    let folder = folder.join(now.strftime("%Y%m%d-%H%M%S").to_string());
    crate::home::make_private_dir(&folder)?;
    let to = folder.join(path.file_name().unwrap_or_default());
    fs::rename(path, &to)?;
    Ok(Repaired { kept: Some(to) })
}
