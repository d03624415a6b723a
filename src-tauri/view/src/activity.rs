//! Lines of Activity as plain sentences.

use crate::{
    conflict_words::conflict_words,
    delivery, key_words,
    problem::{About, sentence},
    record::grouped,
    ui_activity::{UiActivity, UiActivityKind, UiBy},
    words::{clock, count, environment_word, first_and_more},
};
use engine::{
    Snapshot,
    model::{
        code::Code,
        delivery::Delivery,
        environment::Act,
        history::{By, Entry, Event},
        ids::{AccountId, Grant, OrgId},
        step_up::{Closed, Unanswered},
    },
};
use jiff::tz::TimeZone;

/// One line in words. The snapshot gives organisations their names.
pub(crate) fn line(s: &Snapshot, entry: &Entry, zone: &TimeZone) -> UiActivity {
    let (sentence, subject, ok) = words(s, entry, zone);
    UiActivity {
        id: entry.id,
        at: entry.at.as_millisecond(),
        group: match &entry.event {
            Event::Refreshed { profile, .. } => format!("refreshed/{profile}"),
            // Each of the others is a line by itself.
            _ => String::new(),
        },
        sentence,
        subject,
        by: match entry.by {
            By::You => UiBy::You,
            By::Schedule => UiBy::Schedule,
            By::Program => UiBy::Program,
        },
        kind: kind(&entry.event),
        account: account_of(&entry.event),
        ok,
    }
}

