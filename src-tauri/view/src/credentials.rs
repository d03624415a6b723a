//! Kept profiles: how each stands, in a shape and a word, and what to do about it.

use crate::{
    account::classified,
    ask::UiRequest,
    conflict_words::{USE_SSO_CACHE, conflict_words},
    delivery,
    problem::{About, about_org, asks, problem},
    refreshes, step_up,
    ui_credentials::UiDelivery,
    ui_state::{UiAction, UiButton, UiGrant, UiProblem, UiProfile, UiStatus, UiStrip},
    words::{clock, left, ui_environment, ui_sensitivity},
};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        code::Code,
        delivery::Delivery,
        environment::{Environment, Sensitivity, sensitivity},
        organisation::Kind,
        profile::{Conflict, State},
        refresh::{lead, lead_within},
    },
    snapshot::ProfileNow,
};
use jiff::{SignedDuration, tz::TimeZone};

/// Less than this left and not yet renewed is "due soon"; for short-lived roles, less than their lead.
const DUE_SOON: SignedDuration = SignedDuration::from_mins(10);
/// A role whose credentials live shorter than this gets a word about programs that read a file once.
const SHORT_LIFETIME: SignedDuration = SignedDuration::from_mins(30);

/// How a profile stands now.
pub(crate) type Standing = UiStatus;

impl UiStatus {
    /// The most urgent first.
    pub(crate) fn urgency(self) -> u8 {
        match self {
            Self::Expired => 0,
            Self::SignInNeeded => 1,
            Self::NotWritable => 2,
            Self::TouchNeeded => 2,
            Self::Conflict => 3,
            Self::AccessRemoved => 4,
            Self::Retrying => 5,
            Self::DueSoon => 6,
            Self::Paused => 7,
            Self::Refreshing => 8,
            Self::Checking => 9,
            Self::Fresh | Self::Ready => 10,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Checking => "Checking...",
            Self::Fresh => "Fresh",
            Self::Ready => "Ready",
            Self::Refreshing => "Refreshing",
            Self::DueSoon => "Due soon",
            Self::Retrying => "Retrying",
            Self::Paused => "Paused",
            Self::SignInNeeded => "Sign in needed",
            Self::Expired => "Expired",
            Self::AccessRemoved => "Access removed",
            Self::Conflict => "Conflict",
            Self::NotWritable => "File not writable",
            Self::TouchNeeded => "Touch needed",
        }
    }
}

/// How a profile stands at a moment.
pub(crate) fn standing(p: &ProfileNow, now: Timestamp) -> Standing {
    match &p.state {
        State::Waiting => Standing::Checking,
        State::Fresh => match &p.kept.written {
            Some(w) if w.expires <= now => Standing::Expired,
            Some(w) => {
                let soon = DUE_SOON.min(lead(w.expires.duration_since(w.issued)));
                if w.expires.duration_since(now) < soon { Standing::DueSoon } else { Standing::Fresh }
            }
            None => Standing::Checking,
        },
        State::Ready => Standing::Ready,
        State::Refreshing => Standing::Refreshing,
        State::Retrying { .. } if is_over(p, now) => Standing::Expired,
        State::Retrying { .. } => Standing::Retrying,
        State::Paused => Standing::Paused,
        State::SignInNeeded => Standing::SignInNeeded,
        State::Expired => Standing::Expired,
        State::AccessRemoved => Standing::AccessRemoved,
        State::Conflict(_) => Standing::Conflict,
        State::NotWritable(_) => Standing::NotWritable,
        State::TouchNeeded => Standing::TouchNeeded,
    }
}

/// What is in the file does not work any more.
pub(crate) fn is_over(p: &ProfileNow, now: Timestamp) -> bool {
    p.kept.written.as_ref().is_some_and(|w| w.expires <= now)
}

/// In a few words for a menu row: `fresh 42 min`, `expires in 8 min`.
pub(crate) fn short(p: &ProfileNow, standing: Standing, now: Timestamp) -> String {
    let time =
        p.kept.written.as_ref().filter(|w| w.expires > now).map(|w| left(w.expires.duration_since(now)));
    match (standing, time) {
        (Standing::Fresh, Some(time)) => format!("fresh {time}"),
        (Standing::DueSoon, Some(time)) => format!("expires in {time}"),
        (Standing::Checking, _) => "checking".to_owned(),
        (Standing::SignInNeeded, Some(time)) => format!("sign in, works {time}"),
        (other, _) => other.word().to_lowercase(),
    }
}

