//! What can go wrong with a file, on which path, and what to do about it. No text of the file.

use crate::grammar::ParseError;
use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// A file could not be read or changed. Unless a variant says otherwise the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// AWS tools cannot read the file either.
    #[error("{path} cannot be read by AWS tools: {error}. Repair that line; nothing was changed")]
    Unparseable {
        /// The file.
        path: PathBuf,
        /// The line and what is wrong with it.
        error: ParseError,
    },
    /// The file is empty, cut short or changing: another program is writing it in place. Try again at
    /// the next occasion, a second later at the earliest.
    #[error("{path} is being written by another program. It is tried again shortly")]
    BeingWritten {
        /// The file.
        path: PathBuf,
    },
    /// Another program of ours holds the lock.
    #[error("another program of ours is changing {path}. It is tried again shortly")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Not a plain file of one name.
    #[error("{path} is {what}, not a plain file. Move it away or choose another location")]
    NotPlain {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: NotPlain,
    },
    /// The rights do not allow it.
    #[error("not allowed to {doing} {path}. Check its owner and its permissions")]
    NotAllowed {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: Doing,
    },
    /// The file system is mounted read-only.
    #[error("cannot {doing} {path}: its file system is read-only. Choose another location")]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: Doing,
    },
    /// No space, or the quota is used up.
    #[error("cannot {doing} {path}: the disk is full. Free some space")]
    DiskFull {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: Doing,
    },
    /// The file belongs to somebody else, and a new file in its place would not.
    #[error("{path} belongs to another user and would not any more. Take it over or choose another location")]
    OwnerWouldChange {
        /// The file.
        path: PathBuf,
    },
    /// Larger than any credentials file.
    #[error("{path} is larger than {limit} bytes. Check that it is the right file")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The path names no file in a folder.
    #[error("{path} is not the path of a file. Check AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE")]
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// Not one of the file's backups.
    #[error("{path} is not a backup of this file")]
    NotABackup {
        /// The path given.
        path: PathBuf,
    },
    /// What was read back, before it took the file's place, is not what was written: the disk or file
    /// system is failing.
    #[error("what was written for {path} does not read back the same; it was left as it is. Check the disk")]
    NotAsWritten {
        /// The file.
        path: PathBuf,
    },
    /// Anything else the system said.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: Doing,
        /// The system's answer.
        source: io::Error,
    },
}

/// What a path leads to instead of a plain file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPlain {
    /// A folder.
    Folder,
    /// A device, pipe or socket.
    Special,
    /// A link whose target is not there.
    DanglingLink,
    /// A file with several names, which replacing would tear apart.
    HardLinked,
}

impl fmt::Display for NotPlain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "a folder",
            Self::Special => "a device, pipe or socket",
            Self::DanglingLink => "a link to a file that is not there",
            Self::HardLinked => "one of several names (hard links) of a file",
        })
    }
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Following links, reading the kind of file.
    Find,
    /// Reading.
    Read,
    /// Making the folder.
    MakeFolder,
    /// Taking the lock beside the file.
    Lock,
    /// Writing the backup.
    BackUp,
    /// Writing the new contents beside the file.
    Write,
    /// Putting the new file in the place of the old.
    Replace,
    /// Changing the rights.
    SetMode,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Find => "find",
            Self::Read => "read",
            Self::MakeFolder => "make the folder",
            Self::Lock => "lock",
            Self::BackUp => "write the backup",
            Self::Write => "write the new contents of",
            Self::Replace => "replace",
            Self::SetMode => "change the permissions of",
        })
    }
}

impl FileError {
    /// Sorts the system's answer.
    pub(crate) fn io(path: &Path, doing: Doing, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::NotAllowed { path, doing },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path, doing },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, doing },
            _ => Self::Io { path, doing, source },
        }
    }
}
