//! Windows: a process cannot become another program, so that a second one waits for the end of this one. Written with
//! care and never run: there is no machine to run it on where this was made.

use std::{io, path::Path, process::Command};

/// Returns when it waits.
pub fn start_in_our_place(program: &Path, window: &str) -> io::Result<()> {
    let us = std::process::id().to_string();
    Command::new(program).args([window, keys::system::AFTER, &us]).spawn().map(drop)
}
