//! What the server is held against, and the load that both get:
//!
//! - `floor argon2 THREADS SECONDS HASH PASSWORD`: checks a password, and does nothing else;
//! - `floor read DATABASE`: an axum handler that does one indexed read; says its address, ends with its input;
//! - `floor load CONNECTIONS SECONDS [HEADER...]`: asks the addresses of its input in turn, `--together` all of
//!   them each time;
//! - `floor sign-in CONNECTIONS SECONDS ORIGIN PASSWORD`: signs the people of its input in, page and form.
//!
//! What is measured is printed as one JSON line.

mod client;
mod load;
mod read;
mod sign_in;

use std::{
    io::{self, BufRead, Write},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use argon2::{Argon2, PasswordVerifier, password_hash::PasswordHash};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let taken = match arguments.as_slice() {
        ["read", database] => return read::serve(database),
        ["argon2", threads, seconds, hash, password] => {
            let password = password.as_bytes();
            load::measure(number(threads)?, time(seconds)?, |_| {
                let hash = PasswordHash::new(hash).map_err(|error| anyhow::anyhow!("{error}"))?;
                Ok(move || {
                    let outcome = Argon2::default().verify_password(password, &hash);
                    outcome.map_err(|error| anyhow::anyhow!("{error}"))
                })
            })?
        }
        ["load", connections, seconds, headers @ ..] => {
            let (together, headers) = match headers {
                ["--together", headers @ ..] => (true, headers),
                headers => (false, headers),
            };
            let requests = client::requests(&input()?, headers)?;
            load::measure(number(connections)?, time(seconds)?, |worker| requests.asker(worker, together))?
        }
        ["sign-in", connections, seconds, origin, password] => {
            let (connections, people) = (number(connections)?, input()?);
            load::measure(connections, time(seconds)?, |worker| {
                let own = people.iter().skip(worker).step_by(connections).cloned().collect();
                sign_in::visitor(origin, own, password)
            })?
        }
        other => bail!("floor does not know {other:?}"),
    };
    writeln!(io::stdout(), "{taken}").context("could not print")
}

fn number(text: &str) -> Result<usize> {
    text.parse().with_context(|| format!("{text:?} is no number"))
}

fn time(text: &str) -> Result<Duration> {
    Ok(Duration::from_secs_f64(text.parse().with_context(|| format!("{text:?} is no number of seconds"))?))
}

/// The lines of the input.
fn input() -> Result<Vec<String>> {
    let lines: Vec<String> = io::stdin().lock().lines().collect::<io::Result<_>>()?;
    if lines.is_empty() {
        bail!("the input is empty");
    }
    Ok(lines)
}