/// All rows for the window, by name.
pub(crate) fn rows(s: &Snapshot, zone: &TimeZone) -> Vec<UiProfile> {
    s.profiles.iter().map(|p| row(s, p, zone)).collect()
}

fn row(s: &Snapshot, p: &ProfileNow, zone: &TimeZone) -> UiProfile {
    let status = standing(p, s.at);
    let (account_name, environment) = classified(s, &p.kept.grant);
    let written = p.kept.written.as_ref();
    let retry = match &p.state {
        State::Retrying { at, .. } => Some(at.as_millisecond()),
        _ => None,
    };
    let lifetime = written.map(|w| w.expires.duration_since(w.issued));
    let chip = match status {
        Standing::Fresh => "fresh",
        Standing::DueSoon => "expires in",
        other => other.word(),
    };
    UiProfile {
        name: p.kept.profile.to_string(),
        grant: UiGrant::from(&p.kept.grant),
        account_name,
        environment: ui_environment(&environment),
        sensitivity: ui_sensitivity(sensitivity(p.kept.grant.role.as_str())),
        delivery: p.kept.delivery.into(),
        delivery_word: delivery::word(p.kept.delivery).to_owned(),
        asked: p.kept.asked.as_ref().map(|it| it.at.as_millisecond()),
        asked_by: p.kept.asked.as_ref().and_then(|it| it.program.clone()),
        status,
        status_word: status.word().to_owned(),
        chip: chip.to_lowercase(),
        expires: written.map(|w| w.expires.as_millisecond()),
        lifetime: lifetime.and_then(|l| i64::try_from(l.as_millis()).ok()),
        written: written.map(|w| w.at.as_millisecond()),
        next_refresh: p.next_refresh.map(Timestamp::as_millisecond),
        retry,
        paused: p.kept.paused,
        until: p.kept.until.map(Timestamp::as_millisecond),
        region: p.kept.region.clone(),
        key_tail: written.map(|w| w.key_tail.clone()),
        path: path(s, p),
        writer: refreshes::writer(s, p),
        refreshes: refreshes::last(s, p, zone),
        problem: row_problem(s, p, zone),
        info: lifetime.filter(|l| *l < SHORT_LIFETIME).map(|l| {
            let (all, after) = (left(l), left(l - lead_within(l, s.settings.lead())));
            format!(
                "Credentials for this role last {all}, so they are replaced after {after}. Tools that read the \
                 file only once stop after {all}."
            )
        }),
    }
}

/// The file that says how tools get the credentials, unless it is the sample's own.
fn path(s: &Snapshot, p: &ProfileNow) -> Option<String> {
    let path = match p.kept.delivery {
        Delivery::CredentialsFile => &s.file.path,
        Delivery::OnDemand | Delivery::SsoCache => &s.config.path,
        Delivery::CopyOnly => return None,
    };
    (!in_sandbox(s, p) && !path.as_os_str().is_empty()).then(|| path.display().to_string())
}

