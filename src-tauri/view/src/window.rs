//! The snapshot as the window shows it.

use crate::{
    account::classified,
    activity,
    around::Around,
    ask::UiRequest,
    banner, conversion, credentials, delivery,
    icon::needs_person,
    import, keys,
    menu::{app_of, is_listed},
    most_used, network, offline, page, policy,
    portal::{picture, revision},
    problem::{About, asks, dismisses, problem, sets},
    record, sign_in, step_up,
    ui_state::{
        UiAppLaunch, UiAppRef, UiAppShortcut, UiCard, UiCardKind, UiFile, UiFirstRun, UiGrant, UiKind,
        UiLaunch, UiLaunchState, UiOrganisation, UiPause, UiProblem, UiQuit, UiRoleShortcut, UiSampleUser,
        UiSandbox, UiShortcut, UiState, UiSync, UiUsedAccount,
    },
    words::{environment_word, ui_environment, ui_sensitivity},
};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        aws_config::comparable,
        environment::{Act, Care, care, needs_confirm, sensitivity},
        ids::{Grant, OrgId, Target},
        organisation::Kind,
        portal::Sync,
        sign_in::SignIn,
    },
    snapshot::{Launch, OrganisationNow},
};
use jiff::{civil::DateTime, tz::TimeZone};
use std::path::Path;

/// Recents that the portal shows.
const RECENTS: usize = 5;
/// Lines of Activity sent along.
const LINES: usize = 50;

/// What the window shows.
#[must_use]
pub fn ui_state(s: &Snapshot, around: &Around, zone: &TimeZone) -> UiState {
    let attention = s.profiles.iter().filter(|p| needs_person(p, s.at)).count();
    UiState {
        at: s.at.as_millisecond(),
        loaded: s.loaded,
        first_run: (s.loaded && s.organisations.is_empty()).then(|| first_run(s)),
        import: import::note(s),
        converted: conversion::undoable(s, zone),
        organisations: s.organisations.iter().map(|o| organisation(s, o, zone)).collect(),
        chosen: s.chosen().map(|o| o.organisation.id.to_string()),
        favourites: s.favourites.iter().map(|t| shortcut(s, t)).collect(),
        recents: recents(s),
        launches: s.launches.iter().filter_map(|(t, l)| Some(launch(s, t.role()?, l))).collect(),
        app_launches: s.launches.iter().filter_map(|(t, l)| app_launch(s, t, l)).collect(),
        profiles: credentials::rows(s, zone),
        credentials_line: credentials::line(s, zone),
        attention: match attention {
            0 => String::new(),
            1 => "1 needs attention".to_owned(),
            n => format!("{n} need attention"),
        },
        strips: credentials::strips(s),
        file: file(s),
        deliveries: delivery::choices(&s.file.path.display().to_string(), s.settings.default_delivery),
        pause: banner::pause_text(s, zone).map(|text| UiPause {
            until: s.pause.and_then(|p| p.until).map(Timestamp::as_millisecond),
            text,
        }),
        online: s.online,
        tray_host: around.tray_host,
        // The panel may be a moment late to take it away.
        tray: around.tray && s.settings.tray.icon,
        closed_text: closed_text(around.tray && s.settings.tray.icon).to_owned(),
        keyring: banner::keyring_problem(s),
        clock: banner::clock_problem(s),
        activity: s.history.iter().take(LINES).map(|e| activity::line(s, e, zone)).collect(),
        record: record::record(s),
        settings: (&s.settings).into(),
        policy: policy::policy(s),
        network: network::network(s),
        places: Vec::new(),
        used: s.recents.iter().filter_map(Target::role).map(UiGrant::from).collect(),
        used_apps: s
            .recents
            .iter()
            .filter_map(|target| match target {
                Target::App(app) => Some(UiAppRef::from(app)),
                Target::Role(_) => None,
            })
            .collect(),
        most_used: most_used::accounts(s)
            .into_iter()
            .map(|(org, account)| UiUsedAccount { org: org.to_string(), account: account.to_string() })
            .collect(),
        most_used_apps: most_used::apps(s).iter().map(UiAppRef::from).collect(),
        store_problem: banner::store_problem(s),
        autostart_problem: around.autostart_failure.as_deref().map(autostart_problem),
        settings_problem: s.settings_problem.as_ref().map(|code| {
            let found = problem(code, &About::default());
            UiProblem {
                meaning: format!("{} The usual settings are used meanwhile.", found.meaning)
                    .trim()
                    .to_owned(),
                ..found
            }
        }),
        sandbox: (s.sandbox.running || s.sandbox.starting).then(|| UiSandbox {
            running: s.sandbox.running,
            starting: s.sandbox.starting,
            users: s
                .sandbox
                .users
                .iter()
                .map(|u| UiSampleUser {
                    display_name: u.display_name.clone(),
                    username: u.username.clone(),
                    password: u.password.clone(),
                })
                .collect(),
            exports: s.sandbox.exports.clone(),
        }),
        keys: keys::keys(s, zone),
        step_up: step_up::step_up(s),
        quit: quit(s),
    }
}