fn words(s: &Snapshot, entry: &Entry, zone: &TimeZone) -> (String, Option<String>, bool) {
    let name = |org: &OrgId| {
        let known = s.organisations.iter().find(|o| o.organisation.id == *org);
        known.map_or_else(|| "an organisation that was removed".to_owned(), |o| o.organisation.name.clone())
    };
    let about = |org: Option<&OrgId>, code: &Code, launch: bool| {
        let found = org.and_then(|id| s.organisations.iter().find(|o| o.organisation.id == *id));
        let org = found.map(|o| (&o.organisation.id, o.organisation.name.as_str()));
        sentence(code, &About { org, launch, ..About::default() })
    };
    let why = |org: Option<&OrgId>, code: &Code| about(org, code, false);
    let role = |grant: &Grant, account: &str| Some(format!("{account}, {}", grant.role));
    match &entry.event {
        Event::OrganisationAdded { name, .. } => (format!("Added {name}"), None, true),
        Event::OrganisationRemoved { name, .. } => (format!("Removed {name}"), None, true),
        Event::SignedIn { org, user: Some(user) } => {
            (format!("Signed in to {} as {user}", name(org)), None, true)
        }
        Event::SignedIn { org, user: None } => (format!("Signed in to {}", name(org)), None, true),
        Event::SignInFailed { org, code } => {
            (format!("Sign-in to {} did not finish: {}", name(org), why(Some(org), code)), None, false)
        }
        Event::SignedOut { org } => (format!("Signed out of {}", name(org)), None, true),
        Event::SignInEnded { org, revoked: true } => {
            (format!("{} ended your sign-in", name(org)), None, false)
        }
        Event::SignInEnded { org, revoked: false } => (format!("Sign-in to {} ended", name(org)), None, true),
        Event::Synced { org, accounts, gained, lost, apps, apps_gained, apps_lost } => {
            let many = |n: &u32, word| count(usize::try_from(*n).unwrap_or(usize::MAX), word);
            let apps = apps.map(|n| format!(" and {}", many(&n, "app"))).unwrap_or_default();
            let mut sentence = format!("Updated {}: {}{apps}", name(org), many(accounts, "account"));
            let changes = [
                (gained, "role", "gained"),
                (apps_gained, "app", "gained"),
                (lost, "role", "lost"),
                (apps_lost, "app", "lost"),
            ];
            for (n, word, how) in changes.into_iter().filter(|(n, ..)| **n > 0) {
                sentence.push_str(&format!(", {} {how}", many(n, word)));
            }
            (sentence, None, true)
        }
        Event::ConsoleOpened { grant, account_name } => {
            (format!("Opened the console of {account_name}"), role(grant, account_name), true)
        }
        Event::ConsoleFailed { grant, account_name, code } => (
            format!("Could not open the console of {account_name}: {}", about(Some(&grant.org), code, true)),
            role(grant, account_name),
            false,
        ),
        Event::AppOpened { name, .. } => (format!("Opened {name} (app)"), None, true),
        Event::AppFailed { app, name, code } => {
            (format!("Could not open {name} (app): {}", about(Some(&app.org), code, true)), None, false)
        }
        Event::EnvironmentCopied { grant, account_name } => {
            (format!("Copied the environment for {account_name}"), role(grant, account_name), true)
        }
        Event::CredentialsCopied { grant, account_name } => {
            (format!("Copied credentials for {account_name}"), role(grant, account_name), true)
        }
        Event::HandedOut { profile, grant, account_name, program, pid } => {
            let what = profile.as_ref().map_or_else(|| account_name.clone(), ToString::to_string);
            let program = program.as_deref().unwrap_or("a program");
            let sentence = format!("Handed out credentials of {what} to {program} ({pid})");
            (sentence, role(grant, account_name), true)
        }
        Event::Refreshed { profile, grant, account_name, expires, .. } => (
            format!("Refreshed {profile}, valid until {}", clock(entry.at, *expires, zone)),
            role(grant, account_name),
            true,
        ),
        Event::PutBack { profile, grant, account_name } => (
            format!("Another program put old keys of {profile} back, so it is written again"),
            role(grant, account_name),
            true,
        ),
        Event::RefreshFailed { profile, grant, account_name, code } => (
            format!("Could not refresh {profile}: {}", why(Some(&grant.org), code)),
            role(grant, account_name),
            false,
        ),
        Event::KeepStarted { profile, grant, account_name, delivery } => {
            let sentence = match delivery {
                Delivery::CredentialsFile => format!("Started to keep {profile} fresh"),
                other => format!("Started to keep {profile}, {}", delivery::word(*other).to_lowercase()),
            };
            (sentence, role(grant, account_name), true)
        }
        Event::DeliveryChanged { profile, grant, account_name, delivery } => (
            format!("Changed the delivery of {profile} to {}", delivery::word(*delivery).to_lowercase()),
            role(grant, account_name),
            true,
        ),
        Event::KeepStopped { profile, removed: true } => {
            (format!("Stopped keeping {profile} fresh and removed its keys"), None, true)
        }
        Event::KeepStopped { profile, removed: false } => {
            (format!("Stopped keeping {profile} fresh"), None, true)
        }
        Event::Paused { until: Some(until) } => {
            (format!("Paused refreshing until {}", clock(entry.at, *until, zone)), None, true)
        }
        Event::Paused { until: None } => ("Paused refreshing".to_owned(), None, true),
        Event::Resumed => ("Resumed refreshing".to_owned(), None, true),
        Event::BackedUp { path } => (format!("Made a backup: {path}"), None, true),
        Event::RenewalFailed { org, code } => {
            (format!("Could not renew the sign-in to {}: {}", name(org), why(Some(org), code)), None, false)
        }
        Event::NotRevoked { org, code } => {
            (format!("{} did not confirm the sign-out: {}", name(org), why(Some(org), code)), None, false)
        }
        Event::SyncFailed { org, code } => {
            (format!("Could not update {}: {}", name(org), why(Some(org), code)), None, false)
        }
        Event::Conflicted { profile, conflict } => {
            let (title, meaning, _) = conflict_words(*conflict, profile.as_str(), Delivery::CredentialsFile);
            (format!("{title}. {meaning}"), None, false)
        }
        Event::Undone => (
            "Restored the last backup of the credentials file and paused its profiles".to_owned(),
            None,
            true,
        ),
        Event::Converted { path, backup, profiles } => (
            format!(
                "Converted {} in {path} to sso-session. Backup: {backup}",
                first_and_more(profiles.iter().map(String::as_str))
            ),
            None,
            true,
        ),
        Event::ConversionUndone { path, profiles, whole } => (
            format!(
                "Undid the import of {}: {path} is {}",
                first_and_more(profiles.iter().map(String::as_str)),
                if *whole { "as it was before" } else { "as before there, and keeps what others changed" }
            ),
            None,
            true,
        ),
        Event::MadePrivate => ("Made the credentials file private".to_owned(), None, true),
        Event::KeepEnded { profile, grant, account_name } => (
            format!("Stopped keeping {profile} fresh, as planned, and removed its keys"),
            role(grant, account_name),
            true,
        ),
        Event::Confirmed { grant, account_name, act, why, quiet } => {
            let what = match act {
                Act::OpenConsole => "Confirmed opening the console",
                Act::CopyKeys => "Confirmed copying credentials",
                Act::KeepFresh => "Confirmed keeping credentials fresh",
            };
            let why = why.as_ref().map(|why| format!(": \"{why}\"")).unwrap_or_default();
            let quiet = if *quiet { ", and for the next 15 min" } else { "" };
            (
                format!("{what} as {} in {account_name}{quiet}{why}", grant.role),
                role(grant, account_name),
                true,
            )
        }
        Event::Labelled { account_name, environment: Some(environment), .. } => {
            (format!("Said that {account_name} is {}", environment_word(*environment)), None, true)
        }
        Event::Labelled { account_name, environment: None, .. } => {
            (format!("Left the environment of {account_name} to be guessed"), None, true)
        }
        Event::RecordCleared => ("Cleared Activity".to_owned(), None, true),
        Event::RecordExported { path, lines } => {
            let many = count(usize::try_from(*lines).unwrap_or(usize::MAX), "line");
            (format!("Exported {many} of Activity to {path}"), None, true)
        }
        Event::RecordBroken { entry } => {
            let number = grouped(u64::try_from(*entry).unwrap_or_default());
            (format!("Found that Activity was changed outside Latchkey at entry {number}"), None, false)
        }
        Event::PasswordHostMoved { org, host } => {
            (format!("Did not send a password for {} to {host}, as its server asked", name(org)), None, false)
        }
        Event::StrangeAnswers { org } => {
            (format!("Ignored answers that did not belong to the sign-in to {}", name(org)), None, false)
        }
        Event::SteppedUp { grant, account_name, act, key, until, program, demand: _ } => {
            let what = step_up_act(*act, grant, account_name);
            let asked = program.as_ref().map(|p| format!(" for {p}")).unwrap_or_default();
            let until = clock(entry.at, *until, zone);
            (format!("Touched {key} to {what}{asked}, open until {until}"), role(grant, account_name), true)
        }
        Event::StepUpUnanswered { grant, account_name, act, why, program } => {
            let what = step_up_act(*act, grant, account_name);
            let asked = program.as_ref().map(|p| format!(", which {p} asked for")).unwrap_or_default();
            let said = match why {
                Unanswered::Denied | Unanswered::DeniedBefore => "Denied",
                Unanswered::TimedOut => "Nobody touched a key",
                Unanswered::NotAllowed => "Nobody allowed in time",
                Unanswered::NoKey => "No key is registered",
            };
            (format!("{said} to {what}{asked}"), role(grant, account_name), false)
        }
        Event::StepUpClosed { grant, account_name, why } => {
            let why = match why {
                Closed::Over => "as planned",
                Closed::Stopped => "as you said",
                Closed::SignedOut => "with the sign-in",
                Closed::Locked => "when the screen was locked",
            };
            (format!("Closed {} in {account_name}, {why}", grant.role), role(grant, account_name), true)
        }
        Event::StepUpKeyAdded { key } => {
            (format!("Added {key} to the keys that open roles here"), None, true)
        }
        Event::StepUpKeyForgotten { key } => {
            (format!("Removed {key} from the keys that open roles here"), None, true)
        }
        Event::KeyCloned { key } => {
            (format!("Refused {key}: its counter went back, so it may have been copied"), None, false)
        }
        Event::KeyChanged { key, act } => (key_words::activity(*act, key), None, true),
        Event::Notified { notice, shown, reason } => notified(notice, *shown, reason.as_deref()),
    }
}

