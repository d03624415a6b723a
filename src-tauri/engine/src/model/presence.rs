//! Whether the person is there to see a notification.

use std::time::Duration;

/// Whether the person is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The screen is locked.
    pub locked: bool,
    /// For how long nothing was typed or moved.
    pub idle: Duration,
    /// Do Not Disturb, Focus, presentation mode.
    pub do_not_disturb: bool,
    /// Our window has the focus.
    pub window_focused: bool,
}
