//! Linux: the session bus and the system bus. `DBUS_SESSION_BUS_ADDRESS` and `DBUS_SYSTEM_BUS_ADDRESS`
//! are respected; a bus or service that is not there leaves its answers out.

mod memory;
mod notifications;
mod panel;
mod presence;
mod tray_host;
mod watchers;

pub use memory::give_back;

use super::TrayHost;
use engine::{
    Request, Signal,
    model::{code::Code, notice::Notice},
    ports::{Clock, Manner, Presence},
};
use notifications::Notifications;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::sync::{mpsc::UnboundedSender, watch};
use zbus::{Connection, Proxy};

/// How long a desktop service may take to answer before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(1);

/// The two buses, and the notifications that stand on the screen.
pub struct Platform {
    session: Option<Connection>,
    system: Option<Connection>,
    notifications: Notifications,
}

impl Platform {
    /// Connects to both buses.
    pub async fn connect(requests: UnboundedSender<Request>, clock: Arc<dyn Clock>) -> Self {
        let session = patient("session bus", Connection::session()).await;
        let system = patient("system bus", Connection::system()).await;
        let notifications = Notifications::listen(session.clone(), requests, clock).await;
        Self { session, system, notifications }
    }

    /// See [`super::Desk::tray_host`].
    pub async fn tray_host(&self) -> watch::Receiver<TrayHost> {
        tray_host::follow(self.session.as_ref()).await
    }

    /// See [`super::Desk::watch`].
    pub fn watch(&self, signals: &UnboundedSender<Signal>) {
        watchers::watch(self.session.clone(), self.system.clone(), signals);
    }

    /// Whether the person is there.
    pub async fn presence(&self) -> Presence {
        presence::presence(self.session.as_ref(), self.system.as_ref()).await
    }

    /// Shows a notification.
    pub async fn notify(&self, notice: &Notice, manner: Manner) -> Result<(), Code> {
        self.notifications.show(notice, manner).await
    }

    /// Takes a notification away.
    pub async fn withdraw(&self, key: &str) {
        self.notifications.withdraw(key).await;
    }

    /// See [`super::Desk::dark_panel`].
    pub async fn dark_panel(&self) -> watch::Receiver<bool> {
        panel::follow(self.session.as_ref()).await
    }
}

/// A service's object, with no properties cached: they are asked for when they matter.
async fn service<'a>(
    bus: &Connection,
    name: &'a str,
    path: &'a str,
    interface: &'a str,
) -> zbus::Result<Proxy<'a>> {
    zbus::proxy::Builder::new(bus)
        .destination(name)?
        .path(path)?
        .interface(interface)?
        .cache_properties(zbus::proxy::CacheProperties::No)
        .build()
        .await
}

/// The answer, or nothing if it is an error or takes too long.
async fn patient<T, E: std::fmt::Display>(
    what: &str,
    answer: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::debug!(%error, what, "not available");
            None
        }
        Err(_) => {
            tracing::debug!(what, "did not answer in time");
            None
        }
    }
}