/// `open the console of payments-prod as Administrator`.
fn step_up_act(act: Act, grant: &Grant, account_name: &str) -> String {
    match act {
        Act::OpenConsole => format!("open the console of {account_name} as {}", grant.role),
        Act::CopyKeys => format!("get credentials of {account_name} as {}", grant.role),
        Act::KeepFresh => format!("keep {account_name} fresh as {}", grant.role),
    }
}

fn kind(event: &Event) -> UiActivityKind {
    match event {
        Event::SignedIn { .. }
        | Event::SignInFailed { .. }
        | Event::SignedOut { .. }
        | Event::SignInEnded { .. }
        | Event::RenewalFailed { .. }
        | Event::NotRevoked { .. }
        | Event::StrangeAnswers { .. }
        | Event::PasswordHostMoved { .. } => UiActivityKind::SignIn,
        Event::ConsoleOpened { .. }
        | Event::ConsoleFailed { .. }
        | Event::AppOpened { .. }
        | Event::AppFailed { .. } => UiActivityKind::Launch,
        Event::EnvironmentCopied { .. } | Event::CredentialsCopied { .. } | Event::HandedOut { .. } => {
            UiActivityKind::Copy
        }
        Event::Refreshed { .. }
        | Event::PutBack { .. }
        | Event::RefreshFailed { .. }
        | Event::KeepStarted { .. }
        | Event::DeliveryChanged { .. }
        | Event::KeepStopped { .. }
        | Event::KeepEnded { .. }
        | Event::Paused { .. }
        | Event::Resumed
        | Event::BackedUp { .. }
        | Event::Conflicted { .. }
        | Event::Undone
        | Event::Converted { .. }
        | Event::ConversionUndone { .. }
        | Event::MadePrivate => UiActivityKind::Profile,
        Event::OrganisationAdded { .. }
        | Event::OrganisationRemoved { .. }
        | Event::Synced { .. }
        | Event::SyncFailed { .. } => UiActivityKind::Organisation,
        Event::Notified { .. } => UiActivityKind::Notification,
        Event::Confirmed { .. }
        | Event::KeyChanged { .. }
        | Event::SteppedUp { .. }
        | Event::StepUpUnanswered { .. }
        | Event::StepUpClosed { .. }
        | Event::StepUpKeyAdded { .. }
        | Event::StepUpKeyForgotten { .. }
        | Event::KeyCloned { .. }
        | Event::Labelled { .. }
        | Event::RecordCleared
        | Event::RecordExported { .. }
        | Event::RecordBroken { .. } => UiActivityKind::Safety,
    }
}

