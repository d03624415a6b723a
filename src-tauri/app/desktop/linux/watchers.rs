//! What the machine tells: wake-ups and unlocking (logind), the network (NetworkManager), the screen
//! saver. Where a service is missing nothing comes, and the engine's own clocks have to do.

use super::{presence::session_path, service};
use engine::Signal;
use futures_util::StreamExt;
use std::collections::HashMap;
use tokio::sync::mpsc::UnboundedSender;
use zbus::{Connection, fdo, zvariant::OwnedValue};

/// `NMState`: from `NM_STATE_CONNECTED_SITE` on, more than this machine can be reached.
const NETWORK_UP: u32 = 60;
/// `NMState`: up to `NM_STATE_DISCONNECTING` there is no network; between the two it is coming.
const NETWORK_DOWN: u32 = 30;

/// Starts one task for each source; each ends with its bus or with `signals`.
pub fn watch(session: Option<Connection>, system: Option<Connection>, signals: &UnboundedSender<Signal>) {
    if let Some(system) = system {
        run("sleep", sleep(system.clone(), signals.clone()));
        run("session", login_session(system.clone(), signals.clone()));
        run("network", network(system, signals.clone()));
    }
    if let Some(session) = session {
        for name in ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"] {
            run("screen saver", screen_saver(session.clone(), name, signals.clone()));
        }
    }
}

fn run(what: &'static str, watcher: impl Future<Output = zbus::Result<()>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = watcher.await {
            tracing::info!(%error, what, "not watched");
        }
    });
}

/// logind: `PrepareForSleep(false)` comes after the wake-up.
async fn sleep(bus: Connection, signals: UnboundedSender<Signal>) -> zbus::Result<()> {
    let name = "org.freedesktop.login1";
    let manager = service(&bus, name, "/org/freedesktop/login1", "org.freedesktop.login1.Manager").await?;
    let mut stream = manager.receive_signal("PrepareForSleep").await?;
    while let Some(message) = stream.next().await {
        let going_to_sleep: bool = message.body().deserialize()?;
        if !going_to_sleep && signals.send(Signal::Woke).is_err() {
            break;
        }
    }
    Ok(())
}

/// logind: the session was locked, unlocked, or is no longer idle.
async fn login_session(bus: Connection, signals: UnboundedSender<Signal>) -> zbus::Result<()> {
    let path = session_path(&bus).await?;
    let name = "org.freedesktop.login1";
    let session = service(&bus, name, path.as_str(), "org.freedesktop.login1.Session").await?;
    let properties = service(&bus, name, path.as_str(), "org.freedesktop.DBus.Properties").await?;
    let mut unlocked = session.receive_signal("Unlock").await?;
    let mut locked = session.receive_signal("Lock").await?;
    let mut changed = properties.receive_signal("PropertiesChanged").await?;
    loop {
        let told = tokio::select! {
            Some(_) = unlocked.next() => Some(Signal::PersonBack),
            Some(_) = locked.next() => Some(Signal::ScreenLocked),
            Some(message) = changed.next() => {
                let body = message.body();
                let (_, now, _): (String, HashMap<String, OwnedValue>, Vec<String>) = body.deserialize()?;
                let says = |hint: &str, is| says(now.get(hint), is);
                if says("LockedHint", true) {
                    Some(Signal::ScreenLocked)
                } else {
                    (says("LockedHint", false) || says("IdleHint", false)).then_some(Signal::PersonBack)
                }
            }
            else => return Ok(()),
        };
        if told.is_some_and(|told| signals.send(told).is_err()) {
            return Ok(());
        }
    }
}

fn says(value: Option<&OwnedValue>, is: bool) -> bool {
    value.is_some_and(|value| bool::try_from(value).is_ok_and(|value| value == is))
}

/// NetworkManager: its `State`, now and whenever it changes.
async fn network(bus: Connection, signals: UnboundedSender<Signal>) -> zbus::Result<()> {
    let name = "org.freedesktop.NetworkManager";
    let manager = service(&bus, name, "/org/freedesktop/NetworkManager", name).await?;
    // Subscribed before the state is asked for, so that no change falls between the two.
    let mut changed = manager.receive_signal("StateChanged").await?;
    let mut known = manager.get_property::<u32>("State").await.ok().and_then(network_signal);
    if known == Some(Signal::NetworkDown) && signals.send(Signal::NetworkDown).is_err() {
        return Ok(());
    }
    while let Some(message) = changed.next().await {
        let Some(signal) = network_signal(message.body().deserialize()?) else { continue };
        if known.replace(signal) != Some(signal) && signals.send(signal).is_err() {
            break;
        }
    }
    Ok(())
}

/// 0 is "unknown", which is what NetworkManager says when it manages nothing: no news.
fn network_signal(state: u32) -> Option<Signal> {
    match state {
        NETWORK_UP.. => Some(Signal::NetworkUp),
        1..=NETWORK_DOWN => Some(Signal::NetworkDown),
        _ => None,
    }
}

/// The screen saver: `ActiveChanged(true)` when the screen is locked or goes dark, `ActiveChanged(false)` when the
/// person came back.
async fn screen_saver(
    bus: Connection,
    name: &'static str,
    signals: UnboundedSender<Signal>,
) -> zbus::Result<()> {
    let path = format!("/{}", name.replace('.', "/"));
    let saver = service(&bus, name, &path, name).await?;
    let mut changed = saver.receive_signal("ActiveChanged").await?;
    while let Some(message) = changed.next().await {
        let active: bool = message.body().deserialize().map_err(|_| fdo::Error::InvalidArgs(name.into()))?;
        let told = if active { Signal::ScreenLocked } else { Signal::PersonBack };
        if signals.send(told).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clear_states_of_the_network_are_signals() {
        let states = [0, 10, 20, 30, 40, 50, 60, 70].map(network_signal);
        let (up, down) = (Some(Signal::NetworkUp), Some(Signal::NetworkDown));
        assert_eq!(states, [None, down, down, down, None, None, up, up]);
    }
}
