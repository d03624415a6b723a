//! Small words: times, account numbers, environments. One table maps AWS's names to ours.

use crate::ui_portal::{UiClass, UiEnvironment, UiSensitivity};
use engine::model::{
    Timestamp,
    environment::{Classified, Environment, Sensitivity, Why},
    rules::Field,
};
use jiff::{SignedDuration, tz::TimeZone};

/// AWS's name, our word. Where they differ, AWS's stands in no text of ours: the words' test reads this.
pub const VOCABULARY: &[(&str, &str)] = &[
    ("AWS access portal", "organisation"),
    ("account", "account"),
    ("permission set", "role"),
    ("application", "app"),
    ("named profile", "profile"),
    ("portal session", "sign-in"),
    ("SSO session", "sign-in"),
    ("role credentials", "credentials"),
    ("management console", "console"),
];

/// Time left: `6 h 12 min`, `42 min`, `under 1 min`; days from two days up: `12 days`.
#[must_use]
pub fn left(duration: SignedDuration) -> String {
    let minutes = duration.as_mins();
    match minutes {
        ..1 => "under 1 min".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2880 if minutes % 60 == 0 => format!("{} h", minutes / 60),
        60..2880 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// From now to a moment: `42 min`, or `expired 5 min ago`.
#[must_use]
pub fn until(now: Timestamp, end: Timestamp) -> String {
    let duration = end.duration_since(now);
    if duration.is_positive() { left(duration) } else { format!("expired {}", ago(now, end)) }
}

/// `5 min ago`, `just now`.
#[must_use]
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    let duration = now.duration_since(then);
    if duration.as_mins() < 1 { "just now".to_owned() } else { format!("{} ago", left(duration)) }
}

/// A moment on the person's clock: `14:31` today, `Wed 14:31` within a week, `3 Nov 14:31` beyond.
#[must_use]
pub fn clock(now: Timestamp, at: Timestamp, zone: &TimeZone) -> String {
    let (today, then) = (now.to_zoned_datetime(zone.clone()), at.to_zoned_datetime(zone.clone()));
    let format = if today.date() == then.date() {
        "%H:%M"
    } else if at.duration_since(now).abs() < SignedDuration::from_hours(6 * 24) {
        "%a %H:%M"
    } else {
        "%-d %b %H:%M"
    };
    then.strftime(format).to_string()
}

/// An account number in groups of four: `1111-2222-3333`. Anything else stays as it is.
#[must_use]
pub fn group_account_id(id: &str) -> String {
    match (id.get(..4), id.get(4..8), id.get(8..)) {
        (Some(a), Some(b), Some(c)) if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{a}-{b}-{c}")
        }
        _ => id.to_owned(),
    }
}

/// `1 profile`, `3 profiles`.
#[must_use]
pub fn count(n: usize, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}

/// `pay-dev`, `pay-dev and 2 more`; empty for none.
#[must_use]
pub fn first_and_more<'a>(mut names: impl ExactSizeIterator<Item = &'a str>) -> String {
    match (names.next(), names.len()) {
        (None, _) => String::new(),
        (Some(first), 0) => first.to_owned(),
        (Some(first), more) => format!("{first} and {more} more"),
    }
}

/// The chip's text; none for an unlabelled account.
#[must_use]
pub fn chip(environment: Environment) -> Option<&'static str> {
    Some(match environment {
        Environment::Production => "PROD",
        Environment::Staging => "STG",
        Environment::Shared => "SHARED",
        Environment::Test => "TEST",
        Environment::Development => "DEV",
        Environment::Sandbox => "SBX",
        Environment::Unlabelled => return None,
    })
}

/// The class in full.
#[must_use]
pub fn environment_word(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => "production",
        Environment::Staging => "staging",
        Environment::Shared => "shared",
        Environment::Test => "test",
        Environment::Development => "development",
        Environment::Sandbox => "sandbox",
        Environment::Unlabelled => "no environment set",
    }
}

