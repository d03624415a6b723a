//! The one banner under the header, by priority.

use crate::{
    ask::UiRequest,
    icon::needs_person,
    keys::registered::only_one,
    menu::is_sandbox,
    notification, offline,
    problem::{About, asks, problem, shows},
    ui_keys::UiKeyWish,
    ui_state::{UiBanner, UiBannerKind, UiProblem, UiView},
    words::{clock, count, left},
};
use engine::{
    Snapshot,
    model::{
        code::Code,
        portal::Sync,
        profile::State,
        sign_in::{Ended, SignIn},
    },
    ports::Keyring,
    snapshot::{OrganisationNow, ProfileNow},
};
use jiff::tz::TimeZone;

/// The banner to show while `org` is selected.
pub(crate) fn banner(s: &Snapshot, org: &OrganisationNow, zone: &TimeZone) -> Option<UiBanner> {
    signed_out(s, org, zone)
        .or_else(|| blocked(s, org))
        .or_else(|| store(s))
        .or_else(|| clock_off(s))
        .or_else(|| offline::banner(s, org, zone))
        .or_else(|| syncing(s, org))
        .or_else(|| paused(s, zone))
        .or_else(|| memory_only(s))
        .or_else(|| spare(s, org))
        .or_else(|| update(s))
        .or_else(|| sandbox(org))
}

fn of<'a>(s: &'a Snapshot, org: &'a OrganisationNow) -> impl Iterator<Item = &'a ProfileNow> {
    s.profiles.iter().filter(|p| p.kept.grant.org == org.organisation.id)
}

/// `pay-dev works for 24 min more.`: the first of the organisation's profiles to stop.
fn first_to_stop(s: &Snapshot, org: &OrganisationNow) -> Option<String> {
    let working = of(s, org).filter_map(|p| Some((p.kept.written.as_ref()?.expires, &p.kept.profile)));
    let working: Vec<_> = working.filter(|(expires, _)| *expires > s.at).collect();
    let (expires, name) = working.iter().min()?;
    let time = left(expires.duration_since(s.at));
    Some(match working.len() {
        1 => format!("{name} works for {time} more."),
        n => format!("{} still work, the first stops in {time}.", count(n, "profile")),
    })
}

fn signed_out(s: &Snapshot, org: &OrganisationNow, zone: &TimeZone) -> Option<UiBanner> {
    let name = &org.organisation.name;
    let kept = of(s, org).count();
    let sign_in =
        |label: &str| asks(label, UiRequest::SignIn { org: org.organisation.id.to_string(), method: None });
    let banner = |title: String, body: String, label: &str| {
        let buttons = vec![sign_in(label)];
        Some(UiBanner { kind: UiBannerKind::SignedOut, title, body, buttons, until: None })
    };
    match &org.sign_in {
        SignIn::Ended { at, why } => {
            let title = match why {
                Ended::Expired => format!("Your sign-in to {name} ended at {}", clock(s.at, *at, zone)),
                Ended::Revoked => format!("{name} ended your sign-in at {}", clock(s.at, *at, zone)),
            };
            let mut body = if kept == 0 {
                "Consoles open again after you sign in.".to_owned()
            } else {
                "Profiles stop refreshing until you sign in again.".to_owned()
            };
            if let Some(more) = first_to_stop(s, org) {
                body = format!("{body} {more}");
            }
            banner(title, body, "Sign in again")
        }
        SignIn::SignedOut if kept > 0 => banner(
            format!("Sign in to {name} to keep {} fresh", count(kept, "profile")),
            first_to_stop(s, org).unwrap_or_else(|| "None of them works until you do.".to_owned()),
            "Sign in",
        ),
        // Without anything to dim, the view asks to sign in by itself.
        SignIn::SignedOut => {
            banner(format!("Sign in to {name}"), "Consoles open after you sign in.".to_owned(), "Sign in")
        }
        _ => None,
    }
}

