//! `latch`: Latchkey in a terminal.
//!
//! Invariant: `latch credentials` asks a running Latchkey before anything else is set up: no argument
//! framework, runtime, keyring, database or TLS. That path is [`fast`]; everything else is behind it.

mod access;
mod alone;
mod args;
mod commands;
mod exit;
mod fast;
mod find;
mod out;
mod pick;
mod rank;

use std::{env, ffi::OsString, process::ExitCode};

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    match fast::run(&words, &|name| env::var_os(name)) {
        Some(code) => code,
        None => {
            adapters::install_crypto_provider();
            commands::run()
        }
    }
}