/// An account's environment for the window.
#[must_use]
pub fn ui_environment(classified: &Classified) -> UiEnvironment {
    let word = environment_word(classified.environment);
    let why = match &classified.why {
        Why::Policy => "Set by your organisation.".to_owned(),
        Why::Label => "Set by you.".to_owned(),
        Why::Name { word: found, over: None } => format!("Guessed from \"{found}\" in the name."),
        Why::Name { word: found, over: Some(over) } => {
            format!(
                "Guessed from \"{found}\" in the name; it outweighs \"{over}\", since {word} is stricter."
            )
        }
        Why::Rule { field, pattern } => {
            let field = match field {
                Field::Name => "name",
                Field::Number => "number",
                Field::Email => "email address",
            };
            format!("Set by your rule \"{pattern}\" for the {field}.")
        }
        Why::Email { word: found } => format!("Guessed from \"{found}\" in the account's email address."),
        Why::Nothing => "Nothing in the name tells the environment.".to_owned(),
    };
    UiEnvironment {
        class: class(classified.environment),
        chip: chip(classified.environment).map(str::to_owned),
        word: word.to_owned(),
        guessed: classified.guessed,
        decided: classified.why == Why::Policy,
        why,
    }
}

/// The window's value of a class.
#[must_use]
pub fn class(environment: Environment) -> UiClass {
    match environment {
        Environment::Production => UiClass::Production,
        Environment::Staging => UiClass::Staging,
        Environment::Shared => UiClass::Shared,
        Environment::Test => UiClass::Test,
        Environment::Development => UiClass::Development,
        Environment::Sandbox => UiClass::Sandbox,
        Environment::Unlabelled => UiClass::Unlabelled,
    }
}

/// The window's value of a role's sensitivity.
#[must_use]
pub fn ui_sensitivity(sensitivity: Sensitivity) -> UiSensitivity {
    match sensitivity {
        Sensitivity::Privileged => UiSensitivity::Privileged,
        Sensitivity::ReadOnly => UiSensitivity::ReadOnly,
        Sensitivity::Normal => UiSensitivity::Normal,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn time_left_at_its_edges() {
        let check = |seconds, expect: &str| assert_eq!(left(SignedDuration::from_secs(seconds)), expect);
        check(-5, "under 1 min");
        check(0, "under 1 min");
        check(59, "under 1 min");
        check(60, "1 min");
        check(3599, "59 min");
        check(3600, "1 h");
        check(6 * 3600 + 12 * 60 + 59, "6 h 12 min");
        check(2 * 86_400 - 1, "47 h 59 min");
        check(2 * 86_400, "2 days");
        check(90 * 86_400, "90 days");
    }

    #[test]
    fn before_and_after_the_end() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        assert_eq!(until(now, "2026-11-24T12:42:00Z".parse().unwrap()), "42 min");
        assert_eq!(until(now, now), "expired just now");
        assert_eq!(until(now, "2026-11-24T11:55:00Z".parse().unwrap()), "expired 5 min ago");
    }

    #[test]
    fn the_clock_is_the_persons() {
        let now: Timestamp = "2026-11-24T22:30:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let check = |at: &str, expect: &str| assert_eq!(clock(now, at.parse().unwrap(), &zone), expect);
        check("2026-11-24T22:59:00Z", "23:59");
        check("2026-11-24T23:00:00Z", "Wed 00:00");
        check("2026-12-24T12:00:00Z", "24 Dec 13:00");
    }

    #[test]
    fn account_numbers_are_grouped() {
        assert_eq!(group_account_id("111122223333"), "1111-2222-3333");
        assert_eq!(group_account_id("12345"), "12345");
        assert_eq!(group_account_id("ääääää"), "ääääää");
    }

    #[test]
    fn counting() {
        assert_eq!(count(1, "profile"), "1 profile");
        assert_eq!(count(0, "profile"), "0 profiles");
        assert_eq!(first_and_more(["a", "b", "c"].into_iter()), "a and 2 more");
        assert_eq!(first_and_more(["a"].into_iter()), "a");
    }
}
