//! An engine of our own, while no app runs: does what is asked, serves others that arrive meanwhile, and
//! gives way to the app when it starts.

use crate::access::AccessError;
use adapters::{
    door::{Door, Words},
    home::Home,
};
use async_trait::async_trait;
use engine::{
    Engine,
    model::{code::Code, notice::Notice},
    ports::{Desktop, Manner, Ports, Presence, Program, Sandbox, SandboxReady},
};
use jiff::tz::TimeZone;
use link::{Caller, EngineLock, HandOver, Hello, Listener, Refusal, Reply, Request, SocketPath, Status};
use secrecy::SecretString;
use std::{
    env,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};
use tokio::runtime::Runtime;

/// A client's hello and each of its frames may take so long.
const FRAME_IN: Duration = Duration::from_secs(5);

/// Who is being served; the last one out tells.
#[derive(Default)]
struct Guests {
    state: Mutex<Served>,
    left: Condvar,
}

#[derive(Default)]
struct Served {
    now: usize,
    /// Nobody is served any more.
    closed: bool,
}

impl Guests {
    /// Whether one more is served.
    fn come(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now += usize::from(!state.closed);
        !state.closed
    }

    fn go(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).now -= 1;
        self.left.notify_all();
    }

    /// Waits until all are served, and lets nobody in any more.
    fn close(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.left.wait_while(state, |state| state.now > 0);
        left.unwrap_or_else(PoisonError::into_inner).closed = true;
    }
}

/// The engine of this process, until dropped.
pub struct Alone {
    door: Door,
    engine: Engine,
    runtime: Runtime,
    guests: Arc<Guests>,
    listener: Option<Listener>,
    // Given up last.
    _lock: EngineLock,
}

impl Alone {
    /// Starts it.
    ///
    /// # Errors
    /// A door to the world cannot be opened.
    pub fn start(home: &Home, socket: &SocketPath, lock: EngineLock) -> Result<Self, AccessError> {
        let failed = |error: &dyn std::fmt::Display| AccessError::Alone(error.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let doors = adapters::open(home, &|name| env::var_os(name)).map_err(|error| failed(&error))?;
        let ports = Ports {
            clock: doors.clock.clone(),
            sso: doors.sso,
            vault: doors.vault,
            store: doors.store,
            settings: doors.settings,
            files: doors.files,
            exports: doors.exports,
            browser: doors.browser,
            redirect: doors.redirect,
            sandbox: Arc::new(NoSandbox),
            desktop: Arc::new(NoDesktop),
            keys: Arc::new(adapters::keys::NoKeys),
            native: doors.native,
            program: Arc::new(NoProgram),
        };
        let guard = runtime.enter();
        let engine = Engine::start_on_demand(ports, TimeZone::system());
        drop(guard);
        let words = Words { problem: view::said::problem, line: view::said::line };
        let door = Door::new(engine.clone(), doors.clock, runtime.handle().clone(), words);
        let guests = Arc::new(Guests::default());
        let (here, counted) = (door.clone(), Arc::clone(&guests));
        let us = Hello::of("latch", env!("CARGO_PKG_VERSION"));
        let listener = Listener::bind(&lock, socket, us, FRAME_IN, move |request, caller| {
            // It called before the door was shut: the next engine answers.
            if !counted.come() {
                return Reply::Refused(Refusal::Ending);
            }
            let reply = serve(&here, request, caller);
            counted.go();
            reply
        })?;
        Ok(Self { door, engine, runtime, guests, listener: Some(listener), _lock: lock })
    }

    /// Asks it.
    pub fn ask(&self, request: &Request) -> Reply {
        serve(&self.door, request.clone(), &Caller::of(std::process::id()))
    }
}

fn serve(door: &Door, request: Request, caller: &Caller) -> Reply {
    match request {
        Request::Status => {
            let Hello { program, version, pid, .. } = Hello::of("latch", env!("CARGO_PKG_VERSION"));
            Reply::Status(Status { program, version, pid })
        }
        Request::HandOver if door.signing_in() => Reply::HandOver(HandOver::Busy),
        // It ends as soon as what it does is done; whoever wants the lock waits for that.
        Request::HandOver => Reply::HandOver(HandOver::Accepted),
        wish => door.answer(wish, caller).unwrap_or(Reply::Refused(Refusal::Impossible)),
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.guests.close();
        // Whoever comes now finds nobody, and is the next engine when the lock is given up.
        self.listener.take();
        let _ = self.runtime.block_on(self.engine.ask(engine::Request::Quit));
    }
}

/// Whoever does one thing and ends is not replaced meanwhile.
struct NoProgram;

impl Program for NoProgram {}

/// There is no desktop to speak of: the person is at the terminal.
struct NoDesktop;

#[async_trait]
impl Desktop for NoDesktop {
    async fn presence(&self) -> Presence {
        Presence::default()
    }
    async fn notify(&self, _: &Notice, _: Manner) -> Result<(), Code> {
        Err(Code::Gone { what: "desktop".to_owned() })
    }
    async fn withdraw(&self, _: &str) {}
    async fn copy_secret(&self, _: SecretString, _: Duration) -> Result<(), Code> {
        Err(Code::Gone { what: "clipboard".to_owned() })
    }
}

/// The app starts the sandbox, which would end with this command.
struct NoSandbox;

#[async_trait]
impl Sandbox for NoSandbox {
    async fn start(&self) -> Result<SandboxReady, Code> {
        Err(Code::SandboxFailed { reason: "the app starts it, and the app does not run".to_owned() })
    }
    async fn stop(&self) {}
    async fn delete(&self) -> Result<(), Code> {
        Err(Code::SandboxFailed { reason: "the app does not run".to_owned() })
    }
    fn exports(&self) -> Vec<String> {
        Vec::new()
    }
}
