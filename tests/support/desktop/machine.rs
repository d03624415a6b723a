//! Sleep, lock and network: org.freedesktop.login1 and org.freedesktop.NetworkManager on the
//! system bus, as far as a desktop app listens to them.

use crate::desk::Bus;
use anyhow::Result;
use std::{
    collections::HashMap,
    io,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, PoisonError},
};
use zbus::{
    Connection, fdo, interface,
    object_server::SignalEmitter,
    zvariant::{self, ObjectPath, OwnedObjectPath},
};

const LOGIND: &str = "/org/freedesktop/login1";
/// The session by its number, and by the two names logind understands for "the caller's".
const SESSIONS: [&str; 3] = [
    "/org/freedesktop/login1/session/_31",
    "/org/freedesktop/login1/session/auto",
    "/org/freedesktop/login1/session/self",
];
const NETWORK: &str = "/org/freedesktop/NetworkManager";
/// `NM_STATE_CONNECTED_GLOBAL`.
const CONNECTED: u32 = 70;
/// `NM_STATE_DISCONNECTED`.
const DISCONNECTED: u32 = 20;

#[derive(Clone, Copy, Debug)]
struct State {
    preparing: bool,
    locked: bool,
    idle: bool,
    idle_since_us: u64,
    network: u32,
}

type Shared = Arc<Mutex<State>>;

fn get(state: &Shared) -> State {
    *state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Id, user id, user name, seat, object.
type SessionRow = (String, u32, String, String, OwnedObjectPath);

struct Manager {
    state: Shared,
    /// Read ends of the inhibitors' pipes: held, so that an inhibitor stays valid.
    inhibitors: Mutex<Vec<io::PipeReader>>,
}

#[interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    #[zbus(name = "GetSession")]
    fn get_session(&self, _id: &str) -> fdo::Result<OwnedObjectPath> {
        session_path()
    }

    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, _pid: u32) -> fdo::Result<OwnedObjectPath> {
        session_path()
    }

    #[zbus(name = "ListSessions")]
    fn list_sessions(&self) -> fdo::Result<Vec<SessionRow>> {
        let uid = rustix::process::getuid().as_raw();
        Ok(vec![("1".to_owned(), uid, "desk".to_owned(), "seat0".to_owned(), session_path()?)])
    }

    fn inhibit(&self, _what: &str, _who: &str, _why: &str, _mode: &str) -> fdo::Result<zvariant::OwnedFd> {
        let (read, write) = io::pipe().map_err(|e| fdo::Error::IOError(e.to_string()))?;
        self.inhibitors.lock().unwrap_or_else(PoisonError::into_inner).push(read);
        Ok(OwnedFd::from(write).into())
    }

    #[zbus(property)]
    fn preparing_for_sleep(&self) -> bool {
        get(&self.state).preparing
    }

    #[zbus(property)]
    fn idle_hint(&self) -> bool {
        get(&self.state).idle
    }

    #[zbus(signal)]
    async fn prepare_for_sleep(emitter: &SignalEmitter<'_>, start: bool) -> zbus::Result<()>;
}

fn session_path() -> fdo::Result<OwnedObjectPath> {
    Ok(ObjectPath::try_from(SESSIONS[0]).map_err(|e| fdo::Error::Failed(e.to_string()))?.into())
}

struct Session {
    state: Shared,
}

