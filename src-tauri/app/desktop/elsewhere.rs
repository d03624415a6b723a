//! macOS and Windows, behind the same interface. Not tried on either yet; what is missing is said here:
//! - nothing tells of the network: the engine's tries have to do;
//! - notifications have no buttons and cannot be taken away again.

use super::TrayHost;
use engine::{
    Request, Signal,
    model::{code::Code, notice::Notice},
    ports::{Clock, Manner, Presence},
};
use jiff::tz::TimeZone;
use notify_rust::Notification;
use std::sync::Arc;
use tokio::sync::{mpsc::UnboundedSender, watch};

/// Nothing to do: these systems' allocators give back by themselves.
pub fn give_back() {}

/// The platform's part of the desktop.
pub struct Platform {
    clock: Arc<dyn Clock>,
}

impl Platform {
    /// Nothing to connect to.
    #[expect(clippy::unused_async, reason = "Linux has buses to wait for")]
    pub async fn connect(_requests: UnboundedSender<Request>, clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }

    /// Tells of wake-ups, of a screen that is locked and of a person who is back.
    pub fn watch(&self, signals: &UnboundedSender<Signal>) {
        tokio::spawn(super::presence::follow(signals.clone()));
    }

    /// Whether the person is there.
    #[expect(clippy::unused_async, reason = "Linux asks its buses")]
    pub async fn presence(&self) -> Presence {
        super::presence::now()
    }

    /// Shows a notification without buttons.
    pub async fn notify(&self, notice: &Notice, manner: Manner) -> Result<(), Code> {
        let text =
            view::notification::text(notice, manner.hide_details, self.clock.now(), &TimeZone::system());
        let sound = manner.sound && text.urgency == view::notification::Urgency::TimeSensitive;
        let shown = tokio::task::spawn_blocking(move || {
            let mut notification = Notification::new();
            notification.appname("Latchkey").summary(&text.title).body(&text.body);
            if sound {
                notification.sound_name("Default");
            }
            notification.show().map(drop)
        });
        match shown.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Code::Gone { what: format!("notification centre ({error})") }),
            Err(error) => Err(Code::Internal { what: format!("notification: {error}") }),
        }
    }

    /// Cannot be done here.
    #[expect(clippy::unused_async, reason = "Linux asks its notification server")]
    pub async fn withdraw(&self, _key: &str) {}

    /// The system always has a place for the icon, and the toolkit puts it there.
    #[expect(clippy::unused_async, reason = "Linux asks its session bus")]
    pub async fn tray_host(&self) -> watch::Receiver<TrayHost> {
        watch::channel(TrayHost { present: true, registered: true }).1
    }

    /// macOS colours template icons by itself, of which the shape alone counts.
    #[expect(clippy::unused_async, reason = "Linux asks its settings portal")]
    pub async fn dark_panel(&self) -> watch::Receiver<bool> {
        #[cfg(windows)]
        return super::taskbar::follow();
        #[cfg(not(windows))]
        watch::channel(false).1
    }
}
