//! What the system says of a file.

use engine::ports::Reads;
use std::path::Path;

/// When a file was changed last.
pub(super) fn changed(path: &Path) -> Option<jiff::Timestamp> {
    jiff::Timestamp::try_from(std::fs::metadata(path).ok()?.modified().ok()?).ok()
}

/// Whether a file can neither be replaced nor made. Files are replaced whole, so that it is their folder that
/// counts; one that is not there is made.
#[cfg(unix)]
pub(super) fn read_only(path: &Path) -> bool {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| folder.is_dir());
    folder.is_some_and(|folder| rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_err())
}

/// Nobody asked the system here; the attempt tells.
#[cfg(not(unix))]
pub(super) fn read_only(_: &Path) -> bool {
    false
}

/// Whether another program read it.
pub(super) fn reads(found: aws_files::Reads) -> Reads {
    match found {
        aws_files::Reads::Unknown => Reads::Unknown,
        aws_files::Reads::NotYet => Reads::NotYet,
        aws_files::Reads::At(at) => Reads::At(at),
    }
}
