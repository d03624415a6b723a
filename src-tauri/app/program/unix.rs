//! Linux and macOS: the process stays and becomes another program, so that whoever watches over it (a terminal, a
//! session's service manager) sees no end. On macOS written with care and never run.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
};

/// Group and others.
const OTHERS_WRITE: u32 = 0o022;

/// Returns only when it cannot.
pub fn start_in_our_place(program: &Path, window: &str) -> io::Result<()> {
    Err(Command::new(program).arg(window).exec())
}

/// As [`start_in_our_place`], of the program that runs: Linux starts it from a file that has no name any more.
pub fn start_ours_again(window: &str) {
    if cfg!(target_os = "linux") {
        // Where that cannot be either, whoever calls says what could not.
        let _ = Command::new("/proc/self/exe").arg(window).exec();
    }
}

/// Whether nobody but the system and the person can write what has this.
pub fn is_ours_alone(found: &fs::Metadata) -> bool {
    let owners = [0, rustix::process::geteuid().as_raw()];
    owners.contains(&found.uid()) && found.mode() & OTHERS_WRITE == 0
}

/// Where the file is found that runs, even if another one is in its place already.
pub fn what_runs(path: &Path) -> PathBuf {
    if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { path.to_owned() }
}