fn blocked(s: &Snapshot, org: &OrganisationNow) -> Option<UiBanner> {
    let stuck: Vec<_> = of(s, org)
        .filter(|p| needs_person(p, s.at) && !matches!(p.state, State::SignInNeeded | State::Expired))
        .collect();
    let refused = stuck.iter().find_map(|p| match &p.state {
        State::NotWritable(code) => Some(code),
        _ => None,
    });
    let file = (!is_sandbox(org)).then_some(s.file.problem.as_ref()).flatten();
    if let Some(code) = file.filter(|_| of(s, org).next().is_some()).or(refused) {
        let found = problem(code, &About { again: Some(UiRequest::RefreshAll), ..About::default() });
        return Some(UiBanner {
            kind: UiBannerKind::Blocked,
            title: found.title,
            body: format!("{} {}", found.meaning, found.next),
            buttons: found.buttons,
            until: None,
        });
    }
    let first = stuck.first()?;
    let title = match stuck.len() {
        1 => format!("{} needs you", first.kept.profile),
        n => format!("{} need you", count(n, "profile")),
    };
    let failing = stuck.iter().all(|p| matches!(p.state, State::Retrying { .. }));
    let body = if failing {
        "What has expired gets errors in your tools."
    } else {
        "Latchkey stopped refreshing so that nothing is lost."
    };
    Some(UiBanner {
        kind: UiBannerKind::Blocked,
        title,
        body: body.into(),
        buttons: vec![shows("Review", UiView::Credentials)],
        until: None,
    })
}

/// Latchkey's own record, when it does not hold what it should.
pub(crate) fn store_problem(s: &Snapshot) -> Option<UiProblem> {
    s.store_problem.as_ref().map(|code| problem(code, &About::default()))
}

fn store(s: &Snapshot) -> Option<UiBanner> {
    let found = store_problem(s)?;
    let body = format!("{} {}", found.meaning, found.next);
    let (kind, title, buttons) = (UiBannerKind::Store, found.title, found.buttons);
    Some(UiBanner { kind, title, body, buttons, until: None })
}

/// The clock, when it is off.
pub(crate) fn clock_problem(s: &Snapshot) -> Option<UiProblem> {
    let seconds = s.clock_skew?;
    Some(problem(
        &Code::ClockSkew { seconds },
        &About { again: Some(UiRequest::RefreshAll), ..About::default() },
    ))
}

fn clock_off(s: &Snapshot) -> Option<UiBanner> {
    let found = clock_problem(s)?;
    let body = format!("{} {}", found.meaning, found.next);
    let (kind, title, buttons) = (UiBannerKind::Clock, found.title, found.buttons);
    Some(UiBanner { kind, title, body, buttons, until: None })
}

fn syncing(s: &Snapshot, org: &OrganisationNow) -> Option<UiBanner> {
    match &org.sync {
        Sync::Throttled { until, done, total } if *until > s.at => Some(UiBanner {
            kind: UiBannerKind::Throttled,
            title: "AWS is limiting requests".into(),
            body: format!("{} Continuing by itself.", loaded(*done, *total)),
            buttons: vec![asks(
                "Pause loading",
                UiRequest::PauseSync { org: org.organisation.id.to_string() },
            )],
            until: Some(until.as_millisecond()),
        }),
        Sync::Paused { done, total } => Some(UiBanner {
            kind: UiBannerKind::LoadingPaused,
            title: "Loading is paused".into(),
            body: loaded(*done, *total),
            buttons: vec![asks("Continue loading", UiRequest::Sync { org: org.organisation.id.to_string() })],
            until: None,
        }),
        Sync::Failed { code, retry, .. } => {
            let id = org.organisation.id.to_string();
            let about = About {
                org: Some((&org.organisation.id, &org.organisation.name)),
                again: Some(UiRequest::Sync { org: id }),
                ..About::default()
            };
            let found = problem(code, &about);
            Some(UiBanner {
                kind: UiBannerKind::SyncFailed,
                title: found.title,
                body: format!("{} {}", found.meaning, found.next),
                buttons: found.buttons,
                until: retry.map(|at| at.as_millisecond()),
            })
        }
        _ => None,
    }
}

