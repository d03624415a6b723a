//! Whether another program read a file, by its access time. Our own reads leave it alone (`O_NOATIME`);
//! an editor, a backup or an indexer moves it as the AWS tools do. That errs to the safe side: a profile
//! then counts as used.

use crate::place::Reads;
use jiff::Timestamp;
use rustix::fs::{
    OFlags, StatVfsMountFlags, Timespec, Timestamps, UTIME_OMIT, fcntl_getfl, fstatvfs, futimens,
};
use std::{fs::File, os::unix::fs::MetadataExt};

/// The access time of a file that nobody read lies so many seconds before its modification: never by
/// chance, and under `relatime` the next read moves it.
const MARK: i64 = 3600;

/// To be called before a new file is read back.
pub(crate) fn expect_reading(file: &File) {
    set_accessed(file, MARK);
}

/// To be called when a new file was read back: if that moved the access time, the file is marked as not
/// read; if not, nobody can tell and the file carries no mark.
pub(crate) fn note_reading(file: &File) {
    let moved = file.metadata().is_ok_and(|found| !is_marked(&found));
    set_accessed(file, if moved { MARK } else { 0 });
}

/// Who read an open file. Network file systems, and disks mounted with `noatime`, do not say.
pub(crate) fn reads(file: &File) -> Reads {
    let unnoticed = fcntl_getfl(file).is_ok_and(|flags| flags.contains(OFlags::NOATIME));
    let silent = StatVfsMountFlags::NOATIME | StatVfsMountFlags::RDONLY;
    let told = fstatvfs(file).is_ok_and(|found| !found.f_flag.intersects(silent));
    let Some(found) = file.metadata().ok().filter(|_| unnoticed && told) else { return Reads::Unknown };
    if is_marked(&found) {
        return Reads::NotYet;
    }
    let accessed = (found.atime(), found.atime_nsec());
    let moment = i32::try_from(accessed.1).ok().and_then(|nanos| Timestamp::new(accessed.0, nanos).ok());
    // Not after the last change: another program wrote it, or the mark could not be set.
    moment.filter(|_| accessed > (found.mtime(), found.mtime_nsec())).map_or(Reads::Unknown, Reads::At)
}

fn is_marked(found: &std::fs::Metadata) -> bool {
    (found.atime(), found.atime_nsec()) == (found.mtime() - MARK, found.mtime_nsec())
}

/// Sets the access time to so many seconds before the modification, which stays. What fails leaves a time
/// that is no mark.
fn set_accessed(file: &File, before: i64) {
    let Ok(found) = file.metadata() else { return };
    let last_access = Timespec { tv_sec: found.mtime() - before, tv_nsec: found.mtime_nsec() };
    let last_modification = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let _ = futimens(file, &Timestamps { last_access, last_modification });
}
