//! The person's desktop: notifications, whether the person is there, the clipboard, and what the
//! machine tells (wake-ups, network, the screen's lock).
//!
//! On Linux all of it is D-Bus (`linux/`). `elsewhere.rs` is the same interface for macOS and Windows,
//! with what is missing there said in its first lines.

mod clipboard;
mod files;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
use elsewhere as platform;
#[cfg(any(windows, target_os = "macos"))]
mod presence;
#[cfg(windows)]
mod taskbar;

pub use files::watch as watch_files;
pub use platform::give_back;

use crate::event_log::{EventLog, Happening};
use async_trait::async_trait;
use clipboard::Clipboard;
use engine::{
    Request, Signal,
    model::{code::Code, notice::Notice},
    ports::{Clock, Desktop, Manner, Presence},
};
use secrecy::SecretString;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc::UnboundedSender, watch};

/// The desktop's port.
pub struct Desk {
    platform: Arc<platform::Platform>,
    clipboard: Clipboard,
    window_focused: Arc<AtomicBool>,
    log: Arc<EventLog>,
}

impl Desk {
    /// Connects to the desktop. Pressed buttons go to `requests`; `window_focused` is kept by the
    /// windows. A service that is missing is not an error: it is answered as "there", "not locked",
    /// or, for notifications, as a failure to show.
    pub async fn connect(
        requests: UnboundedSender<Request>,
        window_focused: Arc<AtomicBool>,
        log: Arc<EventLog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let platform = Arc::new(platform::Platform::connect(requests, clock).await);
        Self { platform, clipboard: Clipboard::default(), window_focused, log }
    }

    /// Starts to forward what the machine tells.
    pub fn watch(&self, signals: &UnboundedSender<Signal>) {
        self.platform.watch(signals);
    }

    /// Whether the panel that holds the tray is dark, as far as the desktop tells: now and from now on.
    pub async fn dark_panel(&self) -> watch::Receiver<bool> {
        self.platform.dark_panel().await
    }

    /// Takes a secret that we put on the clipboard off it, since nobody will do so later.
    pub async fn forget_secrets(&self) {
        self.clipboard.clear_now().await;
    }

    /// Whether there is a panel that shows tray icons, and ours: now and from now on.
    pub async fn tray_host(&self) -> watch::Receiver<TrayHost> {
        self.platform.tray_host().await
    }
}

/// What is known of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrayHost {
    /// A panel shows tray icons.
    pub present: bool,
    /// Ours is among them.
    pub registered: bool,
}

impl TrayHost {
    /// A panel shows our icon.
    pub fn shows_us(self) -> bool {
        self.present && self.registered
    }
}

#[async_trait]
impl Desktop for Desk {
    async fn presence(&self) -> Presence {
        Presence {
            window_focused: self.window_focused.load(Ordering::Relaxed),
            ..self.platform.presence().await
        }
    }

    async fn notify(&self, notice: &Notice, manner: Manner) -> Result<(), Code> {
        self.platform.notify(notice, manner).await?;
        self.log.write(&Happening::Notification {
            notice: name_of(notice),
            shown: true,
            reason: None,
            key: Some(notice.key()),
        });
        Ok(())
    }

    async fn withdraw(&self, key: &str) {
        self.platform.withdraw(key).await;
    }

    async fn copy_secret(&self, text: SecretString, clear_after: Duration) -> Result<(), Code> {
        self.clipboard.copy_secret(text, clear_after).await
    }
}

/// A notice's name as it is stored: `sign_in_ending`, `profiles_expired`, ...
fn name_of(notice: &Notice) -> String {
    serde_json::to_value(notice)
        .ok()
        .and_then(|value| value["notice"].as_str().map(str::to_owned))
        .unwrap_or_default()
}