/// `Loaded 96 of 143 accounts.`: how far a sync is.
pub(crate) fn loaded(done: usize, total: usize) -> String {
    match total {
        0 => "No accounts are known yet.".to_owned(),
        _ => format!("Loaded {done} of {}.", count(total, "account")),
    }
}

/// The pause in words: `Refreshing is paused until 09:00`.
pub(crate) fn pause_text(s: &Snapshot, zone: &TimeZone) -> Option<String> {
    Some(match s.pause?.until {
        Some(at) => format!("Refreshing is paused until {}", clock(s.at, at, zone)),
        None => "Refreshing is paused until you resume".to_owned(),
    })
}

fn paused(s: &Snapshot, zone: &TimeZone) -> Option<UiBanner> {
    let working = s.profiles.iter().filter_map(|p| Some((p.kept.written.as_ref()?.expires, &p.kept.profile)));
    let body = match working.filter(|(expires, _)| *expires > s.at).min() {
        Some((at, name)) => format!("{name} stops working in {}.", left(at.duration_since(s.at))),
        None => "Nothing is refreshed meanwhile.".to_owned(),
    };
    Some(UiBanner {
        kind: UiBannerKind::Paused,
        title: pause_text(s, zone)?,
        body,
        buttons: vec![asks("Resume", UiRequest::Resume)],
        until: s.pause?.until.map(|at| at.as_millisecond()),
    })
}

/// The keyring, when the sign-in lives in memory only.
pub(crate) fn keyring_problem(s: &Snapshot) -> Option<UiProblem> {
    match &s.keyring {
        Keyring::Ready => None,
        Keyring::MemoryOnly(code) => Some(problem(code, &About::default())),
    }
}

fn memory_only(s: &Snapshot) -> Option<UiBanner> {
    let found = keyring_problem(s)?;
    let body = format!("{} {}", found.meaning, found.next);
    let (kind, title, buttons) = (UiBannerKind::Keyring, found.title, found.buttons);
    Some(UiBanner { kind, title, body, buttons, until: None })
}

/// A spare security key, once a sign-in told that there is one key only.
fn spare(s: &Snapshot, org: &OrganisationNow) -> Option<UiBanner> {
    let id = &org.organisation.id;
    let missing = s.keys.without_spare().any(|one| one == id) && !s.settings.spare_waived.contains(id);
    let waive = UiKeyWish::WaiveSpare { org: id.to_string() };
    missing.then(|| UiBanner {
        kind: UiBannerKind::Spare,
        title: "A spare key is missing".into(),
        body: only_one(&org.organisation.name),
        buttons: vec![shows("Show keys", UiView::Keys), asks("Not now", UiRequest::Keys { keys: waive })],
        until: None,
    })
}

/// Another version, until the person puts it off: the tray's row says it then.
fn update(s: &Snapshot) -> Option<UiBanner> {
    let waits = s.update.as_ref().filter(|update| !update.put_off)?;
    let (title, body) = notification::update_ready(&waits.version, waits.signs_out);
    let buttons = vec![asks("Restart", UiRequest::Restart), asks("Later", UiRequest::UpdateLater)];
    Some(UiBanner { kind: UiBannerKind::Update, title, body, buttons, until: None })
}

fn sandbox(org: &OrganisationNow) -> Option<UiBanner> {
    is_sandbox(org).then(|| UiBanner {
        kind: UiBannerKind::Sandbox,
        title: "Sample organisation".into(),
        body: "Nothing here reaches AWS.".into(),
        buttons: vec![crate::problem::edits("Connect your own", "start_url", None)],
        until: None,
    })
}
