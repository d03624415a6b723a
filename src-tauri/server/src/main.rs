//! `latchkey-server`

use std::{
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    let outcome =
        server::install_provider().map_err(anyhow::Error::from).and_then(|()| server::command::run());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this fails, too.
            let _ = writeln!(io::stderr(), "latchkey-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
