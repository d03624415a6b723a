//! What a person can set.

use super::{
    Timestamp,
    delivery::Delivery,
    ids::{AccountId, OrgId},
    notice::Notice,
    rules::Rule,
    step_up,
    team::Adopted,
    tray::TrayOptions,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

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
    /// Black on white, with thick borders.
    HighContrastLight,
    /// White on black, with thick borders.
    HighContrastDark,
}

/// Which kinds of notification are shown. What is told for the person's safety is no kind of these: it is
/// shown as long as there are notifications at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Told {
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
    /// A profile that was kept for a limited time is kept no more.
    pub time_over: bool,
    /// Credentials that were copied without the window are on the clipboard.
    pub copied: bool,
    /// A role or an application was assigned; off unless the person wants it.
    pub new_access: bool,
    /// A security key has few tries left for its PIN.
    pub pin_low: bool,
    /// Another version of Latchkey was installed while it runs.
    pub update_ready: bool,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            sign_in_ending: true,
            sign_in_ended: true,
            expired: true,
            failing: true,
            access_removed: true,
            conflict: true,
            clock: true,
            launch_failed: true,
            time_over: true,
            copied: true,
            new_access: false,
            pin_low: true,
            update_ready: true,
        }
    }
}

impl Told {
    /// Whether the person wants to be told this.
    #[must_use]
    pub fn wants(&self, notice: &Notice) -> bool {
        match notice {
            Notice::SignInEnding { .. } => self.sign_in_ending,
            Notice::SignInEnded { .. } => self.sign_in_ended,
            Notice::ProfilesExpired { .. } => self.expired,
            Notice::RefreshFailing { .. } => self.failing,
            Notice::AccessRemoved { .. } => self.access_removed,
            Notice::Conflict { .. } => self.conflict,
            Notice::ClockSkew { .. } => self.clock,
            Notice::LaunchFailed { .. } | Notice::AppFailed { .. } => self.launch_failed,
            Notice::TimeOver { .. } | Notice::TimeEnding { .. } => self.time_over,
            Notice::Copied { .. } => self.copied,
            Notice::NewAccess { .. } => self.new_access,
            Notice::PinLow { .. } => self.pin_low,
            Notice::UpdateReady { .. } => self.update_ready,
            // A summary holds only what was wanted by itself.
            Notice::Revoked { .. }
            | Notice::RecordBroken { .. }
            | Notice::StrangeAnswers { .. }
            | Notice::PasswordHostMoved { .. }
            | Notice::TouchNeeded { .. }
            | Notice::Test
            | Notice::WhileAway { .. } => true,
        }
    }
}

/// The way to servers that are not on this computer. What it leaves open the environment says (`HTTPS_PROXY`,
/// `NO_PROXY`, `AWS_CA_BUNDLE`), and then the AWS config file (`ca_bundle`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// A proxy for https, e.g. `http://proxy.acme.test:3128`.
    pub proxy: Option<String>,
    /// Hosts that are reached without it, as in `NO_PROXY`.
    pub no_proxy: Option<String>,
    /// A PEM file of certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// A proxy's address without a name and password in it: for people, and for logs.
#[must_use]
pub fn without_name(address: &str) -> String {
    match (address.split_once("://"), address.rsplit_once('@')) {
        (_, None) => address.to_owned(),
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
    }
}

/// Who named a part of the way to servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// The settings.
    Settings,
    /// The variable of that name.
    Environment(&'static str),
    /// `ca_bundle` of the AWS config file's default profile.
    AwsConfig,
}

/// The way to servers that is in force: each part with who named it, for people. No password is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The proxy for https.
    pub proxy: Option<(String, NamedBy)>,
    /// Hosts that are reached without it.
    pub no_proxy: Option<(String, NamedBy)>,
    /// Certificates that are trusted besides the system's.
    pub ca_file: Option<(String, NamedBy)>,
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
    /// Size of the window's text in percent, 90 to 150.
    pub text_size: u16,
    /// Nothing moves in the window, whatever the desktop says.
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
    /// So many minutes before they expire a profile's credentials are replaced; see [`Self::lead`].
    pub refresh_lead: u16,
    /// How a new profile is delivered unless the person says otherwise.
    pub default_delivery: Delivery,
    /// Which kinds of notification.
    pub told: Told,
    /// The tray's icon and menu.
    #[serde(skip_serializing_if = "is_plain")]
    pub tray: TrayOptions,
    /// The way to servers.
    #[serde(skip_serializing_if = "is_default")]
    pub network: Network,
    /// When it is quiet.
    pub quiet: Quiet,
    /// Environments, and what they ask for.
    pub safety: Safety,
    /// How profiles that `latch` writes are named.
    #[serde(skip_serializing_if = "is_usual")]
    pub naming: Naming,
    /// What was taken over from teams.
    #[serde(skip_serializing_if = "is_nothing")]
    pub team: Adopted,
    /// In which browser an organisation's pages open, by its id; the desktop's own where none is named.
    pub browsers: BTreeMap<OrgId, BrowserChoice>,
    /// Organisations at which the person does without a spare security key and was told so.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub spare_waived: BTreeSet<OrgId>,
}

