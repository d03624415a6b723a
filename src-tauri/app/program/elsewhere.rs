//! Windows: a process cannot become another program, so that a second one waits for the end of this one. Written with
//! care and never run: there is no machine to run it on where this was made.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Returns when it waits.
pub fn start_in_our_place(program: &Path, window: &str) -> io::Result<()> {
    let us = std::process::id().to_string();
    Command::new(program).args([window, keys::system::AFTER, &us]).spawn().map(drop)
}

/// It would be the same file.
pub fn start_ours_again(_: &str) {}

/// Its folder is guarded by lists of rights, which whoever installs there has passed.
pub fn is_ours_alone(_: &fs::Metadata) -> bool {
    true
}

/// A program that runs cannot be replaced before it has started.
pub fn what_runs(path: &Path) -> PathBuf {
    path.to_owned()
}
