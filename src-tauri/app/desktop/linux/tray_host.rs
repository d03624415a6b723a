//! Is there a panel that shows tray icons, and does it show ours? Both are asked of
//! `org.kde.StatusNotifierWatcher`, which comes and goes with the panel.

use super::service;
use crate::desktop::TrayHost;
use futures_util::StreamExt;
use tokio::sync::watch;
use zbus::{Connection, Proxy, fdo::DBusProxy, names::BusName};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// Follows the panel until the bus ends. The first value is known when this returns.
pub async fn follow(bus: Option<&Connection>) -> watch::Receiver<TrayHost> {
    let Some(bus) = bus.cloned() else { return watch::channel(TrayHost::default()).1 };
    let (sender, receiver) = watch::channel(now(&bus).await);
    tokio::spawn(async move {
        if let Err(error) = follow_changes(&bus, &sender).await {
            tracing::info!(%error, "the tray's host is not followed");
        }
    });
    receiver
}

async fn follow_changes(bus: &Connection, known: &watch::Sender<TrayHost>) -> zbus::Result<()> {
    let watcher = service(bus, WATCHER, "/StatusNotifierWatcher", WATCHER).await?;
    let mut changes = futures_util::stream::select_all([
        watcher.receive_owner_changed().await?.map(|_| ()).boxed(),
        watcher.receive_signal("StatusNotifierItemRegistered").await?.map(|_| ()).boxed(),
        watcher.receive_signal("StatusNotifierItemUnregistered").await?.map(|_| ()).boxed(),
        watcher.receive_signal("StatusNotifierHostRegistered").await?.map(|_| ()).boxed(),
        watcher.receive_signal("StatusNotifierHostUnregistered").await?.map(|_| ()).boxed(),
    ]);
    // Asked again now that changes are listened to, and after each.
    loop {
        let host = now(bus).await;
        known.send_if_modified(|known| std::mem::replace(known, host) != host);
        if known.is_closed() || changes.next().await.is_none() {
            return Ok(());
        }
    }
}

async fn now(bus: &Connection) -> TrayHost {
    super::patient("tray host", host(bus)).await.unwrap_or_default()
}

async fn host(bus: &Connection) -> zbus::Result<TrayHost> {
    let daemon = DBusProxy::new(bus).await?;
    // Asked first, since a call to the watcher itself might start one.
    if !daemon.name_has_owner(BusName::try_from(WATCHER)?).await? {
        return Ok(TrayHost::default());
    }
    let watcher = service(bus, WATCHER, "/StatusNotifierWatcher", WATCHER).await?;
    // A watcher that does not say has a host; one that says "no host" shows nothing.
    let present = watcher.get_property("IsStatusNotifierHostRegistered").await.unwrap_or(true);
    Ok(TrayHost { present, registered: ours_is_registered(&daemon, &watcher).await })
}

/// Items are `:1.23/path` or `service`; ours is the one whose connection belongs to this process.
async fn ours_is_registered(daemon: &DBusProxy<'_>, watcher: &Proxy<'_>) -> bool {
    let items: Vec<String> = watcher.get_property("RegisteredStatusNotifierItems").await.unwrap_or_default();
    for item in items {
        let Ok(name) = BusName::try_from(bus_name(&item)) else { continue };
        if daemon.get_connection_unix_process_id(name).await.ok() == Some(std::process::id()) {
            return true;
        }
    }
    false
}

fn bus_name(item: &str) -> &str {
    item.split_once('/').map_or(item, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_items_name_ends_where_its_path_begins() {
        assert_eq!(bus_name(":1.23/org/ayatana/NotificationItem/latchkey"), ":1.23");
        assert_eq!(bus_name("org.kde.StatusNotifierItem-7-1"), "org.kde.StatusNotifierItem-7-1");
    }

    #[tokio::test]
    async fn without_a_bus_there_is_no_tray() {
        assert_eq!(*follow(None).await.borrow(), TrayHost::default());
    }
}
