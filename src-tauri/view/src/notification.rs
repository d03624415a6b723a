//! Notifications in words, as the catalogue has them. Account and role only: no number, no address, no
//! secret, since they may stand on a locked screen.

use crate::{
    problem::{About, sentence, skew},
    record::grouped,
    words::{clock, count, first_and_more, left},
};
use engine::model::{
    Timestamp,
    code::Code,
    notice::{Notice, Pressed},
};
use jiff::tz::TimeZone;

/// The action id that servers send for a click on the body.
pub const DEFAULT_ACTION: &str = "default";

/// How much it presses. Never "critical", never with sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Passive.
    Low,
    /// Normal.
    Normal,
    /// Time-sensitive.
    TimeSensitive,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What the server sends back; see [`pressed`].
    pub id: &'static str,
    /// The words.
    pub label: &'static str,
}

/// A notification to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Title.
    pub title: String,
    /// Body; plain text, to be escaped where the server reads markup.
    pub body: String,
    /// At most two.
    pub actions: Vec<Action>,
    /// Urgency.
    pub urgency: Urgency,
}

/// What an action id of [`Action`], or [`DEFAULT_ACTION`], means.
#[must_use]
pub fn pressed(id: &str) -> Option<Pressed> {
    Some(match id {
        DEFAULT_ACTION => Pressed::Body,
        "sign_in" => Pressed::SignIn,
        "later" => Pressed::Later,
        "details" => Pressed::Details,
        "try_again" => Pressed::TryAgain,
        "keep_on" => Pressed::KeepOn,
        "deny" => Pressed::Deny,
        "restart" => Pressed::Restart,
        _ => return None,
    })
}

const SIGN_IN: Action = Action { id: "sign_in", label: "Sign in" };
const LATER: Action = Action { id: "later", label: "Later" };
const DETAILS: Action = Action { id: "details", label: "Details" };
const REVIEW: Action = Action { id: "details", label: "Review" };
const TRY_NOW: Action = Action { id: "try_again", label: "Try now" };
const KEEP_ON: Action = Action { id: "keep_on", label: "Keep 1 more hour" };
const SHOW: Action = Action { id: "details", label: "Show" };
const RESTART: Action = Action { id: "restart", label: "Restart" };
const DENY: Action = Action { id: "deny", label: "Deny" };
const TRY_AGAIN: Action = Action { id: "try_again", label: "Try again" };

/// A notice in words. `hide_details` names nobody and nothing, yet keeps the buttons.
#[must_use]
pub fn text(notice: &Notice, hide_details: bool, now: Timestamp, zone: &TimeZone) -> Text {
    let (title, body) = words(notice, now, zone);
    let (actions, urgency) = match notice {
        Notice::SignInEnding { .. } => (vec![SIGN_IN, LATER], Urgency::Normal),
        Notice::SignInEnded { .. } => (vec![SIGN_IN, LATER], Urgency::TimeSensitive),
        Notice::ProfilesExpired { code: None, .. } => (vec![SIGN_IN, DETAILS], Urgency::TimeSensitive),
        Notice::ProfilesExpired { .. } => (vec![TRY_NOW, DETAILS], Urgency::TimeSensitive),
        Notice::RefreshFailing { .. } => (vec![TRY_NOW, DETAILS], Urgency::Normal),
        Notice::AccessRemoved { .. } | Notice::ClockSkew { .. } => (vec![DETAILS], Urgency::Normal),
        Notice::Conflict { .. } | Notice::WhileAway { .. } => (vec![REVIEW], Urgency::Normal),
        Notice::Revoked { .. }
        | Notice::RecordBroken { .. }
        | Notice::StrangeAnswers { .. }
        | Notice::PasswordHostMoved { .. } => (vec![DETAILS], Urgency::TimeSensitive),
        Notice::TimeOver { .. } => (vec![KEEP_ON], Urgency::Low),
        Notice::TimeEnding { .. } => (vec![KEEP_ON, DETAILS], Urgency::Normal),
        Notice::TouchNeeded { .. } => (vec![SHOW, DENY], Urgency::TimeSensitive),
        Notice::NewAccess { .. } => (vec![SHOW], Urgency::Low),
        Notice::Copied { .. } => (vec![], Urgency::Low),
        Notice::Test => (vec![], Urgency::Normal),
        Notice::PinLow { .. } => (vec![SHOW], Urgency::Normal),
        Notice::UpdateReady { .. } => (vec![RESTART, LATER], Urgency::Low),
        Notice::LaunchFailed { .. } | Notice::AppFailed { .. } => (vec![TRY_AGAIN, DETAILS], Urgency::Normal),
    };
    if hide_details {
        let body = "Open Latchkey to see what it is about.".to_owned();
        return Text { title: "Latchkey needs you".to_owned(), body, actions, urgency };
    }
    Text { title, body, actions, urgency }
}