fn row_problem(s: &Snapshot, p: &ProfileNow, zone: &TimeZone) -> Option<UiProblem> {
    let name = p.kept.profile.as_str();
    let again = Some(UiRequest::RefreshProfile { profile: name.to_owned() });
    let about = About { again, ..about_org(s, &p.kept.grant.org) };
    let org_name = about.org.map_or("the organisation", |(_, name)| name);
    let still = works(p, s.at);
    let sign_in = about
        .org
        .map(|(id, _)| asks("Sign in", UiRequest::SignIn { org: id.as_str().to_owned(), method: None }));
    Some(match &p.state {
        State::Waiting | State::Fresh | State::Ready | State::Refreshing | State::Paused => return None,
        State::SignInNeeded if !p.kept.delivery.is_refreshed() => UiProblem {
            title: format!("Sign in to {org_name} to use {name}"),
            meaning: "The next program that asks for its credentials opens your browser once.".into(),
            next: "Sign in now, and nothing interrupts it.".into(),
            buttons: sign_in.into_iter().collect(),
            details: String::new(),
        },
        State::Retrying { at, failing_since, code } => {
            let found = problem(code, &about);
            UiProblem {
                title: if is_over(p, s.at) {
                    format!("{name} has expired")
                } else {
                    format!("Could not refresh {name}")
                },
                meaning: format!("{}. {still}", found.title),
                next: format!(
                    "Failing since {}. Latchkey tries again at {}.",
                    clock(s.at, *failing_since, zone),
                    clock(s.at, *at, zone)
                ),
                buttons: vec![asks("Try now", UiRequest::RefreshProfile { profile: name.to_owned() })],
                details: found.details,
            }
        }
        State::SignInNeeded => UiProblem {
            title: format!("Sign in to {org_name} to refresh {name}"),
            meaning: still,
            next: "Sign in; it is refreshed by itself then.".into(),
            buttons: sign_in.into_iter().collect(),
            details: String::new(),
        },
        State::Expired => UiProblem {
            title: format!("{name} has expired"),
            meaning: "Tools that use it get errors.".into(),
            next: "Sign in; it is refreshed by itself then.".into(),
            buttons: sign_in.into_iter().collect(),
            details: String::new(),
        },
        State::AccessRemoved => UiProblem {
            title: format!("You no longer have {} in {}", p.kept.grant.role, p.account_name),
            meaning: format!("{org_name} does not list it any more. {still}"),
            next: "Remove the profile, or ask an administrator if you still need it.".into(),
            buttons: vec![asks(
                "Remove profile",
                UiRequest::StopKeeping { profile: name.to_owned(), remove: true },
            )],
            details: String::new(),
        },
        State::TouchNeeded => UiProblem {
            title: format!("{name} waits for a touch of your key"),
            meaning: format!("{org_name} gives new credentials out only after one. {still}"),
            next: "Touch your key, and it goes on.".into(),
            buttons: vec![asks("Touch your key", UiRequest::RefreshProfile { profile: name.to_owned() })],
            details: String::new(),
        },
        State::Conflict(conflict) => {
            let mut found = conflict_problem(name, *conflict, p.kept.delivery);
            if let (Conflict::ChangedByAnother, Some(at)) = (conflict, refreshes::noticed(s, p)) {
                // No file says who wrote it, nor when exactly: this is when Latchkey saw it.
                let at = clock(s.at, at, zone);
                found.meaning = format!("{} Last writer: unknown, noticed {at}.", found.meaning);
            }
            found
        }
        State::NotWritable(code) => {
            let found = problem(code, &about);
            let mut buttons = found.buttons;
            let mut next = found.next;
            if p.kept.delivery == Delivery::CredentialsFile {
                buttons.push(asks("Show file", UiRequest::ShowFile { profile: name.to_owned() }));
                // A full disk takes no other file either, and tools stop at one that cannot be read.
                let other_file = matches!(code, Code::FileNotWritable { .. }) && !s.file.config_read_only;
                if other_file && p.kept.written.is_none() {
                    let (profile, delivery) = (name.to_owned(), UiDelivery::OnDemand);
                    let request = UiRequest::ChangeDelivery { profile, delivery, replace_foreign: false };
                    buttons.push(asks("Use on demand instead", request));
                } else if other_file {
                    next.push_str(
                        " On demand would not help: tools find the old keys in this file first, and they cannot be \
                         taken out.",
                    );
                }
            }
            let meaning = match code {
                // How long they work is known here.
                Code::FileNotWritable { reason, .. } => format!("The system said: {reason}."),
                _ => found.meaning,
            };
            let meaning = format!("{meaning} {}", old_ones(p, s.at)).trim().to_owned();
            UiProblem { meaning, next, buttons, ..found }
        }
    })
}

fn conflict_problem(name: &str, conflict: Conflict, delivery: Delivery) -> UiProblem {
    let (title, meaning, next) = conflict_words(conflict, name, delivery);
    UiProblem {
        title,
        meaning,
        next,
        buttons: conflict_buttons(name, conflict),
        details: format!("{conflict:?}"),
    }
}

