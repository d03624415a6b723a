//! Is the person there? Asked before each notification, of everyone who may know.

use super::{patient, service};
use engine::ports::Presence;
use std::time::Duration;
use zbus::{Connection, Proxy, zvariant::OwnedObjectPath};

/// For how long a person counts as idle whom logind calls idle without saying since when.
const IDLE_SINCE_UNKNOWN: Duration = Duration::from_secs(600);

/// The answer of all who answer; who does not is taken to have seen the person.
pub async fn presence(session: Option<&Connection>, system: Option<&Connection>) -> Presence {
    let (screen, logind, do_not_disturb) = tokio::join!(
        async { on(session, "screen saver", screen_saver).await },
        async { on(system, "logind", logind).await },
        async { on(session, "do not disturb", do_not_disturb).await },
    );
    let (screen_locked, screen_idle) = screen.unwrap_or_default();
    let (session_locked, session_idle) = logind.unwrap_or_default();
    Presence {
        locked: screen_locked || session_locked,
        idle: screen_idle.max(session_idle),
        do_not_disturb: do_not_disturb.unwrap_or(false),
        window_focused: false,
    }
}

async fn on<'a, T>(
    bus: Option<&'a Connection>,
    what: &str,
    ask: impl AsyncFnOnce(&'a Connection) -> zbus::Result<T>,
) -> Option<T> {
    patient(what, ask(bus?)).await
}

/// `org.freedesktop.ScreenSaver`: locked, and idle time, each of which some desktops leave out.
async fn screen_saver(bus: &Connection) -> zbus::Result<(bool, Duration)> {
    let name = "org.freedesktop.ScreenSaver";
    let saver = service(bus, name, "/org/freedesktop/ScreenSaver", name).await?;
    let locked = saver.call("GetActive", &()).await.unwrap_or(false);
    let idle: u32 = saver.call("GetSessionIdleTime", &()).await.unwrap_or(0);
    Ok((locked, idle_time(idle, std::env::var("XDG_CURRENT_DESKTOP").ok().as_deref())))
}

/// The specification counts seconds, KDE counts milliseconds.
fn idle_time(idle: u32, desktop: Option<&str>) -> Duration {
    match desktop {
        Some(names) if names.split(':').any(|name| name == "KDE") => Duration::from_millis(idle.into()),
        _ => Duration::from_secs(idle.into()),
    }
}

/// The session's `LockedHint` and `IdleHint`.
async fn logind(bus: &Connection) -> zbus::Result<(bool, Duration)> {
    let path = session_path(bus).await?;
    let session =
        service(bus, "org.freedesktop.login1", path.as_str(), "org.freedesktop.login1.Session").await?;
    let locked = session.get_property("LockedHint").await.unwrap_or(false);
    let idle: bool = session.get_property("IdleHint").await.unwrap_or(false);
    Ok((locked, if idle { idle_since(&session).await } else { Duration::ZERO }))
}

/// From `IdleSinceHint`, microseconds of CLOCK_REALTIME.
async fn idle_since(session: &Proxy<'_>) -> Duration {
    let since = session.get_property::<u64>("IdleSinceHint").await.ok().filter(|&since| since > 0);
    let Some(since) = since else { return IDLE_SINCE_UNKNOWN };
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    let now = Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    );
    now.saturating_sub(Duration::from_micros(since))
}

/// The person's session: of this process, or, started outside of one (systemd's user manager), the one
/// that logind calls `auto`.
pub async fn session_path(bus: &Connection) -> zbus::Result<OwnedObjectPath> {
    let name = "org.freedesktop.login1";
    let manager = service(bus, name, "/org/freedesktop/login1", "org.freedesktop.login1.Manager").await?;
    let of_process = manager.call("GetSessionByPID", &(std::process::id(),)).await;
    match (of_process, std::env::var("XDG_SESSION_ID")) {
        (Ok(path), _) => Ok(path),
        (Err(_), Ok(id)) => manager.call("GetSession", &(id,)).await,
        (Err(_), Err(_)) => Ok(OwnedObjectPath::try_from("/org/freedesktop/login1/session/auto")?),
    }
}

/// The notification server's `Inhibited` property, where it has one (KDE, and the newer specification).
async fn do_not_disturb(bus: &Connection) -> zbus::Result<bool> {
    let name = "org.freedesktop.Notifications";
    let server = service(bus, name, "/org/freedesktop/Notifications", name).await?;
    server.get_property("Inhibited").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_in_the_units_of_the_desktop() {
        assert_eq!(idle_time(300, None), Duration::from_secs(300));
        assert_eq!(idle_time(300, Some("XFCE")), Duration::from_secs(300));
        assert_eq!(idle_time(300_000, Some("KDE")), Duration::from_secs(300));
    }

    #[tokio::test]
    async fn without_a_bus_the_person_is_taken_to_be_there() {
        assert_eq!(presence(None, None).await, Presence::default());
    }
}
