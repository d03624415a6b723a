//! `latch exec`: one command with keys in its environment, in place of `latch` itself.

use super::{environment, keys};
use crate::{access::Access, args::Named, find::Stop};
use std::{ffi::OsString, process::Command};

/// `latch exec`.
pub fn exec(mut access: Access, whose: &Named, command: &[OsString]) -> Result<u8, Stop> {
    let keys = keys::named(&mut access, whose)?;
    // An engine of our own ends before the command begins, which may run for days.
    drop(access);
    let Some((program, arguments)) = command.split_first() else { return Ok(crate::exit::USAGE) };
    let mut command = Command::new(program);
    command.args(arguments).envs(environment::variables(&keys));
    for name in environment::IN_THE_WAY {
        command.env_remove(name);
    }
    run(command, program)
}

#[cfg(unix)]
fn run(mut command: Command, program: &OsString) -> Result<u8, Stop> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Ok(not_started(program, &error))
}

#[cfg(not(unix))]
fn run(mut command: Command, program: &OsString) -> Result<u8, Stop> {
    match command.status() {
        Ok(status) => {
            Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(crate::exit::FAILED))
        }
        Err(error) => Ok(not_started(program, &error)),
    }
}

/// As shells count it: 127 for what is not there, 126 for what cannot be run.
fn not_started(program: &OsString, error: &std::io::Error) -> u8 {
    crate::out::error(&format!("{} cannot be run: {error}", program.to_string_lossy()));
    if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }
}
