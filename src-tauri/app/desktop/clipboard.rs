//! Secrets on the clipboard: kept out of clipboard histories where the platform knows that, and
//! cleared again unless something else was copied meanwhile.

use arboard::Clipboard as System;
use engine::model::code::Code;
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The clipboard, opened at its first use and then held: on X11 the one who copied must stay to answer.
#[derive(Clone, Default)]
pub struct Clipboard {
    system: Arc<Mutex<Option<System>>>,
    /// What we put there last and have not cleared yet.
    ours: Arc<Mutex<Option<Arc<SecretString>>>>,
}

impl Clipboard {
    /// Puts text on the clipboard and clears it after `clear_after` if it is still there.
    ///
    /// # Errors
    /// There is no clipboard: no display, or a Wayland compositor that does not let us.
    pub async fn copy_secret(&self, text: SecretString, clear_after: Duration) -> Result<(), Code> {
        let text = Arc::new(text);
        let written = Arc::clone(&text);
        self.with(move |system| put(system, written.expose_secret())).await?;
        *self.ours() = Some(Arc::clone(&text));
        let clipboard = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(clear_after).await;
            // A newer copy has its own time, even of the same text.
            let is_last = clipboard.ours().as_ref().is_some_and(|ours| Arc::ptr_eq(ours, &text));
            if is_last {
                clipboard.clear_now().await;
            }
        });
        Ok(())
    }

    /// Clears the clipboard if it holds what we put there last.
    pub async fn clear_now(&self) {
        let Some(text) = self.ours().take() else { return };
        if let Err(code) = self.with(move |system| clear_if(system, text.expose_secret())).await {
            tracing::warn!(?code, "could not clear the clipboard");
        }
    }

    fn ours(&self) -> MutexGuard<'_, Option<Arc<SecretString>>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
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
