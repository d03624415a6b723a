//! First run, settings, the sample organisation and quitting, as the window shows them.

use crate::{ui_credentials::UiDelivery, ui_portal::UiClass, ui_state::UiProblem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Colours of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiTheme {
    /// As the desktop says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// Black on white.
    HighContrastLight,
    /// White on black.
    HighContrastDark,
}

/// Which kinds of notification are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiTold {
    /// A sign-in ends soon.
    pub sign_in_ending: bool,
    /// A sign-in ended.
    pub sign_in_ended: bool,
    /// Profiles expired.
    pub expired: bool,
    /// Refreshing fails and little time is left.
    pub failing: bool,
    /// A role of a profile is gone.
    pub access_removed: bool,
    /// Another program changed a profile.
    pub conflict: bool,
    /// The clock is off.
    pub clock: bool,
    /// A console could not be opened.
    pub launch_failed: bool,
    /// A profile that was kept for a limited time ended.
    pub time_over: bool,
    /// Credentials were copied from the tray.
    pub copied: bool,
    /// A role or an app was assigned.
    pub new_access: bool,
    /// A security key has few PIN attempts left.
    pub pin_low: bool,
    /// Another version of Latchkey was installed.
    pub update_ready: bool,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiField {
    /// The account's name.
    Name,
    /// The account's number.
    Number,
    /// The account's email address.
    Email,
}

/// Accounts that fit belong to the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiRule {
    /// What it looks at.
    pub field: UiField,
    /// A regular expression.
    pub pattern: String,
    /// The environment.
    pub environment: UiClass,
}

/// Environments, and what they ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiSafety {
    /// Numbers of accounts in production whose profile may be named `default`.
    pub default_allowed: Vec<String>,
    /// The first that fits wins.
    pub rules: Vec<UiRule>,
    /// For so many minutes a touch of a security key opens a role.
    pub step_up_minutes: u16,
    /// PIN or fingerprint besides the touch.
    pub step_up_verify: bool,
    /// What a touch opened is closed when the screen is locked.
    pub step_up_lock_ends: bool,
    /// Roles that ask for a touch besides the privileged ones of production.
    pub step_up_marked: Vec<UiMarked>,
    /// Rules by which roles ask for one as if each of them were marked.
    pub step_up_patterns: Vec<UiRolePattern>,
}

/// Roles that fit ask for a touch. Regular expressions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiRolePattern {
    /// On the role's name.
    pub role: String,
    /// On the account's name or number; empty for every account.
    pub account: String,
}

/// A role that the person marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiMarked {
    /// The account's number.
    pub account: String,
    /// The role.
    pub role: String,
}

/// A file or folder of Latchkey's, for Settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiPlace {
    /// `Logs`.
    pub name: String,
    /// Where.
    pub path: String,
    /// What is in it.
    pub about: String,
}

/// What a left click on the tray's icon does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiLeftClick {
    /// Opens the menu.
    Menu,
    /// Opens the window.
    Window,
}

/// The tray's icon and menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiTray {
    /// There is an icon.
    pub icon: bool,
    /// What a left click does.
    pub left_click: UiLeftClick,
    /// The time left beside the icon.
    pub time_beside: bool,
    /// Favourites in the menu, 0 to 6.
    pub favourites: u8,
    /// Recents in the menu, 0 to 3.
    pub recents: u8,
    /// Rows of accounts in the menu, 5 to 20.
    pub accounts: u8,
}

/// What can be set of the tray on this computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiTrayHost {
    /// It tells clicks.
    pub clicks: bool,
    /// It has room for text beside the icon.
    pub text: bool,
}

/// A setting that the organisation decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiLocked {
    /// Start with the desktop session.
    Autostart,
    /// Closing the window leaves the app running.
    KeepRunning,
    /// Say only "Latchkey needs you".
    HideDetails,
    /// On quit, take our credentials out of the file.
    RemoveOnQuit,
    /// When credentials are replaced.
    RefreshLead,
    /// How a new profile is delivered.
    DefaultDelivery,
    /// The proxy.
    Proxy,
    /// Hosts without it.
    NoProxy,
    /// Extra certificates.
    CaFile,
    /// How long a touch opens a role.
    StepUpMinutes,
    /// PIN or fingerprint besides the touch.
    StepUpVerify,
}

