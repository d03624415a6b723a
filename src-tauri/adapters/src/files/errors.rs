//! What went wrong with a file, as the engine has it.

use aws_files::{Doing, FileError, Refused};
use engine::model::code::Code;
use std::path::Path;

pub(super) fn refused(error: &Refused) -> Code {
    match error {
        Refused::ProfileName(name, _) => Code::BadProfileName { profile: name.clone() },
        Refused::Owner | Refused::Value(_) | Refused::Role(_) => Code::Internal { what: error.to_string() },
    }
}

pub(super) fn code(error: &FileError) -> Code {
    let shown = |path: &Path| path.display().to_string();
    let reading = |doing: &Doing| matches!(doing, Doing::Find | Doing::Read);
    match error {
        FileError::Unparseable { path, error } => Code::FileUnparseable {
            path: shown(path),
            line: u32::try_from(error.line).unwrap_or(u32::MAX),
            what: error.kind.to_string(),
        },
        FileError::BeingWritten { path } | FileError::Locked { path } => Code::FileBusy { path: shown(path) },
        FileError::DiskFull { path, .. } => Code::DiskFull { path: shown(path) },
        FileError::NotAllowed { path, doing } if reading(doing) => {
            Code::FileUnreadable { path: shown(path), reason: "the permissions do not allow it".to_owned() }
        }
        FileError::NotAllowed { path, .. } => {
            Code::FileNotWritable { path: shown(path), reason: "the permissions do not allow it".to_owned() }
        }
        FileError::ReadOnly { path, .. } => {
            Code::FileNotWritable { path: shown(path), reason: "its file system is read-only".to_owned() }
        }
        FileError::NotPlain { path, what } => {
            Code::FileUnreadable { path: shown(path), reason: format!("it is {what}") }
        }
        FileError::OwnerWouldChange { path } => {
            Code::FileNotWritable { path: shown(path), reason: "it belongs to another user".to_owned() }
        }
        FileError::TooLarge { path, .. } => {
            Code::FileUnreadable { path: shown(path), reason: "it is too large".to_owned() }
        }
        FileError::NoFile { path } => {
            Code::FileUnreadable { path: shown(path), reason: "it is not the path of a file".to_owned() }
        }
        FileError::NotABackup { .. } => Code::Gone { what: "backup".to_owned() },
        FileError::NotAsWritten { path } => Code::FileNotWritable {
            path: shown(path),
            reason: "the disk does not hold what was written".to_owned(),
        },
        FileError::Io { path, doing, source } if reading(doing) => {
            Code::FileUnreadable { path: shown(path), reason: source.to_string() }
        }
        FileError::Io { path, source, .. } => {
            Code::FileNotWritable { path: shown(path), reason: source.to_string() }
        }
    }
}
