//! Windows: access lists are inherited from the folder, which in a user's profile is the user's own.
//! Untested: written after the documentation of `std::fs` and `MoveFileExW`.

use std::{
    fs::{File, Metadata, OpenOptions},
    io,
    os::windows::fs::MetadataExt,
    path::Path,
};

/// Tells two states of a file apart without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    length: u64,
    created: u64,
    modified: u64,
}

pub(crate) fn identity(of: &Metadata) -> Identity {
    Identity { length: of.file_size(), created: of.creation_time(), modified: of.last_write_time() }
}

/// There are no permission bits.
pub(crate) fn mode(_of: &Metadata) -> Option<u32> {
    None
}

/// Not asked for: it needs an open handle.
pub(crate) fn names(_of: &Metadata) -> u64 {
    1
}

/// Opens for reading.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Makes a new file with the folder's access list.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// Opens or makes a lock file.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

/// Makes a folder, and those above it.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// The folder's access list applies to both.
pub(crate) fn keep_owner_and_mode(_new: &File, _old: &File) -> io::Result<bool> {
    Ok(true)
}

/// Nothing to take away.
pub(crate) fn make_private(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Renames only if there is no file of the new name.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::hard_link(from, to)?;
    std::fs::remove_file(from)
}

/// A folder cannot be synced.
pub(crate) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
