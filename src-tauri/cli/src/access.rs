//! The way to an engine: the one that runs, or one of our own.
//!
//! Whoever takes the engine's lock is the engine. A caller whose engine ends in the middle asks the next
//! one, or becomes it: killing the one that leads passes the lead on.

use crate::{alone::Alone, fast::ANSWER_IN, out};
use adapters::home::Home;
use link::{Client, EngineLock, Hello, LinkError, Problem, Refusal, Reply, Request};
use std::{
    env, thread,
    time::{Duration, Instant},
};

/// How long an engine may take to say hello.
const HELLO_IN: Duration = Duration::from_secs(5);
/// How long an engine that holds the lock may take until it listens.
const LISTENS_IN: Duration = Duration::from_secs(15);
/// How often that is looked at.
const PAUSE: Duration = Duration::from_millis(10);
/// So often a wish is passed on when its engine ends.
const PASSED_ON: usize = 20;

/// Why nobody could be asked.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The folders.
    #[error(transparent)]
    Home(#[from] adapters::home::HomeError),
    /// The socket or the lock.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Our own engine.
    #[error("{0}")]
    Alone(String),
}

/// An engine that can be asked.
pub struct Access {
    home: Home,
    way: Way,
}

enum Way {
    Running(Box<Client>),
    Alone(Box<Alone>),
}

impl Access {
    /// Finds the engine, or becomes it.
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn open() -> Result<Self, AccessError> {
        let home = Home::resolve(&|name| env::var_os(name))?;
        let way = find(&home)?;
        Ok(Self { home, way })
    }

    /// Whether an app runs.
    pub fn program(&self) -> &str {
        match &self.way {
            Way::Running(client) => &client.engine().program,
            Way::Alone(_) => "latch",
        }
    }

    /// Asks, and waits for as long as a person may take.
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn ask(&mut self, request: &Request) -> Result<Reply, AccessError> {
        if !matches!(
            request,
            Request::Credentials { .. }
                | Request::Assume { .. }
                | Request::AskInWindow { .. }
                | Request::OpenConsole { .. }
        ) {
            return self.passed_on(request);
        }
        match self.passed_on(&Request::TellOfTouch { request: Box::new(request.clone()) }) {
            Ok(Reply::TouchWaits(waits)) => {
                out::touch(&waits);
                self.passed_on(&Request::AwaitTouch { id: waits.id })
            }
            // One that is older knows no touch.
            Err(AccessError::Link(LinkError::Refused(Refusal::UnknownRequest))) => self.passed_on(request),
            other => other,
        }
    }

    fn passed_on(&mut self, request: &Request) -> Result<Reply, AccessError> {
        for _ in 0..PASSED_ON {
            let client = match &mut self.way {
                Way::Alone(alone) => return Ok(alone.ask(request)),
                Way::Running(client) => client,
            };
            match client.ask_within(request, ANSWER_IN) {
                Err(LinkError::Closed | LinkError::Refused(Refusal::Ending)) => self.way = find(&self.home)?,
                other => return Ok(other?),
            }
        }
        Err(LinkError::Closed.into())
    }
}

fn find(home: &Home) -> Result<Way, AccessError> {
    let us = Hello::of("latch", env!("CARGO_PKG_VERSION"));
    let socket = home.socket(&|name| env::var_os(name))?;
    let deadline = Instant::now() + LISTENS_IN;
    loop {
        match Client::connect(&socket, &us, HELLO_IN) {
            Ok(client) => return Ok(Way::Running(Box::new(client))),
            // Nobody listens, or not any more, or not yet.
            Err(LinkError::NotRunning | LinkError::Closed) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(lock) = EngineLock::acquire(&home.state)? {
            return Ok(Way::Alone(Box::new(Alone::start(home, &socket, lock)?)));
        }
        if Instant::now() > deadline {
            return Err(LinkError::TimedOut { waited_for: "listen" }.into());
        }
        thread::sleep(PAUSE);
    }
}

/// As a problem, for whoever prints one.
impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        Self {
            code: "no_latchkey".to_owned(),
            title: error.to_string(),
            meaning: String::new(),
            next: String::new(),
        }
    }
}