#[interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property)]
    fn id(&self) -> String {
        "1".to_owned()
    }

    #[zbus(property)]
    fn active(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn locked_hint(&self) -> bool {
        get(&self.state).locked
    }

    #[zbus(property)]
    fn idle_hint(&self) -> bool {
        get(&self.state).idle
    }

    /// Microseconds of the wall clock.
    #[zbus(property)]
    fn idle_since_hint(&self) -> u64 {
        get(&self.state).idle_since_us
    }

    #[zbus(signal)]
    async fn lock(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn unlock(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

struct Network {
    state: Shared,
}

#[interface(name = "org.freedesktop.NetworkManager")]
impl Network {
    #[zbus(property(emits_changed_signal = "false"), name = "State")]
    fn network_state(&self) -> u32 {
        get(&self.state).network
    }

    /// `NM_CONNECTIVITY_FULL` is 4, `NM_CONNECTIVITY_NONE` 1.
    #[zbus(property)]
    fn connectivity(&self) -> u32 {
        if get(&self.state).network == CONNECTED { 4 } else { 1 }
    }

    #[zbus(name = "state")]
    fn state_call(&self) -> u32 {
        get(&self.state).network
    }

    #[zbus(signal)]
    async fn state_changed(emitter: &SignalEmitter<'_>, state: u32) -> zbus::Result<()>;
}

/// logind and NetworkManager.
#[derive(Debug)]
pub struct Machine {
    state: Shared,
    connection: Connection,
}

impl Machine {
    /// Serves both: awake, unlocked, connected.
    ///
    /// # Errors
    /// That a name is taken.
    pub async fn start(bus: &Bus) -> Result<Self> {
        let connection = bus.connect().await?;
        let state =
            State { preparing: false, locked: false, idle: false, idle_since_us: 0, network: CONNECTED };
        let state = Arc::new(Mutex::new(state));
        let server = connection.object_server();
        let manager = Manager { state: Arc::clone(&state), inhibitors: Mutex::default() };
        server.at(LOGIND, manager).await?;
        for path in SESSIONS {
            server.at(path, Session { state: Arc::clone(&state) }).await?;
        }
        server.at(NETWORK, Network { state: Arc::clone(&state) }).await?;
        bus.own(&connection, "org.freedesktop.login1").await?;
        bus.own(&connection, "org.freedesktop.NetworkManager").await?;
        Ok(Self { state, connection })
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// logind says that the machine goes to sleep (`true`) or has woken (`false`).
    ///
    /// # Errors
    /// That the bus is gone.
    pub async fn prepare_for_sleep(&self, start: bool) -> Result<()> {
        self.set(|s| s.preparing = start);
        let emitter = SignalEmitter::new(&self.connection, LOGIND)?;
        Ok(Manager::prepare_for_sleep(&emitter, start).await?)
    }

    /// The screen is locked or unlocked: the hint of the session, and the signal that asks for it.
    ///
    /// # Errors
    /// That the bus is gone.
    pub async fn set_locked(&self, locked: bool) -> Result<()> {
        self.set(|s| s.locked = locked);
        for path in SESSIONS {
            let emitter = SignalEmitter::new(&self.connection, path)?;
            match locked {
                true => Session::lock(&emitter).await?,
                false => Session::unlock(&emitter).await?,
            }
            self.changed(path, "org.freedesktop.login1.Session", "LockedHint", locked.into()).await?;
        }
        Ok(())
    }

    /// The session has been idle since `since_us` (microseconds of the wall clock), or is not.
    ///
    /// # Errors
    /// That the bus is gone.
    pub async fn set_idle(&self, since_us: Option<u64>) -> Result<()> {
        self.set(|s| {
            s.idle = since_us.is_some();
            s.idle_since_us = since_us.unwrap_or(0);
        });
        for path in SESSIONS {
            let idle = since_us.is_some().into();
            self.changed(path, "org.freedesktop.login1.Session", "IdleHint", idle).await?;
        }
        Ok(())
    }

    /// The network goes or comes back.
    ///
    /// # Errors
    /// That the bus is gone.
    pub async fn set_network(&self, up: bool) -> Result<()> {
        let state = if up { CONNECTED } else { DISCONNECTED };
        self.set(|s| s.network = state);
        let emitter = SignalEmitter::new(&self.connection, NETWORK)?;
        Network::state_changed(&emitter, state).await?;
        self.changed(NETWORK, "org.freedesktop.NetworkManager", "State", state.into()).await
    }

    async fn changed(
        &self,
        path: &str,
        interface: &str,
        property: &str,
        value: zvariant::Value<'_>,
    ) -> Result<()> {
        let emitter = SignalEmitter::new(&self.connection, path)?;
        let changed = HashMap::from([(property, value)]);
        let name = zbus::names::InterfaceName::try_from(interface)?;
        fdo::Properties::properties_changed(&emitter, name, changed, [].as_slice().into()).await?;
        Ok(())
    }
}
