//! One engine across processes: this app is it when it holds the lock, and then listens on the local
//! socket. When it is not, whoever is shows its window, or, being no app, hands the lock over.

use crate::{flags::Flags, shell::Shell};
use adapters::{
    door::{Door, Words},
    home::Home,
};
use anyhow::{Context, bail};
use link::{
    Client, EngineLock, HandOver, Hello, LinkError, Listener, Refusal, Reply, Request, SocketPath, Status,
};
use std::{env, sync::Arc, time::Duration};

/// How long another program of ours may take to answer.
const ANSWER_IN: Duration = Duration::from_secs(5);
/// How long it may take to finish and give up the lock.
const HAND_OVER_IN: Duration = Duration::from_secs(15);

/// Makes this process the engine, or returns nothing when another app is it and shows its window.
///
/// # Errors
/// The other program neither shows a window nor gives up the lock.
pub fn take(home: &Home, flags: &Flags) -> anyhow::Result<Option<EngineLock>> {
    if let Some(lock) = EngineLock::acquire(&home.state)? {
        return Ok(Some(lock));
    }
    let pid =
        EngineLock::last_holder(&home.state).map_or_else(|| "unknown".to_owned(), |pid| pid.to_string());
    let ask = || format!("another program of Latchkey is running (process {pid}), but does not answer");
    let mut other = Client::connect(&socket(home)?, &us(), ANSWER_IN).with_context(ask)?;
    let wish = if flags.sandbox { Request::ShowSandbox } else { Request::ShowWindow };
    match other.ask(&wish) {
        Ok(_) => Ok(None),
        // It ends by itself when it is done with what it does; a sign-in is not cut off.
        Err(LinkError::Refused(Refusal::Impossible)) => match other.ask(&Request::HandOver)? {
            Reply::HandOver(HandOver::Accepted | HandOver::Busy) => {
                let lock = EngineLock::acquire_within(&home.state, HAND_OVER_IN);
                let (program, pid) = (&other.engine().program, other.engine().pid);
                lock.map(Some).with_context(|| {
                    format!("{program} (process {pid}) is in the middle of something; start Latchkey again when it is done")
                })
            }
            _ => bail!("{} (process {}) does not give way", other.engine().program, other.engine().pid),
        },
        Err(error) => Err(error).with_context(ask),
    }
}

/// Answers other programs of ours until the listener is dropped.
///
/// # Errors
/// The socket cannot be made.
pub fn listen(home: &Home, lock: &EngineLock, shell: Shell) -> Result<Listener, LinkError> {
    let words = Words { problem: view::said::problem, line: view::said::line };
    let door = Door::new(shell.engine.clone(), Arc::clone(&shell.clock), shell.runtime.clone(), words);
    Listener::bind(lock, &socket(home)?, us(), ANSWER_IN, move |request, caller| match request {
        Request::Status => {
            let Hello { program, version, pid, .. } = us();
            Reply::Status(Status { program, version, pid })
        }
        Request::ShowWindow => {
            shell.started_again(&Flags::default());
            Reply::Done
        }
        Request::ShowSandbox => {
            shell.started_again(&Flags { sandbox: true, ..Flags::default() });
            Reply::Done
        }
        // The app is the engine for as long as it runs.
        Request::HandOver => Reply::Refused(Refusal::Impossible),
        wish => door.answer(wish, caller).unwrap_or(Reply::Refused(Refusal::UnknownRequest)),
    })
}

fn us() -> Hello {
    Hello::of(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

fn socket(home: &Home) -> Result<SocketPath, LinkError> {
    home.socket(&|name| env::var_os(name))
}
