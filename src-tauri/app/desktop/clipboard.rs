//! Secrets on the clipboard: kept out of clipboard histories where the platform knows that, and
//! cleared again unless something else was copied meanwhile.

use arboard::Clipboard as System;
use engine::model::code::Code;
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The clipboard, opened at its first use and then held: on X11 the one who copied must stay to answer.
#[derive(Clone, Default)]
pub struct Clipboard {
    system: Arc<Mutex<Option<System>>>,
    /// Counts copies, so that an older copy's clearing leaves a newer one its whole time.
    copies: Arc<AtomicU64>,
}

impl Clipboard {
    /// Puts text on the clipboard and clears it after `clear_after` if it is still there.
    ///
    /// # Errors
    /// There is no clipboard: no display, or a Wayland compositor that does not let us.
    pub async fn copy_secret(&self, text: SecretString, clear_after: Duration) -> Result<(), Code> {
        let copy = self.copies.fetch_add(1, Ordering::SeqCst) + 1;
        let text = Arc::new(text);
        let written = Arc::clone(&text);
        self.with(move |system| put(system, written.expose_secret())).await?;
        let clipboard = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(clear_after).await;
            if clipboard.copies.load(Ordering::SeqCst) == copy {
                let cleared = clipboard.with(move |system| clear_if(system, text.expose_secret())).await;
                if let Err(code) = cleared {
                    tracing::warn!(?code, "could not clear the clipboard");
                }
            }
        });
        Ok(())
    }

    /// Runs on a thread that may block: X11 waits for the clipboard's owner.
    async fn with(
        &self,
        act: impl FnOnce(&mut System) -> Result<(), arboard::Error> + Send + 'static,
    ) -> Result<(), Code> {
        let system = Arc::clone(&self.system);
        tokio::task::spawn_blocking(move || {
            let mut held = system.lock().unwrap_or_else(PoisonError::into_inner);
            let system = match &mut *held {
                Some(system) => system,
                none => none.insert(System::new()?),
            };
            act(system)
        })
        .await
        .map_err(|error| Code::Internal { what: format!("clipboard: {error}") })?
        .map_err(|error| Code::Gone { what: format!("clipboard ({error})") })
    }
}

/// Linux: KDE's, GNOME's and other clipboard histories leave out what carries `x-kde-passwordManagerHint`.
#[cfg(target_os = "linux")]
fn put(system: &mut System, text: &str) -> Result<(), arboard::Error> {
    use arboard::SetExtLinux;
    system.set().exclude_from_history().text(text)
}

/// macOS: `org.nspasteboard.ConcealedType`.
#[cfg(target_os = "macos")]
fn put(system: &mut System, text: &str) -> Result<(), arboard::Error> {
    use arboard::SetExtApple;
    system.set().exclude_from_history().text(text)
}

/// Windows: kept out of the clipboard's history and of other devices.
#[cfg(target_os = "windows")]
fn put(system: &mut System, text: &str) -> Result<(), arboard::Error> {
    use arboard::SetExtWindows;
    system.set().exclude_from_history().exclude_from_cloud().text(text)
}

fn clear_if(system: &mut System, text: &str) -> Result<(), arboard::Error> {
    match system.get_text() {
        Ok(now) if now == text => system.clear(),
        // Something else was copied, or nothing is there: not ours to clear.
        Ok(_) | Err(arboard::Error::ContentNotAvailable) => Ok(()),
        Err(error) => Err(error),
    }
}
