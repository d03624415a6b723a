//! One file for each command.

mod console;
mod doctor;
mod environment;
mod exec;
mod history;
mod keys;
mod list;
mod profiles;
mod serve;
mod sign_in;
mod status;
mod team;

use crate::{
    access::Access,
    args::{Command, Latch},
    exit,
    find::Stop,
    out,
};
use clap::{CommandFactory, Parser};
use std::{io, process::ExitCode};

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let latch = Latch::parse();
    let done = match latch.command {
        Command::Completion { shell } => completion(shell),
        Command::Man => man(),
        Command::Doctor { fix, yes } => doctor::doctor(fix, yes, latch.json),
        command => connected(command, latch.json),
    };
    match done {
        Ok(status) => exit::code(status),
        Err(stop) => exit::code(stop.told()),
    }
}

fn connected(command: Command, json: bool) -> Result<u8, Stop> {
    let mut access = Access::open()?;
    match command {
        Command::Login { organisation, code, new } => {
            sign_in::login(&mut access, organisation.as_deref(), code, new, json)
        }
        Command::Logout { organisation, all } => {
            sign_in::logout(&mut access, organisation.as_deref(), all, json)
        }
        Command::Status => status::status(&mut access, json),
        Command::Ls { query } => list::list(&mut access, &query.join(" "), json),
        Command::Credentials(whose) => keys::credentials(&mut access, &whose),
        Command::Env { whose, shell } => environment::environment(&mut access, &whose, shell, json),
        Command::Exec { whose, command } => exec::exec(access, &whose, &command),
        Command::Serve { whose, port, command } => serve::serve(access, &whose, port, &command, json),
        Command::Console { whose, service, region, url } => {
            console::console(&mut access, &whose, service.or(url).as_deref(), region.as_deref(), json)
        }
        Command::Open { query } => console::open(&mut access, &query.join(" "), json),
        Command::Profiles { action } => profiles::run(&mut access, action, json),
        Command::Team { action } => team::run(&mut access, action, json),
        Command::History { lines } => history::history(&mut access, lines, json),
        // Done before anybody was asked.
        Command::Completion { .. } | Command::Man | Command::Doctor { .. } => Ok(0),
    }
}

fn completion(shell: clap_complete::Shell) -> Result<u8, Stop> {
    clap_complete::generate(shell, &mut Latch::command(), "latch", &mut io::stdout());
    Ok(0)
}

fn man() -> Result<u8, Stop> {
    let page = clap_mangen::Man::new(Latch::command());
    page.render(&mut io::stdout())
        .map(|()| 0)
        .map_err(|error| Stop::new("failed", &format!("The page could not be written: {error}"), ""))
}

/// Done, for those who read JSON.
fn done(json: bool, text: &str) {
    if json {
        out::json(&serde_json::json!({ "done": true }));
    } else {
        out::tell(text);
    }
}
