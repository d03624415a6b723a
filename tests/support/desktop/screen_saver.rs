//! Whether the person is idle: org.freedesktop.ScreenSaver of the session bus.

use crate::desk::Bus;
use anyhow::Result;
use std::sync::{Arc, Mutex, PoisonError};
use zbus::{Connection, interface, object_server::SignalEmitter};

/// Desktops differ in where they put it.
const PATHS: [&str; 2] = ["/org/freedesktop/ScreenSaver", "/ScreenSaver"];

#[derive(Clone, Copy, Debug, Default)]
struct State {
    active: bool,
    idle_seconds: u32,
}

#[derive(Clone, Debug, Default)]
struct Interface(Arc<Mutex<State>>);

impl Interface {
    fn state(&self) -> State {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[interface(name = "org.freedesktop.ScreenSaver")]
impl Interface {
    fn get_active(&self) -> bool {
        self.state().active
    }

    fn get_active_time(&self) -> u32 {
        0
    }

    fn get_session_idle_time(&self) -> u32 {
        self.state().idle_seconds
    }

    #[zbus(signal)]
    async fn active_changed(emitter: &SignalEmitter<'_>, active: bool) -> zbus::Result<()>;
}

/// The screen saver.
#[derive(Debug)]
pub struct ScreenSaver {
    state: Interface,
    connection: Connection,
}

impl ScreenSaver {
    /// Serves it: not active, the person not idle.
    ///
    /// # Errors
    /// That its name is taken.
    pub async fn start(bus: &Bus) -> Result<Self> {
        let connection = bus.connect().await?;
        let state = Interface::default();
        for path in PATHS {
            connection.object_server().at(path, state.clone()).await?;
        }
        bus.own(&connection, "org.freedesktop.ScreenSaver").await?;
        Ok(Self { state, connection })
    }

    /// The person has not touched anything for so many seconds.
    pub fn set_idle(&self, seconds: u32) {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner).idle_seconds = seconds;
    }

    /// The screen saver starts or ends, and says so.
    ///
    /// # Errors
    /// That the bus is gone.
    pub async fn set_active(&self, active: bool) -> Result<()> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner).active = active;
        for path in PATHS {
            let emitter = SignalEmitter::new(&self.connection, path)?;
            Interface::active_changed(&emitter, active).await?;
        }
        Ok(())
    }
}