/// What the person can decide; the harmless choice first.
pub(crate) fn conflict_buttons(name: &str, conflict: Conflict) -> Vec<UiButton> {
    let profile = name.to_owned();
    let leave = asks("Stop managing it", UiRequest::StopKeeping { profile: profile.clone(), remove: false });
    let label = match conflict {
        Conflict::ChangedByAnother => "Take it back",
        Conflict::KeysHide => "Move those keys to a backup",
        _ => "Replace and keep a backup",
    };
    match conflict {
        // Our keys there would change nothing for most tools.
        Conflict::SsoSettings => {
            let delivery = UiDelivery::SsoCache;
            let request = UiRequest::ChangeDelivery { profile, delivery, replace_foreign: false };
            vec![asks(USE_SSO_CACHE, request), leave]
        }
        _ => vec![leave, UiButton { danger: true, ..asks(label, UiRequest::TakeBack { profile }) }],
    }
}

/// `It works for 24 min more.` or `It has expired.`
fn works(p: &ProfileNow, now: Timestamp) -> String {
    match &p.kept.written {
        Some(w) if w.expires > now => format!("It works for {} more.", left(w.expires.duration_since(now))),
        Some(_) => "It has expired.".to_owned(),
        None if !p.kept.delivery.is_refreshed() => "Programs that ask for it get an error.".to_owned(),
        None => "Nothing was written yet.".to_owned(),
    }
}

/// As [`works`], of what stands in a file that cannot be written.
fn old_ones(p: &ProfileNow, now: Timestamp) -> String {
    match &p.kept.written {
        Some(w) if w.expires > now => {
            format!("The old credentials work for {} more.", left(w.expires.duration_since(now)))
        }
        Some(_) => "The old credentials have expired.".to_owned(),
        None => works(p, now),
    }
}

/// Privileged production profiles that work now: always in sight, with a way to stop.
pub(crate) fn strips(s: &Snapshot) -> Vec<UiStrip> {
    let opened = |p: &&ProfileNow| !s.step_up.opened.iter().any(|one| one.grant == p.kept.grant);
    let kept = active_in_production(s)
        // What a touch opened is named by its role, and stopped with it.
        .filter(opened)
        .map(|p| UiStrip {
            text: format!("{} is active in production", p.kept.profile),
            expires: p
                .kept
                .until
                .or(p.kept.written.as_ref().map(|w| w.expires))
                .map(Timestamp::as_millisecond),
            button: UiButton {
                label: "Stop now".into(),
                action: UiAction::Ask {
                    request: UiRequest::StopKeeping { profile: p.kept.profile.to_string(), remove: true },
                },
                danger: true,
            },
        });
    step_up::strips(s).into_iter().chain(kept).collect()
}

/// The profiles of [`strips`].
pub(crate) fn active_in_production(s: &Snapshot) -> impl Iterator<Item = &ProfileNow> {
    s.profiles.iter().filter(|p| {
        sensitivity(p.kept.grant.role.as_str()) == Sensitivity::Privileged
            && classified(s, &p.kept.grant).1.environment == Environment::Production
            && p.kept.written.as_ref().is_some_and(|w| w.expires > s.at)
            && !in_sandbox(s, p)
    })
}

fn in_sandbox(s: &Snapshot, p: &ProfileNow) -> bool {
    s.organisations
        .iter()
        .any(|o| o.organisation.id == p.kept.grant.org && o.organisation.kind == Kind::Sandbox)
}

/// The line over the table.
pub(crate) fn line(s: &Snapshot, zone: &TimeZone) -> String {
    if s.profiles.is_empty() {
        return String::new();
    }
    if s.profiles.iter().all(|p| !p.kept.delivery.is_refreshed()) {
        return String::new();
    }
    let mut line = match s.next_refresh {
        Some(at) => format!("Next refresh {}.", clock(s.at, at, zone)),
        None => "No refresh is planned.".to_owned(),
    };
    let end =
        s.organisations.iter().filter(|o| s.profiles.iter().any(|p| p.kept.grant.org == o.organisation.id));
    let end = end.filter_map(|o| crate::icon::sign_in_left(s, o)).min();
    if let Some(left) = end.filter(|left| left.is_positive()) {
        let at = clock(s.at, s.at + left, zone);
        line.push_str(&format!(" Sign-in lasts until {at}, so everything can refresh until then."));
    }
    line
}
