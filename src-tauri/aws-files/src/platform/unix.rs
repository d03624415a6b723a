//! Linux and macOS: modes, owners, access lists, links, folders that can be synced.

use rustix::{
    fs::{CWD, Mode, OFlags, RenameFlags, XattrFlags, fchmod, fchown, fgetxattr, fsetxattr, renameat_with},
    io::Errno,
    process::{Gid, Uid},
};
use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

/// Tells two states of a file apart without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

pub(crate) fn identity(of: &Metadata) -> Identity {
    Identity { device: of.dev(), inode: of.ino(), length: of.len(), modified: (of.mtime(), of.mtime_nsec()) }
}

/// The permission bits.
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
pub(crate) fn mode(of: &Metadata) -> Option<u32> {
    Some(of.mode() & 0o7777)
}

/// How many names the file has.
pub(crate) fn names(of: &Metadata) -> u64 {
    of.nlink()
}

fn flags(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or_default()
}

/// Reading through it does not count as use of the file. Only its owner may open it so.
#[cfg(target_os = "linux")]
const UNNOTICED: OFlags = OFlags::NOATIME;
#[cfg(not(target_os = "linux"))]
const UNNOTICED: OFlags = OFlags::empty();

/// Opens for reading: no link at the last step, and a pipe does not block. Unnoticed where that is allowed.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    let open = |more| {
        let plain = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        OpenOptions::new().read(true).custom_flags(flags(plain | more)).open(path)
    };
    match open(UNNOTICED) {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::PERM) => open(OFlags::empty()),
        opened => opened,
    }
}

/// Makes a new file that only its owner can read.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Opens or makes a lock file.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
        .open(path)
}

/// Makes a folder, and those above it, for its owner alone.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Gives a new file the owner, mode and access list of the old one.
///
/// # Errors
/// `Ok(false)` when the owner cannot be kept, so that the file must not be replaced.
pub(crate) fn keep_owner_and_mode(new: &File, old: &File) -> io::Result<bool> {
    let (now, then) = (new.metadata()?, old.metadata()?);
    if (now.uid(), now.gid()) != (then.uid(), then.gid()) {
        match fchown(new, Some(Uid::from_raw(then.uid())), Some(Gid::from_raw(then.gid()))) {
            Err(Errno::PERM) => return Ok(false),
            done => done?,
        }
    }
    fchmod(
        new,
        Mode::from_bits_truncate(rustix::fs::RawMode::try_from(then.mode() & 0o7777).unwrap_or(0o600)),
    )?;
    copy_access_list(new, old)?;
    Ok(true)
}

/// A mode with an access list means something else than the mode alone: its group bits are the mask.
#[cfg(target_os = "linux")]
fn copy_access_list(new: &File, old: &File) -> io::Result<()> {
    const NAME: &str = "system.posix_acl_access";
    let mut list = Vec::with_capacity(4096);
    match fgetxattr(old, NAME, rustix::buffer::spare_capacity(&mut list)) {
        Ok(_) => Ok(fsetxattr(new, NAME, &list, XattrFlags::empty())?),
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn copy_access_list(_new: &File, _old: &File) -> io::Result<()> {
    Ok(())
}

/// Takes the rights of group and others away.
pub(crate) fn make_private(file: &File) -> io::Result<()> {
    Ok(fchmod(file, Mode::RUSR | Mode::WUSR)?)
}

/// Renames only if there is no file of the new name.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system without that flag.
        Err(Errno::INVAL | Errno::NOSYS) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        done => Ok(done?),
    }
}

/// Makes a rename in the folder survive a power cut.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // Some network file systems cannot sync a folder.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}