fn is_plain(tray: &TrayOptions) -> bool {
    *tray == TrayOptions::default()
}

fn is_nothing(team: &Adopted) -> bool {
    *team == Adopted::default()
}

fn is_usual(naming: &Naming) -> bool {
    *naming == Naming::default()
}

fn is_default(network: &Network) -> bool {
    *network == Network::default()
}

/// How profiles that stand for everything one can reach are named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Naming {
    /// The template; the usual one where none is named.
    pub template: Option<String>,
}

/// A browser, and how it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrowserChoice {
    /// The name of its desktop entry, such as `firefox.desktop`.
    pub browser: String,
    /// In a private window, where it has such.
    pub private: bool,
    /// In the container of this name, where it has such: Firefox with an extension that takes
    /// `ext+container:` addresses. Goes before `private`.
    pub container: Option<String>,
}

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// The times of quiet hours, local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quiet {
    /// From this minute of the day.
    pub from: u16,
    /// Until this one; before `from` it is the next day's. The same: never, but at weekends.
    pub until: u16,
    /// All of Saturday and Sunday too.
    pub weekends: bool,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { from: 18 * 60, until: 9 * 60, weekends: true }
    }
}

impl Quiet {
    /// Whether it is quiet at this minute of the day.
    #[must_use]
    pub fn holds(&self, minute: u16, weekend: bool) -> bool {
        let (from, until) = (self.from % DAY, self.until % DAY);
        (weekend && self.weekends)
            || if from <= until { (from..until).contains(&minute) } else { minute >= from || minute < until }
    }
}

/// The person's rules for environments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Safety {
    /// Accounts of production whose profile may be named `default`.
    pub default_allowed: Vec<AccountId>,
    /// Which accounts belong to which environment; the first that fits wins.
    pub rules: Vec<Rule>,
    /// Which roles ask for a touch of a security key, and what it opens.
    pub step_up: step_up::Rules,
}

impl Settings {
    /// How long before they expire a profile's credentials are replaced: from 10 minutes, at which botocore
    /// insists on new ones, to 45. A third of the lifetime, where that is less.
    #[must_use]
    pub fn lead(&self) -> SignedDuration {
        SignedDuration::from_mins(self.refresh_lead.clamp(10, 45).into())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            autostart: false,
            keep_running: true,
            theme: Theme::System,
            compact: false,
            text_size: 100,
            reduce_motion: false,
            search_key: true,
            notifications: true,
            hide_details: false,
            sound: false,
            quiet_hours: false,
            remove_on_quit: false,
            refresh_lead: 20,
            default_delivery: Delivery::default(),
            tray: TrayOptions::default(),
            told: Told::default(),
            network: Network::default(),
            quiet: Quiet::default(),
            safety: Safety::default(),
            naming: Naming::default(),
            team: Adopted::default(),
            browsers: BTreeMap::new(),
            spare_waived: BTreeSet::new(),
        }
    }
}

/// A pause of all refreshing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it ends by itself; `None` until the person resumes.
    pub until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{OrgId, ProfileName};

    #[test]
    fn quiet_hours_go_over_midnight_and_weekends_only_where_wanted() {
        let usual = Quiet::default();
        for (minute, quiet) in [(0, true), (539, true), (540, false), (1079, false), (1080, true)] {
            assert_eq!(usual.holds(minute, false), quiet, "{minute}");
            assert!(usual.holds(minute, true));
        }
        let lunch = Quiet { from: 720, until: 780, weekends: false };
        assert!([719, 780].iter().all(|minute| !lunch.holds(*minute, true)));
        assert!(lunch.holds(720, false) && lunch.holds(779, true));
        let never = Quiet { from: 600, until: 600, weekends: false };
        assert!((0..1440).all(|minute| !never.holds(minute, true)));
    }

    #[test]
    fn what_is_switched_off_is_not_told_but_a_revoked_sign_in_always_is() {
        let none = Told {
            sign_in_ending: false,
            sign_in_ended: false,
            expired: false,
            failing: false,
            access_removed: false,
            conflict: false,
            clock: false,
            launch_failed: false,
            time_over: false,
            copied: false,
            new_access: false,
            pin_low: false,
            update_ready: false,
        };
        let conflict =
            Notice::Conflict { org: OrgId::new("acme"), profiles: vec![(ProfileName::new("pay-dev"), None)] };
        let revoked =
            Notice::Revoked { org: OrgId::new("acme"), org_name: "Acme".into(), at: Timestamp::UNIX_EPOCH };
        assert!(Told::default().wants(&conflict) && !none.wants(&conflict));
        assert!(!none.wants(&Notice::ClockSkew { seconds: 660 }));
        assert!(none.wants(&revoked));
    }
}
