//! The tray menu as a value: painting it is dull, and a test compares it with what is expected.
//!
//! A click carries what it is about, never a row number: a menu that is out of date opens nothing else.

mod accounts;
mod apps;
mod label;
mod organisations;
mod profiles;

use crate::{
    credentials::active_in_production,
    icon::{profiles_line, status_line},
    offline::keeps_consoles_closed,
    words::clock,
};
use engine::{
    Request, Snapshot,
    model::{
        application::Application,
        ids::{AppRef, Grant, OrgId, Target},
        organisation::Kind,
        sign_in::SignIn,
    },
    request::{PauseFor, Shell, Show},
    snapshot::OrganisationNow,
};
use jiff::tz::TimeZone;
use std::time::Duration;

pub use label::LONGEST;

/// Whose wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Preferences, Quit.
    Linux,
    /// Settings..., Quit Latchkey.
    MacOs,
    /// Settings, Exit Latchkey.
    Windows,
}

impl Platform {
    /// The shell whose syntax "Copy environment" uses here.
    fn shell(self) -> Shell {
        match self {
            Self::Linux | Self::MacOs => Shell::Posix,
            Self::Windows => Shell::PowerShell,
        }
    }
}

/// What a click means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Ask the engine.
    Ask(Request),
    /// Open the window at a view.
    Show(Show),
    /// Open the window at a view of this organisation.
    ShowOf(OrgId, Show),
    /// Open the window where it was.
    Open,
    /// Quit; the shell asks first when something is kept fresh.
    Quit,
}

/// One row. Ids are stable: the same id is the same row, and rows are updated in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A line.
    Separator,
    /// A row to click.
    Item {
        /// Stable id, unique in the menu.
        id: String,
        /// The words, `&` doubled.
        label: String,
        /// Can be clicked.
        enabled: bool,
        /// A check mark; `None` for rows without.
        checked: Option<bool>,
        /// What a click means.
        intent: Intent,
    },
    /// Rows below.
    Submenu {
        /// Stable id, unique in the menu.
        id: String,
        /// The words, `&` doubled.
        label: String,
        /// Can be opened.
        enabled: bool,
        /// The rows.
        entries: Vec<Entry>,
    },
}

impl Entry {
    /// A row to click.
    #[must_use]
    pub fn item(id: impl Into<String>, text: &str, intent: Intent) -> Self {
        Self::Item { id: id.into(), label: label::escape(text), enabled: true, checked: None, intent }
    }

    /// One of several rows to choose from. The toolkit has no round marks, so it is a check mark.
    #[must_use]
    pub fn choice(id: impl Into<String>, text: &str, chosen: bool, intent: Intent) -> Self {
        let (id, label) = (id.into(), label::escape(text));
        Self::Item { id, label, enabled: true, checked: Some(chosen), intent }
    }

    /// Rows below; none of them, and it cannot be opened.
    #[must_use]
    pub fn submenu(id: impl Into<String>, text: &str, entries: Vec<Self>) -> Self {
        Self::Submenu { id: id.into(), label: label::escape(text), enabled: !entries.is_empty(), entries }
    }
}

/// The whole menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    /// The rows from the top.
    pub entries: Vec<Entry>,
}

impl Menu {
    /// What a click on the row with this id means, at any depth.
    #[must_use]
    pub fn intent(&self, id: &str) -> Option<&Intent> {
        fn find<'a>(entries: &'a [Entry], wanted: &str) -> Option<&'a Intent> {
            entries.iter().find_map(|entry| match entry {
                Entry::Item { id, intent, .. } if id == wanted => Some(intent),
                Entry::Submenu { entries, .. } => find(entries, wanted),
                _ => None,
            })
        }
        find(&self.entries, id)
    }
}

/// The menu for a snapshot.
#[must_use]
pub fn menu(s: &Snapshot, zone: &TimeZone, platform: Platform) -> Menu {
    let groups = if s.organisations.is_empty() {
        vec![vec![Entry::item("status", &status_line(s, zone), Intent::Open)], end(s, platform)]
    } else {
        vec![
            status(s, zone),
            shortcuts(s),
            vec![accounts::submenu(s), apps::submenu(s), profiles::submenu(s, platform)],
            refreshing(s, zone),
            end(s, platform),
        ]
    };
    let mut entries = Vec::new();
    for group in groups.into_iter().filter(|g| !g.is_empty()) {
        if !entries.is_empty() {
            entries.push(Entry::Separator);
        }
        entries.extend(group);
    }
    Menu { entries }
}

/// Am I signed in, until when? Do my profiles work?
fn status(s: &Snapshot, zone: &TimeZone) -> Vec<Entry> {
    let mut rows = organisations::status(s, zone);
    if let Some(line) = profiles_line(s, zone) {
        let active = active_in_production(s).next().map(|p| p.kept.profile.as_str());
        let line = match active.and_then(|name| line.strip_prefix(name)) {
            Some(rest) => label::around(active.unwrap_or_default(), |name| format!("{name}{rest}")),
            None => label::fit(&line),
        };
        rows.push(Entry::item("profiles", &line, Intent::Show(Show::Credentials)));
    }
    rows.extend(organisations::submenu(s, zone));
    rows
}

