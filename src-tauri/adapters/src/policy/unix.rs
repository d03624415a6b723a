//! Linux and macOS: the file and its folder belong to root, and nobody else may write them.

use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// A group or everybody may write.
const WRITABLE: u32 = 0o022;

/// Where administrators put settings for all users.
#[expect(clippy::unnecessary_wraps, reason = "Windows has to be asked")]
pub(super) fn folder() -> Option<PathBuf> {
    let place =
        if cfg!(target_os = "macos") { "/Library/Application Support/Latchkey" } else { "/etc/latchkey" };
    Some(PathBuf::from(place))
}

/// Whether nobody but an administrator can have written the file that is open, else why not. Its folder counts where
/// it is named and where a link leads to: whoever may write there could put another file in its place.
pub(super) fn trusted(path: &Path, file: &File, or_ours: bool) -> io::Result<Result<(), String>> {
    let real = path.canonicalize()?;
    let folders = [path.parent(), real.parent()];
    let mut all = vec![("the file", file.metadata()?)];
    for folder in folders.into_iter().flatten() {
        all.push(("its folder", folder.metadata()?));
    }
    Ok(all.iter().try_for_each(|(what, of)| is_trusted(what, of, or_ours)))
}

fn is_trusted(what: &str, of: &Metadata, or_ours: bool) -> Result<(), String> {
    let ours = or_ours && of.uid() == rustix::process::geteuid().as_raw();
    if of.uid() != 0 && !ours {
        return Err(format!("{what} does not belong to root"));
    }
    if of.mode() & WRITABLE != 0 { Err(format!("others may write {what}")) } else { Ok(()) }
}
