//! The settings on their way to the window and back.

use crate::{
    ui_setup::{UiBrowserChoice, UiQuiet},
    ui_state::{UiSettings, UiTheme, UiTold},
};
use engine::model::{
    ids::OrgId,
    settings::{BrowserChoice, Quiet, Settings, Theme, Told},
};

impl From<&Settings> for UiSettings {
    fn from(s: &Settings) -> Self {
        let (t, q) = (s.told, s.quiet);
        Self {
            autostart: s.autostart,
            keep_running: s.keep_running,
            compact: s.compact,
            reduce_motion: s.reduce_motion,
            search_key: s.search_key,
            notifications: s.notifications,
            hide_details: s.hide_details,
            quiet_hours: s.quiet_hours,
            remove_on_quit: s.remove_on_quit,
            // A file may say anything.
            text_size: s.text_size.clamp(90, 150),
            theme: match s.theme {
                Theme::System => UiTheme::System,
                Theme::Light => UiTheme::Light,
                Theme::Dark => UiTheme::Dark,
                Theme::HighContrastLight => UiTheme::HighContrastLight,
                Theme::HighContrastDark => UiTheme::HighContrastDark,
            },
            told: UiTold {
                sign_in_ending: t.sign_in_ending,
                sign_in_ended: t.sign_in_ended,
                expired: t.expired,
                failing: t.failing,
                access_removed: t.access_removed,
                conflict: t.conflict,
                clock: t.clock,
                launch_failed: t.launch_failed,
            },
            quiet: UiQuiet { from: q.from % 1440, until: q.until % 1440, weekends: q.weekends },
            browsers: s
                .browsers
                .iter()
                .map(|(org, it)| {
                    let choice = UiBrowserChoice { browser: it.browser.clone(), private: it.private };
                    (org.to_string(), choice)
                })
                .collect(),
        }
    }
}

impl From<UiSettings> for Settings {
    fn from(s: UiSettings) -> Self {
        let (t, q) = (s.told, s.quiet);
        Self {
            autostart: s.autostart,
            keep_running: s.keep_running,
            compact: s.compact,
            reduce_motion: s.reduce_motion,
            search_key: s.search_key,
            notifications: s.notifications,
            hide_details: s.hide_details,
            quiet_hours: s.quiet_hours,
            remove_on_quit: s.remove_on_quit,
            // A file may say anything.
            text_size: s.text_size.clamp(90, 150),
            theme: match s.theme {
                UiTheme::System => Theme::System,
                UiTheme::Light => Theme::Light,
                UiTheme::Dark => Theme::Dark,
                UiTheme::HighContrastLight => Theme::HighContrastLight,
                UiTheme::HighContrastDark => Theme::HighContrastDark,
            },
            told: Told {
                sign_in_ending: t.sign_in_ending,
                sign_in_ended: t.sign_in_ended,
                expired: t.expired,
                failing: t.failing,
                access_removed: t.access_removed,
                conflict: t.conflict,
                clock: t.clock,
                launch_failed: t.launch_failed,
            },
            quiet: Quiet { from: q.from % 1440, until: q.until % 1440, weekends: q.weekends },
            browsers: s
                .browsers
                .into_iter()
                .filter(|(_, it)| !it.browser.is_empty())
                .map(|(org, it)| {
                    (OrgId::new(org), BrowserChoice { browser: it.browser, private: it.private })
                })
                .collect(),
        }
    }
}