/// Favourites, then recents that are no favourites. What is not listed any more is left out.
fn shortcuts(s: &Snapshot) -> Vec<Entry> {
    let listed = |target: &&Target| match target {
        Target::Role(grant) => org(s, grant).is_some_and(|o| is_listed(o, grant)),
        Target::App(app) => app_of(s, app).is_some(),
    };
    let favourites: Vec<&Target> =
        s.favourites.iter().filter(listed).take(s.settings.tray.favourites()).collect();
    let room = s.settings.tray.recents(favourites.len());
    let recents: Vec<&Target> =
        s.recents.iter().filter(listed).filter(|g| !s.favourites.contains(g)).take(room).collect();
    let text = |prefix: &str, target: &Target, of: Option<&str>| match target {
        Target::Role(grant) => label::shortcut(s, prefix, grant, of),
        Target::App(one) => {
            let name = app_of(s, one).map_or(one.app.as_str(), |found| found.name.as_str());
            label::with(of, |room| label::within(room, name, |name| format!("{prefix}{name} (app)")))
        }
    };
    let all: Vec<&Target> = favourites.iter().chain(&recents).copied().collect();
    let row = |kind: &str, prefix: &str, target: &Target| {
        let alike = |o: &&Target| o.org() != target.org() && text("", o, None) == text("", target, None);
        let of = all.iter().any(alike).then(|| name_of(s, target.org())).flatten();
        let text = text(prefix, target, of);
        match target {
            Target::Role(grant) => opens(s, format!("{kind}/{}", key(grant)), &text, grant),
            Target::App(one) => {
                Entry::item(format!("{kind}-app/{}/{}", one.org, one.app), &text, app(one.clone()))
            }
        }
    };
    let mut rows: Vec<Entry> = favourites.iter().map(|g| row("favourite", "", g)).collect();
    rows.extend(recents.iter().map(|g| row("recent", "Recent: ", g)));
    rows
}

/// What an organisation is called, where it is known.
fn name_of<'a>(s: &'a Snapshot, id: &OrgId) -> Option<&'a str> {
    let org = s.organisations.iter().find(|o| o.organisation.id == *id)?;
    Some(&org.organisation.name)
}

fn refreshing(s: &Snapshot, zone: &TimeZone) -> Vec<Entry> {
    let ask = |request| Intent::Ask(request);
    let pause = match &s.pause {
        Some(pause) => {
            let text = match pause.until {
                Some(at) => format!("Resume refreshing (paused until {})", clock(s.at, at, zone)),
                None => "Resume refreshing".to_owned(),
            };
            Entry::item("resume", &text, ask(Request::Resume))
        }
        None => Entry::submenu(
            "pause",
            "Pause refreshing",
            vec![
                Entry::item(
                    "pause/hour",
                    "For 1 hour",
                    ask(Request::Pause(PauseFor::Duration(Duration::from_secs(3600)))),
                ),
                Entry::item(
                    "pause/tomorrow",
                    "Until tomorrow 09:00",
                    ask(Request::Pause(PauseFor::Tomorrow)),
                ),
                Entry::item("pause/resumed", "Until I resume", ask(Request::Pause(PauseFor::UntilResumed))),
            ],
        ),
    };
    vec![Entry::item("refresh", "Refresh everything now", ask(Request::RefreshAll)), pause]
}

fn end(s: &Snapshot, platform: Platform) -> Vec<Entry> {
    let (settings, quit) = match platform {
        Platform::Linux => ("Preferences", "Quit"),
        Platform::MacOs => ("Settings...", "Quit Latchkey"),
        Platform::Windows => ("Settings", "Exit Latchkey"),
    };
    let mut rows = vec![
        Entry::item("open", "Open Latchkey", Intent::Open),
        Entry::item("settings", settings, Intent::Show(Show::Settings)),
    ];
    rows.extend(s.chosen().filter(|o| matches!(o.sign_in, SignIn::SignedIn(_))).map(|o| {
        let intent = Intent::Ask(Request::SignOut(o.organisation.id.clone()));
        let text = label::around(&o.organisation.name, |name| format!("Sign out of {name}"));
        Entry::item(format!("sign-out/{}", o.organisation.id), &text, intent)
    }));
    rows.extend(s.update.as_ref().map(|update| {
        let text = format!("Restart to update to {}", update.version);
        Entry::item("restart", &text, Intent::Ask(Request::Restart))
    }));
    rows.push(Entry::item("quit", quit, Intent::Quit));
    rows
}

/// A row that opens a console; while none opens, it cannot be clicked, and the menu's first row says why.
fn opens(s: &Snapshot, id: String, text: &str, grant: &Grant) -> Entry {
    let console = Request::OpenConsole {
        grant: grant.clone(),
        destination: None,
        region: None,
        private: false,
        confirmed: false,
    };
    let enabled = org(s, grant).is_none_or(|org| !keeps_consoles_closed(s, org));
    Entry::Item { id, label: label::escape(text), enabled, checked: None, intent: Intent::Ask(console) }
}

fn app(app: AppRef) -> Intent {
    Intent::Ask(Request::OpenApp(app))
}

/// What the portal lists of an application, if it does.
pub(crate) fn app_of<'a>(s: &'a Snapshot, app: &AppRef) -> Option<&'a Application> {
    let org = s.organisations.iter().find(|o| o.organisation.id == app.org)?;
    org.portal.applications.find(&app.app)
}

fn key(grant: &Grant) -> String {
    format!("{}/{}/{}", grant.org, grant.account, grant.role)
}

fn org<'a>(s: &'a Snapshot, grant: &Grant) -> Option<&'a OrganisationNow> {
    s.organisations.iter().find(|o| o.organisation.id == grant.org)
}

/// Whether the portal lists the role; yes while nobody knows.
pub(crate) fn is_listed(org: &OrganisationNow, grant: &Grant) -> bool {
    match org.portal.accounts.iter().find(|a| a.id == grant.account) {
        Some(account) => account.roles.as_ref().is_none_or(|roles| roles.contains(&grant.role)),
        None => org.portal.synced.is_none(),
    }
}

/// Whether all there is, is the sample.
pub(crate) fn is_sandbox(org: &OrganisationNow) -> bool {
    org.organisation.kind == Kind::Sandbox
}
