//! Linux and macOS: the process stays and becomes another program, so that whoever watches over it (a terminal, a
//! session's service manager) sees no end. On macOS written with care and never run.

use std::{io, os::unix::process::CommandExt, path::Path, process::Command};

/// Returns only when it cannot.
pub fn start_in_our_place(program: &Path, window: &str) -> io::Result<()> {
    Err(Command::new(program).arg(window).exec())
}