fn account_of(event: &Event) -> Option<String> {
    match event {
        Event::ConsoleOpened { grant, .. }
        | Event::ConsoleFailed { grant, .. }
        | Event::EnvironmentCopied { grant, .. }
        | Event::CredentialsCopied { grant, .. }
        | Event::HandedOut { grant, .. }
        | Event::Refreshed { grant, .. }
        | Event::PutBack { grant, .. }
        | Event::RefreshFailed { grant, .. }
        | Event::KeepStarted { grant, .. }
        | Event::KeepEnded { grant, .. }
        | Event::SteppedUp { grant, .. }
        | Event::StepUpUnanswered { grant, .. }
        | Event::StepUpClosed { grant, .. }
        | Event::Confirmed { grant, .. } => Some(account_key(&grant.org, &grant.account)),
        Event::Labelled { grant, .. } => Some(account_key(&grant.org, &grant.account)),
        _ => None,
    }
}

/// How the window names an account among the lines.
pub(crate) fn account_key(org: &OrgId, account: &AccountId) -> String {
    format!("{org}/{account}")
}

/// `notice` is a notice's key, `sign-in-ending/acme/1800000000`; its kind is the first part.
fn notified(key: &str, shown: bool, reason: Option<&str>) -> (String, Option<String>, bool) {
    let what = match key.split('/').next().unwrap_or_default() {
        "sign-in-ending" => "that the sign-in ends soon",
        "sign-in-ended" => "that the sign-in ended",
        "expired" => "that credentials expired",
        "failing" => "that a refresh keeps failing",
        "access-removed" => "that access was removed",
        "conflict" => "that another program changed a profile",
        "revoked" => "that the sign-in was ended by the organisation",
        "clock-skew" => "that the clock is off",
        "launch" => "that a console did not open",
        "launch-app" => "that an app did not open",
        "touch-needed" => "that a program waits for a touch",
        "time-ending" => "that a profile ends soon",
        "time-over" => "that a profile ended, as planned",
        "record-broken" => "that Activity was changed outside",
        "strange-answers" => "of answers that belonged to no sign-in",
        "new-access" => "of new access",
        "pin-low" => "that few PIN attempts are left",
        "update-ready" => "that another version of Latchkey is ready",
        "copied" => "that credentials are on the clipboard",
        "while-away" => "of what happened while you were away",
        _ => "of a change",
    };
    if shown {
        return (format!("Notified you {what}"), None, true);
    }
    let why = match reason.unwrap_or_default() {
        "switched_off" => "notifications are switched off",
        "window_shows_it" => "the window was in front",
        "screen_locked" => "the screen was locked",
        "idle" => "you were away",
        "do_not_disturb" => "Do Not Disturb was on",
        "quiet_hours" => "quiet hours",
        "new_installation" => "the first hour after installing",
        "paused" => "refreshing was paused",
        "sandbox" => "it was the sample organisation",
        "offline" => "offline for a short time only",
        "too_soon" => "another one was shown shortly before",
        "enough_today" => "there were enough today",
        "shown_already" => "it was shown already",
        _ => "it could not be shown",
    };
    (format!("Held back a notification {what}: {why}"), None, true)
}
