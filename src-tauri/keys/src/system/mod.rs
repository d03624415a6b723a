//! What the system itself offers where it keeps keys from us: Windows, which manages them in its Settings and lets
//! administrators talk to them.

#[cfg(not(windows))]
mod elsewhere;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
use elsewhere as platform;
#[cfg(windows)]
use windows as platform;

use std::time::Duration;

/// How long a second start waits for the first one's end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the system did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SystemError {
    /// The person said no to the system's question.
    #[error("it was declined")]
    Declined,
    /// The system has no such thing, or does not do it. The text is for a log.
    #[error("{0}")]
    Other(String),
}

/// Opens the system's own settings of security keys, which set PINs, learn fingerprints and reset.
///
/// # Errors
/// That the system has none.
pub fn open_settings() -> Result<(), SystemError> {
    platform::open_settings()
}

/// Starts this program once more, as administrator, with the arguments that [`wait_for`] wants before them. Returns
/// when it runs; the caller has to end then.
///
/// # Errors
/// [`SystemError::Declined`], or that it cannot be.
pub fn restart_as_administrator() -> Result<(), SystemError> {
    platform::restart_as_administrator()
}

/// The flag by which the second start learns which process it takes the place of.
pub const AFTER: &str = "--after";

/// Waits until that process is gone: the second start would otherwise only show the first one's window.
pub fn wait_for(process: u32) {
    platform::wait_for(process, PATIENCE);
}