/// As [`why`], of what the browser was to show.
fn why_not_opened(code: &Code) -> String {
    sentence(code, &About { launch: true, ..About::default() })
}

/// The cause in a sentence.
fn why(code: &Code) -> String {
    sentence(code, &About::default())
}

/// `3 PIN attempts left`.
fn attempts(left: u8) -> String {
    format!("{} left", count(usize::from(left), "PIN attempt"))
}

/// Another version was installed: what that is, and what letting it in costs.
pub(crate) fn update_ready(version: &str, signs_out: bool) -> (String, String) {
    let body = if signs_out {
        "Restarts in 2 s, credentials stay valid. Your sign-in is in memory only: you sign in again."
    } else {
        "Restarts in 2 s, credentials stay valid."
    };
    (format!("Latchkey {version} is ready"), body.to_owned())
}

fn words(notice: &Notice, now: Timestamp, zone: &TimeZone) -> (String, String) {
    match notice {
        Notice::SignInEnding { org_name, ends, profiles, .. } => {
            let stops = if profiles.len() == 1 { "stops" } else { "stop" };
            let body = if profiles.is_empty() {
                format!("Consoles ask you to sign in from {}.", clock(now, *ends, zone))
            } else {
                format!(
                    "{} {stops} refreshing at {}.",
                    count(profiles.len(), "profile"),
                    clock(now, *ends, zone)
                )
            };
            (format!("Sign-in to {org_name} ends in {}", left(ends.duration_since(now))), body)
        }
        Notice::SignInEnded { org_name, profiles, .. } => {
            let names = first_and_more(profiles.iter().map(|(name, _)| name.as_str()));
            let soonest = profiles
                .iter()
                .filter_map(|(name, expires)| expires.map(|at| (at, name)))
                .filter(|(at, _)| *at > now)
                .min();
            let still = soonest
                .map(|(at, name)| format!(" {name} works for another {}.", left(at.duration_since(now))))
                .unwrap_or_default();
            let body = if names.is_empty() {
                "Consoles and profiles wait until you do.".to_owned()
            } else {
                format!("{names} stopped refreshing.{still}")
            };
            (format!("Sign in to {org_name} again"), body)
        }
        Notice::ProfilesExpired { profiles, code, .. } => {
            let (who, have, them) = match profiles.as_slice() {
                [(one, _)] => (one.to_string(), "has", "it"),
                many => (count(many.len(), "profile"), "have", "them"),
            };
            let body = match code {
                None => format!("Tools that use {them} get errors until you sign in."),
                Some(code) => format!("Tools that use {them} get errors. {}", why(code)),
            };
            (format!("{who} {have} expired"), body)
        }
        Notice::RefreshFailing { profiles, failing_since, code, .. } => {
            let since = clock(now, *failing_since, zone);
            let first = profiles.iter().map(|(_, at)| *at).min().unwrap_or(now);
            let stops = clock(now, first, zone);
            let (title, it) = match profiles.as_slice() {
                [(one, _)] => (format!("{one} may stop working at {stops}"), "It has"),
                many => (
                    format!("{} may stop working, the first at {stops}", count(many.len(), "profile")),
                    "They have",
                ),
            };
            let body = match code {
                Code::NoAnswer { .. } | Code::ServerError { .. } | Code::Garbled { .. } => {
                    format!("The portal has not answered since {since}. Latchkey keeps trying.")
                }
                other => format!("{it} not been refreshed since {since}. {}", why(other)),
            };
            (title, body)
        }
        Notice::AccessRemoved { roles, .. } => match roles.as_slice() {
            [one] => {
                let body = match one.expires.filter(|at| *at > now) {
                    Some(at) => format!("{} works until {}.", one.profile, clock(now, at, zone)),
                    None => format!("{} does not work any more.", one.profile),
                };
                (format!("Access to {}, {} was removed", one.account_name, one.grant.role), body)
            }
            many => {
                let names = first_and_more(many.iter().map(|role| role.profile.as_str()));
                (
                    format!("Access for {} was removed", count(many.len(), "profile")),
                    format!("{names} are not refreshed any more."),
                )
            }
        },
        Notice::Conflict { profiles, .. } => match profiles.as_slice() {
            [(one, _)] => {
                (format!("Another program changed {one}"), "Latchkey stopped refreshing it.".to_owned())
            }
            many => (
                format!("Another program changed {}", count(many.len(), "profile")),
                "Latchkey stopped refreshing them.".to_owned(),
            ),
        },
        Notice::WhileAway { notices } => {
            let titles: Vec<_> = notices.iter().map(|notice| words(notice, now, zone).0).collect();
            (
                format!("{} while you were away", count(titles.len(), "notice")),
                format!("{}.", titles.join(". ")),
            )
        }
        Notice::Revoked { org_name, at, .. } => (
            "Latchkey stopped for your safety".to_owned(),
            format!("{org_name} ended your sign-in at {}.", clock(now, *at, zone)),
        ),
        Notice::TimeOver { profile, added, until, .. } => (
            format!("{profile} stopped, as planned"),
            format!("It was kept fresh for {}.", left(until.duration_since(*added))),
        ),
        Notice::TouchNeeded { by_word, grant, account_name, program, pid, until, .. } => {
            let program = program.as_deref().unwrap_or("A program");
            let left = until.duration_since(now).as_secs().max(0);
            (
                if *by_word { "Allow or deny a program" } else { "Touch your security key" }.to_owned(),
                format!("{program} (process {pid}) asks for {account_name}, {}. {left} s left.", grant.role),
            )
        }
        Notice::TimeEnding { profile, until, .. } => (
            format!("{profile} stops in {}", left(until.duration_since(now))),
            format!("It is kept fresh until {}, as planned.", clock(now, *until, zone)),
        ),
        Notice::RecordBroken { entry } => (
            "Latchkey's record was changed outside".to_owned(),
            format!(
                "Activity does not fit together at entry {}. Entries after it cannot be trusted.",
                grouped(u64::try_from(*entry).unwrap_or_default())
            ),
        ),
        Notice::PasswordHostMoved { org_name, host, .. } => (
            "Latchkey stopped for your safety".to_owned(),
            format!("{org_name} wanted your password sent to {host}. Nothing was sent there."),
        ),
        Notice::StrangeAnswers { org_name, .. } => (
            "Latchkey ignored answers for your safety".to_owned(),
            format!("They did not belong to your sign-in to {org_name}. Cancel it if you did not begin it."),
        ),
        Notice::NewAccess { org_name, roles, apps, .. } => {
            let names: Vec<_> = roles
                .iter()
                .map(|(account, role)| format!("{account}, {role}"))
                .chain(apps.iter().cloned())
                .collect();
            (
                format!("New access at {org_name}"),
                format!("{}.", first_and_more(names.iter().map(String::as_str))),
            )
        }
        Notice::Copied { grant, account_name, expires, until } => (
            format!("Copied for {account_name}, {}", grant.role),
            format!(
                "Valid until {}. Clipboard clears in {} s.",
                clock(now, *expires, zone),
                until.duration_since(now).as_secs().max(0)
            ),
        ),
        Notice::PinLow { key, left, paused: true, .. } => {
            let left = left.map(|left| format!(" {} then.", attempts(left))).unwrap_or_default();
            (format!("{key} paused PIN entry"), format!("Unplug it and plug it in again.{left}"))
        }
        Notice::PinLow { key, left, .. } => (
            format!("{} on {key}", attempts(left.unwrap_or_default())),
            "After that the key locks.".to_owned(),
        ),
        Notice::UpdateReady { version, signs_out } => update_ready(version, *signs_out),
        Notice::Test => (
            "This is how Latchkey tells you".to_owned(),
            "Notifications of Latchkey are shown on this computer.".to_owned(),
        ),
        Notice::ClockSkew { seconds } => (
            format!("Your computer's clock is {}", skew(*seconds)),
            "AWS refuses requests until it is set.".to_owned(),
        ),
        Notice::LaunchFailed { account_name, code, .. } => {
            (format!("Could not open {account_name}"), why_not_opened(code))
        }
        Notice::AppFailed { name, code, .. } => (format!("Could not open {name}"), why_not_opened(code)),
    }
}
