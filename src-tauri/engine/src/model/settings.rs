//! What a person can set.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// Colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the desktop says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Everything a person can set; kept in the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Start with the desktop session.
    pub autostart: bool,
    /// Closing the window leaves the app in the tray.
    pub keep_running: bool,
    /// Colours.
    pub theme: Theme,
    /// Rows of 34 instead of 44 pixels.
    pub compact: bool,
    /// Notifications at all.
    pub notifications: bool,
    /// Say only "Latchkey needs you".
    pub hide_details: bool,
    /// Quiet on weekdays 18:00-09:00 and at weekends.
    pub quiet_hours: bool,
    /// On quit, take our credentials out of the file.
    pub remove_on_quit: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            autostart: false,
            keep_running: true,
            theme: Theme::System,
            compact: false,
            notifications: true,
            hide_details: false,
            quiet_hours: false,
            remove_on_quit: false,
        }
    }
}

/// A pause of all refreshing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it ends by itself; `None` until the person resumes.
    pub until: Option<Timestamp>,
}