/// What goes on after the window is closed, and the way back.
fn closed_text(tray: bool) -> &'static str {
    if tray {
        "Latchkey keeps refreshing in the background. Open it again from the tray."
    } else {
        "Latchkey keeps refreshing in the background. Open it again from your applications."
    }
}

/// The switch is on, yet the desktop has no entry, or the other way round.
fn autostart_problem(reason: &str) -> UiProblem {
    UiProblem {
        title: "Starting with your desktop session could not be changed".into(),
        meaning: format!("The system said: {reason}."),
        next: "Check that you may write to ~/.config/autostart, then turn the switch off and on again."
            .into(),
        buttons: vec![],
        details: reason.to_owned(),
    }
}

fn first_run(s: &Snapshot) -> UiFirstRun {
    let others = [
        UiCard {
            kind: UiCardKind::StartUrl,
            title: "Enter your start URL".into(),
            body: "For example acme.awsapps.com/start.".into(),
        },
        UiCard {
            kind: UiCardKind::Sandbox,
            title: "Try it now with a sample organisation".into(),
            body: "No account, no internet. Ready in 3 seconds.".into(),
        },
    ];
    UiFirstRun {
        title: "Open AWS without the detour.".into(),
        body: "Consoles, apps and CLI credentials, one click away.".into(),
        cards: import::card(s).into_iter().chain(others).collect(),
    }
}

fn organisation(s: &Snapshot, o: &OrganisationNow, zone: &TimeZone) -> UiOrganisation {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    UiOrganisation {
        id: o.organisation.id.to_string(),
        name: o.organisation.name.clone(),
        start_url: o.organisation.start_url.to_string(),
        host: o.organisation.start_url.host_str().unwrap_or_default().to_owned(),
        region: o.organisation.region.clone(),
        kind: match o.organisation.kind {
            Kind::Aws => UiKind::Aws,
            Kind::Custom => UiKind::Custom,
            Kind::Sandbox => UiKind::Sandbox,
        },
        colour: s
            .settings
            .team
            .colours
            .get(&comparable(o.organisation.start_url.as_str()))
            .map(|colour| colour.name().to_owned()),
        user: match &o.sign_in {
            SignIn::SignedIn(session) => session.user.clone(),
            _ => None,
        },
        sign_in: sign_in::sign_in(s, o, zone),
        in_app: sign_in::offer(o),
        pill: match o.sign_in {
            SignIn::SignedOut => "Signed out",
            SignIn::InProgress(_) => "Signing in",
            SignIn::SignedIn(_) => "Signed in",
            SignIn::Ended { .. } => "Sign-in ended",
        }
        .to_owned(),
        banner: banner::banner(s, o, zone),
        no_console: offline::no_console(s, o),
        sync: sync(o),
        sync_text: match &o.sync {
            Sync::Running { total: 0, .. } => "Loading accounts.".to_owned(),
            Sync::Running { done, total } | Sync::Throttled { done, total, .. } => {
                banner::loaded(*done, *total)
            }
            Sync::Paused { .. } => "Loading is paused.".to_owned(),
            Sync::Idle | Sync::Failed { .. } => String::new(),
        },
        synced: o.portal.synced.map(Timestamp::as_millisecond),
        accounts: number(o.portal.accounts.len()),
        accounts_loading: number(o.portal.accounts.iter().filter(|a| a.roles.is_none()).count()),
        portal_revision: revision(s, o),
    }
}

