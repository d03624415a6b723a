//! The settings on their way to the window and back.

use crate::{
    convert::environment_of,
    ui_setup::{UiBrowserChoice, UiField, UiMarked, UiQuiet, UiRolePattern, UiRule, UiSafety},
    ui_state::{UiLeftClick, UiSettings, UiTheme, UiTold, UiTray},
    words::class,
};
use engine::model::{
    ids::{AccountId, OrgId, RoleName},
    rules::{Field, Rule},
    settings::{BrowserChoice, Naming, Network, Quiet, Safety, Settings, Theme, Told},
    step_up::{Marked, RolePattern, Rules as StepUpRules},
    team::Adopted,
    tray::{LeftClick, TrayOptions},
};
use std::collections::BTreeSet;

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
            sound: s.sound,
            quiet_hours: s.quiet_hours,
            remove_on_quit: s.remove_on_quit,
            refresh_lead: s.refresh_lead.clamp(10, 45),
            default_delivery: s.default_delivery.into(),
            tray: (&s.tray).into(),
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
                time_over: t.time_over,
                copied: t.copied,
                new_access: t.new_access,
                pin_low: t.pin_low,
                update_ready: t.update_ready,
            },
            safety: UiSafety {
                default_allowed: s.safety.default_allowed.iter().map(ToString::to_string).collect(),
                rules: s.safety.rules.iter().map(UiRule::from).collect(),
                step_up_minutes: s.safety.step_up.minutes.clamp(5, 60),
                step_up_verify: s.safety.step_up.verify,
                step_up_lock_ends: s.safety.step_up.lock_ends,
                step_up_marked: s.safety.step_up.marked.iter().map(UiMarked::from).collect(),
                step_up_patterns: s.safety.step_up.patterns.iter().map(UiRolePattern::from).collect(),
            },
            quiet: UiQuiet { from: q.from % 1440, until: q.until % 1440, weekends: q.weekends },
            browsers: s
                .browsers
                .iter()
                .map(|(org, it)| {
                    let choice = UiBrowserChoice {
                        browser: it.browser.clone(),
                        private: it.private,
                        container: it.container.clone().unwrap_or_default(),
                    };
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
            sound: s.sound,
            quiet_hours: s.quiet_hours,
            remove_on_quit: s.remove_on_quit,
            refresh_lead: s.refresh_lead.clamp(10, 45),
            default_delivery: s.default_delivery.into(),
            tray: s.tray.into(),
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
                time_over: t.time_over,
                copied: t.copied,
                new_access: t.new_access,
                pin_low: t.pin_low,
                update_ready: t.update_ready,
            },
            safety: Safety {
                default_allowed: s.safety.default_allowed.into_iter().map(AccountId::new).collect(),
                rules: s.safety.rules.into_iter().map(Rule::from).collect(),
                step_up: StepUpRules {
                    marked: s.safety.step_up_marked.into_iter().map(Marked::from).collect(),
                    patterns: s.safety.step_up_patterns.into_iter().map(RolePattern::from).collect(),
                    minutes: s.safety.step_up_minutes.clamp(5, 60),
                    verify: s.safety.step_up_verify,
                    lock_ends: s.safety.step_up_lock_ends,
                },
            },
            // Set by requests of their own: the engine keeps what the file says.
            network: Network::default(),
            naming: Naming::default(),
            team: Adopted::default(),
            spare_waived: BTreeSet::new(),
            quiet: Quiet { from: q.from % 1440, until: q.until % 1440, weekends: q.weekends },
            browsers: s
                .browsers
                .into_iter()
                .filter(|(_, it)| !it.browser.is_empty())
                .map(|(org, it)| {
                    let container =
                        it.container.trim().chars().filter(|c| !c.is_control()).take(64).collect();
                    let container = Some(container).filter(|name: &String| !name.is_empty());
                    let choice = BrowserChoice { browser: it.browser, private: it.private, container };
                    (OrgId::new(org), choice)
                })
                .collect(),
        }
    }
}

impl From<&TrayOptions> for UiTray {
    fn from(tray: &TrayOptions) -> Self {
        let rows = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
        Self {
            icon: tray.icon,
            left_click: match tray.left_click {
                LeftClick::Menu => UiLeftClick::Menu,
                LeftClick::Window => UiLeftClick::Window,
            },
            time_beside: tray.time_beside,
            favourites: rows(tray.favourites()),
            recents: rows(tray.recents(0)),
            accounts: rows(tray.accounts()),
        }
    }
}

impl From<UiTray> for TrayOptions {
    fn from(tray: UiTray) -> Self {
        Self {
            icon: tray.icon,
            left_click: match tray.left_click {
                UiLeftClick::Menu => LeftClick::Menu,
                UiLeftClick::Window => LeftClick::Window,
            },
            time_beside: tray.time_beside,
            favourites: tray.favourites,
            recents: tray.recents,
            accounts: tray.accounts,
        }
    }
}

impl From<&Rule> for UiRule {
    fn from(rule: &Rule) -> Self {
        let field = match rule.field {
            Field::Name => UiField::Name,
            Field::Number => UiField::Number,
            Field::Email => UiField::Email,
        };
        Self { field, pattern: rule.pattern.clone(), environment: class(rule.environment) }
    }
}

impl From<UiRule> for Rule {
    fn from(rule: UiRule) -> Self {
        let environment = environment_of(rule.environment);
        Self { field: field_of(rule.field), pattern: rule.pattern, environment }
    }
}

/// What a rule looks at.
pub(crate) fn field_of(field: UiField) -> Field {
    match field {
        UiField::Name => Field::Name,
        UiField::Number => Field::Number,
        UiField::Email => Field::Email,
    }
}

impl From<&Marked> for UiMarked {
    fn from(one: &Marked) -> Self {
        Self { account: one.account.to_string(), role: one.role.to_string() }
    }
}

impl From<UiMarked> for Marked {
    fn from(one: UiMarked) -> Self {
        Self { account: AccountId::new(one.account), role: RoleName::new(one.role) }
    }
}

impl From<&RolePattern> for UiRolePattern {
    fn from(one: &RolePattern) -> Self {
        Self { role: one.role.clone(), account: one.account.clone() }
    }
}

impl From<UiRolePattern> for RolePattern {
    fn from(one: UiRolePattern) -> Self {
        Self { role: one.role.trim().to_owned(), account: one.account.trim().to_owned() }
    }
}
