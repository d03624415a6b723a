//! Is the panel dark? GNOME's is in both schemes. Others follow the scheme, which the settings portal tells
//! (`color-scheme`: 1 dark, 2 light); GTK's own theme is light where nothing does.

use super::{patient, service};
use futures_util::StreamExt;
use tokio::sync::watch;
use zbus::{Connection, Proxy, zvariant::OwnedValue};

const PORTAL: &str = "org.freedesktop.portal.Desktop";
const SETTINGS: &str = "org.freedesktop.portal.Settings";
const APPEARANCE: &str = "org.freedesktop.appearance";
const SCHEME: &str = "color-scheme";

/// Follows the scheme until the bus ends. The first value is known when this returns.
pub async fn follow(bus: Option<&Connection>) -> watch::Receiver<bool> {
    let gnome = std::env::var("XDG_CURRENT_DESKTOP").is_ok_and(|names| names.contains("GNOME"));
    let Some(bus) = bus.filter(|_| !gnome).cloned() else { return watch::channel(true).1 };
    let portal = patient("settings portal", settings(&bus)).await;
    let dark = match &portal {
        Some(portal) => patient("color scheme", is_dark(portal)).await.unwrap_or_default(),
        None => false,
    };
    let (sender, receiver) = watch::channel(dark);
    if let Some(portal) = portal {
        tokio::spawn(async move {
            if let Err(error) = follow_changes(&portal, &sender).await {
                tracing::info!(%error, "the color scheme is not followed");
            }
        });
    }
    receiver
}

async fn settings(bus: &Connection) -> zbus::Result<Proxy<'static>> {
    service(bus, PORTAL, "/org/freedesktop/portal/desktop", SETTINGS).await
}

async fn follow_changes(portal: &Proxy<'_>, known: &watch::Sender<bool>) -> zbus::Result<()> {
    let mut changes =
        portal.receive_signal_with_args("SettingChanged", &[(0, APPEARANCE), (1, SCHEME)]).await?;
    while changes.next().await.is_some() {
        if known.is_closed() {
            break;
        }
        let dark = patient("color scheme", is_dark(portal)).await.unwrap_or_default();
        known.send_if_modified(|known| std::mem::replace(known, dark) != dark);
    }
    Ok(())
}

async fn is_dark(portal: &Proxy<'_>) -> zbus::Result<bool> {
    let value: OwnedValue = portal.call("ReadOne", &(APPEARANCE, SCHEME)).await?;
    Ok(u32::try_from(value)? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_bus_light_icons_are_drawn() {
        assert!(*follow(None).await.borrow());
    }
}