fn sync(o: &OrganisationNow) -> UiSync {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    match &o.sync {
        Sync::Idle => UiSync::Idle,
        Sync::Running { done, total } => UiSync::Running { done: number(*done), total: number(*total) },
        Sync::Throttled { until, done, total } => {
            UiSync::Throttled { until: until.as_millisecond(), done: number(*done), total: number(*total) }
        }
        Sync::Paused { done, total } => UiSync::Paused { done: number(*done), total: number(*total) },
        Sync::Failed { code, at, retry } => {
            let again = Some(UiRequest::Sync { org: o.organisation.id.to_string() });
            let about =
                About { org: Some((&o.organisation.id, &o.organisation.name)), again, ..About::default() };
            UiSync::Failed {
                problem: problem(code, &about),
                at: at.as_millisecond(),
                retry: retry.map(Timestamp::as_millisecond),
            }
        }
    }
}

fn recents(s: &Snapshot) -> Vec<UiShortcut> {
    let mut taken: Vec<(&str, usize)> = Vec::new();
    let mut rows = Vec::new();
    for target in s.recents.iter().filter(|t| !s.favourites.contains(t)) {
        let row = shortcut(s, target);
        let (UiShortcut::Role(UiRoleShortcut { listed, .. }) | UiShortcut::App(UiAppShortcut { listed, .. })) =
            &row;
        if !listed {
            continue;
        }
        let org = target.org().as_str();
        match taken.iter_mut().find(|(o, _)| *o == org) {
            Some((_, n)) if *n >= RECENTS => continue,
            Some((_, n)) => *n += 1,
            None => taken.push((org, 1)),
        }
        rows.push(row);
    }
    rows
}

fn shortcut(s: &Snapshot, target: &Target) -> UiShortcut {
    match target {
        Target::Role(grant) => UiShortcut::Role(role_shortcut(s, grant)),
        Target::App(app) => {
            let org = s.organisations.iter().find(|o| o.organisation.id == app.org);
            let found = app_of(s, app);
            let link = org.zip(found).map(|(o, found)| found.link(&o.organisation.start_url).to_string());
            UiShortcut::App(UiAppShortcut {
                app: app.into(),
                name: found.map_or_else(|| app.app.to_string(), |found| found.name.clone()),
                description: found.and_then(|found| found.description.clone()),
                link: link.unwrap_or_default(),
                icon: found.and_then(picture),
                listed: found.is_some(),
            })
        }
    }
}

fn role_shortcut(s: &Snapshot, grant: &Grant) -> UiRoleShortcut {
    let (account_name, environment) = classified(s, grant);
    let role = sensitivity(grant.role.as_str());
    let org = s.organisations.iter().find(|o| o.organisation.id == grant.org);
    UiRoleShortcut {
        grant: grant.into(),
        account_name,
        confirm_console: needs_confirm(environment.environment, role, Act::OpenConsole),
        environment: ui_environment(&environment),
        sensitivity: ui_sensitivity(role),
        listed: org.is_some_and(|o| is_listed(o, grant)),
    }
}

fn launch(s: &Snapshot, grant: &Grant, launch: &Launch) -> UiLaunch {
    let link = || page::of_console(s, grant);
    let browser = match launch {
        Launch::Opened(_, browser) => browser_words(browser.as_deref()),
        _ => "",
    };
    let (launch, text) = launch_state(s, &grant.org, launch, link, |destination, region, private| {
        let private = private.then_some(true);
        UiRequest::OpenConsole { grant: grant.into(), destination, region, private, confirmed: false }
    });
    // Where care is called for, the word says what was opened.
    let (_, found) = classified(s, grant);
    let sensitive = sensitivity(grant.role.as_str());
    let text = match (&launch, care(found.environment, sensitive, Act::OpenConsole)) {
        (UiLaunchState::Opened { .. }, Care::Notice | Care::Confirm | Care::TimeBoxed) => {
            format!("Opened {} in {browser}", environment_word(found.environment))
        }
        _ => text,
    };
    UiLaunch { grant: UiGrant::from(grant), launch, text }
}

fn app_launch(s: &Snapshot, target: &Target, launch: &Launch) -> Option<UiAppLaunch> {
    let Target::App(app) = target else { return None };
    let again = |_, _, _| UiRequest::OpenApp { app: app.into() };
    let (launch, text) = launch_state(s, &app.org, launch, || page::of_app(s, app), again);
    Some(UiAppLaunch { app: app.into(), launch, text })
}

/// `Firefox`, `your browser`.
fn browser_words(name: Option<&str>) -> &str {
    name.unwrap_or("your browser")
}