/// What the organisation decided on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiPolicy {
    /// Settings that nobody here can change.
    pub locked: Vec<UiLocked>,
    /// Rules for environments, before the person's.
    pub rules: Vec<UiRule>,
    /// Roles that ask for a touch.
    pub marked: Vec<UiMarked>,
    /// Rules by which roles ask for one.
    pub patterns: Vec<UiRolePattern>,
    /// Why what is there is not used.
    pub problem: Option<UiProblem>,
}

/// What a person can set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiSettings {
    /// Start with the desktop session.
    pub autostart: bool,
    /// Closing the window leaves the app running.
    pub keep_running: bool,
    /// Colours.
    pub theme: UiTheme,
    /// Compact rows.
    pub compact: bool,
    /// Size of the text in percent, 90 to 150.
    pub text_size: u16,
    /// Nothing moves.
    pub reduce_motion: bool,
    /// `/` goes to the search field.
    pub search_key: bool,
    /// Notifications at all.
    pub notifications: bool,
    /// Say only "Latchkey needs you".
    pub hide_details: bool,
    /// The system's sound for what cannot wait.
    pub sound: bool,
    /// Quiet at the times that `quiet` says.
    pub quiet_hours: bool,
    /// On quit, take our credentials out of the file.
    pub remove_on_quit: bool,
    /// Minutes before the end at which a profile's credentials are replaced, from 10 to 45.
    pub refresh_lead: u16,
    /// How a new profile is delivered unless the person says otherwise.
    pub default_delivery: UiDelivery,
    /// The tray's icon and menu.
    pub tray: UiTray,
    /// Which kinds of notification.
    pub told: UiTold,
    /// When it is quiet.
    pub quiet: UiQuiet,
    /// Environments, and what they ask for.
    pub safety: UiSafety,
    /// In which browser an organisation's pages open, by its id; the desktop's own where none is named.
    pub browsers: BTreeMap<String, UiBrowserChoice>,
}

/// A browser, and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiBrowserChoice {
    /// One of those there are.
    pub browser: String,
    /// In a private window.
    pub private: bool,
    /// In the container of this name; empty for none.
    pub container: String,
}

/// A browser of this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiBrowser {
    /// What to choose it by.
    pub id: String,
    /// For people.
    pub name: String,
    /// It can be asked for a private window.
    pub private: bool,
    /// It may have an extension that opens addresses in a container.
    pub containers: bool,
}

/// The times of quiet hours, local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiQuiet {
    /// From this minute of the day.
    pub from: u16,
    /// Until this one, of the next day where it is before `from`.
    pub until: u16,
    /// All of Saturday and Sunday too.
    pub weekends: bool,
}

/// The way to servers: what is set, and what is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiNetwork {
    /// The proxy that is set; empty for none.
    pub proxy: String,
    /// Hosts that are reached without it.
    pub no_proxy: String,
    /// The PEM file that is set; empty for none.
    pub ca_file: String,
    /// What is in force.
    pub in_force: Vec<UiInForce>,
}

/// A part of the way to servers that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiInForce {
    /// `Proxy`.
    pub name: String,
    /// `http://proxy.acme.test:3128`, or what is done without.
    pub value: String,
    /// `From HTTPS_PROXY`; empty where nobody named anything.
    pub by: String,
}

/// A user of the sample organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiSampleUser {
    /// For people.
    pub display_name: String,
    /// For the sign-in page.
    pub username: String,
    /// For the sign-in page; opens nothing but the sample.
    pub password: String,
}

/// The sample organisation's server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiSandbox {
    /// Runs.
    pub running: bool,
    /// Is being started.
    pub starting: bool,
    /// Sample users.
    pub users: Vec<UiSampleUser>,
    /// Lines for the shell.
    pub exports: Vec<String>,
}

/// Which card of the first run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiCardKind {
    /// A: what the AWS config file names.
    Import,
    /// B: enter a start URL.
    StartUrl,
    /// C: the sample organisation.
    Sandbox,
}

/// A card of the first run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiCard {
    /// Which.
    pub kind: UiCardKind,
    /// Heading.
    pub title: String,
    /// One line.
    pub body: String,
}

/// The first run, while there is no organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiFirstRun {
    /// Heading.
    pub title: String,
    /// One line.
    pub body: String,
    /// Cards; the first gets the focus.
    pub cards: Vec<UiCard>,
}

/// What quitting stops, for the window's dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiQuit {
    /// Heading.
    pub title: String,
    /// What stops.
    pub body: String,
    /// The button that quits.
    pub confirm: String,
    /// False: nothing is kept fresh, quit without asking.
    pub ask: bool,
}
