//! What the shell knows besides the engine's snapshot: things of the desktop that no request changes.

use crate::ui_state::UiTrayHost;

/// The surroundings of the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// A panel shows tray icons, and ours among them. Without one the window never speaks of the tray.
    pub tray: bool,
    /// There is a place for tray icons, and what it can do; also while ours is switched off.
    pub tray_host: Option<UiTrayHost>,
    /// Why the desktop's autostart entry is not as the setting says, in the system's words.
    pub autostart_failure: Option<String>,
}