fn launch_state(
    s: &Snapshot,
    org: &OrgId,
    launch: &Launch,
    link: impl Fn() -> Option<String>,
    again: impl Fn(Option<String>, Option<String>, bool) -> UiRequest,
) -> (UiLaunchState, String) {
    let org = s.organisations.iter().find(|o| o.organisation.id == *org);
    match launch {
        Launch::WaitingForSignIn => (UiLaunchState::WaitingForSignIn, "Opens after you sign in".to_owned()),
        Launch::Opening => (UiLaunchState::Opening, "Opening...".to_owned()),
        Launch::Opened(at, browser) => {
            let text = format!("Opened in {}", browser_words(browser.as_deref()));
            (UiLaunchState::Opened { at: at.as_millisecond() }, text)
        }
        Launch::Failed { at, code, destination, region, private } => {
            let about = About {
                org: org.map(|o| (&o.organisation.id, o.organisation.name.as_str())),
                again: Some(again(destination.clone(), region.clone(), *private)),
                launch: true,
                link: link(),
            };
            let found = problem(code, &about);
            let text = format!("Could not open it: {}", found.title);
            (UiLaunchState::Failed { at: at.as_millisecond(), problem: found }, text)
        }
    }
}

fn file(s: &Snapshot) -> UiFile {
    let path = s.file.path.display().to_string();
    let mut notes = Vec::new();
    if let Some(code) = &s.file.problem {
        notes.push(problem(code, &About { again: Some(UiRequest::RefreshAll), ..About::default() }));
    }
    if let Some(mode) = s.file.readable_by_others {
        notes.push(UiProblem {
            title: "Other users can read your credentials file".into(),
            meaning: format!("The permissions of {path} are {:04o}.", mode & 0o7777),
            next: "Make it private; every tool of yours keeps working.".into(),
            buttons: vec![asks("Make it private (0600)", UiRequest::MakeFilePrivate), dismisses("Ignore")],
            details: String::new(),
        });
    }
    if let Some(target) = &s.file.target {
        notes.push(UiProblem {
            title: format!("{path} is a link"),
            meaning: format!("Latchkey writes to its target, {}.", target.display()),
            next: "Nothing to do if that is what you want.".into(),
            buttons: vec![dismisses("Continue"), sets("Change location", "credentials")],
            details: String::new(),
        });
    }
    UiFile {
        notes,
        foreign: s.file.foreign.iter().map(|name| foreign(s, name)).collect(),
        backup: s.file.backup.as_ref().map(|b| b.display().to_string()),
        backup_made: s.file.backup.as_ref().and_then(|b| made(b)).map(Timestamp::as_millisecond),
        path,
    }
}

/// `old-keys (long-lived key, here for at least 12 days)`. No file says how old a key is.
fn foreign(s: &Snapshot, name: &str) -> String {
    let Some(key) = s.file.long_lived.iter().find(|key| key.profile == name) else { return name.to_owned() };
    match key.since.map_or(0, |since| s.at.duration_since(since).as_hours() / 24) {
        ..=0 => format!("{name} (long-lived key)"),
        1 => format!("{name} (long-lived key, here for at least 1 day)"),
        days => format!("{name} (long-lived key, here for at least {days} days)"),
    }
}

/// The moment in a backup's name, `credentials.latchkey-20261124-003100.bak`, which is in UTC.
fn made(backup: &Path) -> Option<Timestamp> {
    let (_, rest) = backup.file_name()?.to_str()?.rsplit_once(".latchkey-")?;
    let moment = DateTime::strptime("%Y%m%d-%H%M%S", rest.get(..15)?).ok()?;
    TimeZone::UTC.to_timestamp(moment).ok()
}

fn quit(s: &Snapshot) -> UiQuit {
    let kept = s.profiles.len();
    let names = crate::words::first_and_more(s.profiles.iter().map(|p| p.kept.profile.as_str()));
    let then = match (kept, s.settings.remove_on_quit) {
        (1, true) => "Its keys are taken out of the credentials file.",
        (_, true) => "Their keys are taken out of the credentials file.",
        (1, false) => "It works until its credentials expire.",
        (_, false) => "They work until their credentials expire.",
    };
    UiQuit {
        title: "Quit Latchkey?".into(),
        body: match kept {
            0 => "No profile is kept fresh.".to_owned(),
            1 => format!("{names} stops refreshing. {then}"),
            _ => format!("{names} stop refreshing. {then}"),
        },
        confirm: "Quit".into(),
        ask: kept > 0,
    }
}
