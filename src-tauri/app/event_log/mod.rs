//! What happened, as JSON lines, for a test or a person who watches: appended to the file or FIFO that
//! `LATCHKEY_EVENT_LOG` names, and nowhere when it names none.
//!
//! Invariant: nothing in it is a secret. Names, states, hosts and moments only.

mod changes;
mod recorded;

pub use changes::{between, tag};
pub use recorded::RecordedBrowser;

use serde::Serialize;
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// One line. Moments are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// The engine has read what was stored, and the tray is painted.
    Started { pid: u32 },
    /// A StatusNotifier host knows our tray icon.
    TrayRegistered,
    /// A sign-in went to another state.
    Signin { org: String, name: String, state: &'static str },
    /// A sync went to another state, or the number of accounts changed.
    Sync { org: String, state: &'static str, accounts: usize },
    /// A kept profile went to another state or got new credentials.
    Profile { name: String, state: &'static str, expires_ms: Option<i64>, issued_ms: Option<i64> },
    /// A console on its way went to another state.
    Launch { account: String, role: String, state: &'static str },
    /// An application on its way went to another state.
    AppLaunch { app: String, state: &'static str },
    /// The sample organisation's server was started or ended.
    Sandbox { state: &'static str },
    /// An address went to the default browser.
    BrowserOpened { host: String },
    /// A notification was shown, or held with the reason. Only a shown one has a key.
    Notification { notice: String, shown: bool, reason: Option<String>, key: Option<String> },
    /// A window came, went or got the focus.
    Window { label: String, state: &'static str },
    /// Another version of this program is on disk in this one's place, or none any more.
    Update { version: Option<String> },
    /// Something failed, by the tag of its code.
    Error { code: String },
}

/// The open log, or none.
#[derive(Debug, Default)]
pub struct EventLog(Option<Mutex<File>>);

impl EventLog {
    /// The log that `LATCHKEY_EVENT_LOG` names. One that cannot be opened is said in the app's log.
    #[must_use]
    pub fn from_environment() -> Self {
        let Some(path) = std::env::var_os("LATCHKEY_EVENT_LOG").filter(|path| !path.is_empty()) else {
            return Self::default();
        };
        Self::open(Path::new(&path))
            .inspect_err(|error| tracing::warn!(%error, "could not open LATCHKEY_EVENT_LOG"))
            .unwrap_or_default()
    }

    /// Opens a file or FIFO to append to. Read as well as write, since opening a FIFO only to write
    /// would hold the app's start until somebody reads it.
    fn open(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        Ok(Self(Some(Mutex::new(file))))
    }

    /// Appends one line, whole. A reader that went away is no reason to stop working.
    pub fn write(&self, happening: &Happening) {
        tracing::debug!(?happening);
        let Some(file) = &self.0 else { return };
        let Ok(mut line) = serde_json::to_vec(happening) else { return };
        line.push(b'\n');
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(&line).and_then(|()| file.flush()) {
            tracing::debug!(%error, "event log");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
    use super::*;

    #[test]
    fn a_line_is_one_json_object_with_its_event_first() {
        let directory = std::env::temp_dir().join(format!("latchkey-event-log-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("events");
        let log = EventLog::open(&path).unwrap();
        log.write(&Happening::Started { pid: 7 });
        log.write(&Happening::Window { label: "main".into(), state: "created" });
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_dir_all(&directory).unwrap();
        assert_eq!(
            text,
            "{\"event\":\"started\",\"pid\":7}\n{\"event\":\"window\",\"label\":\"main\",\"state\":\"created\"}\n"
        );
    }
}
