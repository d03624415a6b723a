//! Labels of at most 44 characters. The account's name gives way, in its middle; the environment word
//! and the role's end never do.

use crate::{account::account_of, words::chip};
use engine::{Snapshot, model::environment::Environment, model::ids::Grant};

/// The longest label in characters.
pub const LONGEST: usize = 44;
/// An account's name is not cut below this.
const SHORTEST_NAME: usize = 10;

/// `[PROD] payments-prod, ReadOnly`; with the organisation after it where another row would read the same.
pub(super) fn shortcut(s: &Snapshot, prefix: &str, grant: &Grant, of: Option<&str>) -> String {
    let (name, environment) = account_of(s, grant);
    let chip = bracketed(environment).map(|c| format!("{c} ")).unwrap_or_default();
    with(of, |room| compose(room, &format!("{prefix}{chip}"), &name, ", ", grant.role.as_str()))
}

/// `text - Acme (sam)`: the organisation gives way after a while, the text before it then.
pub(super) fn with(of: Option<&str>, text: impl Fn(usize) -> String) -> String {
    match of {
        None => text(LONGEST),
        Some(of) => {
            let of = format!(" - {}", middle(of, LONGEST / 3));
            format!("{}{of}", text(LONGEST.saturating_sub(of.chars().count())))
        }
    }
}

/// `payments-prod [PROD]`.
pub(super) fn account(name: &str, environment: Environment, of: Option<&str>) -> String {
    let chip = bracketed(environment).map(|c| format!(" {c}")).unwrap_or_default();
    with(of, |room| format!("{}{chip}", middle(name, room.saturating_sub(chip.chars().count()))))
}

/// `single-role-acct [DEV], Dev`.
pub(super) fn account_and_role(name: &str, environment: Environment, role: &str, of: Option<&str>) -> String {
    let chip = bracketed(environment).map(|c| format!(" {c}")).unwrap_or_default();
    with(of, |room| compose(room, "", name, &format!("{chip}, "), role))
}

/// A text around a name: the name gives way, what is said about it does not.
pub(super) fn around(name: &str, text: impl Fn(&str) -> String) -> String {
    within(LONGEST, name, text)
}

/// As [`around`], in less room.
pub(super) fn within(room: usize, name: &str, text: impl Fn(&str) -> String) -> String {
    let whole = text(name);
    let over = whole.chars().count().saturating_sub(room);
    if over == 0 {
        return whole;
    }
    let left = name.chars().count().saturating_sub(over).max(SHORTEST_NAME);
    middle(&text(&middle(name, left)), room)
}

/// `Administrator (privileged)`.
pub(super) fn role(role: &str, privileged: bool) -> String {
    let mark = if privileged { " (privileged)" } else { "" };
    format!("{}{mark}", middle(role, LONGEST.saturating_sub(mark.len())))
}

/// A text cut in its middle to the longest label.
pub(super) fn fit(text: &str) -> String {
    middle(text, LONGEST)
}

/// For the toolkit: `&` doubled, since one alone marks a mnemonic; one line; no characters that turn the
/// reading direction of what follows, with which a name could pose as another.
pub(super) fn escape(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .replace('&', "&&")
}

fn bracketed(environment: Environment) -> Option<String> {
    chip(environment).map(|c| format!("[{c}]"))
}

fn compose(room: usize, before: &str, name: &str, between: &str, role: &str) -> String {
    let fixed = before.chars().count() + between.chars().count();
    let role = middle(role, room.saturating_sub(fixed + SHORTEST_NAME.min(name.chars().count())));
    let name = middle(name, room.saturating_sub(fixed + role.chars().count()));
    format!("{before}{name}{between}{role}")
}

/// `payments-...-eu-prod`: the beginning and the end stay.
fn middle(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(3);
    let head = kept / 2;
    let tail = kept - head;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}...{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_gives_way_in_its_middle() {
        let long = "payments-platform-integration-eu-central-prod";
        let label = compose(LONGEST, "[PROD] ", long, ", ", "ReadOnly");
        assert_eq!(label, "[PROD] payments-pla...central-prod, ReadOnly");
        assert_eq!(label.chars().count(), LONGEST);
    }

    #[test]
    fn the_role_keeps_its_end() {
        let label =
            compose(LONGEST, "Recent: [SHARED] ", &"x".repeat(60), ", ", "AVeryLongPermissionSetName-Admin");
        assert!(label.ends_with("-Admin"), "{label}");
        assert!(label.starts_with("Recent: [SHARED] xx"), "{label}");
        assert_eq!(label.chars().count(), LONGEST);
    }

    #[test]
    fn what_is_said_of_a_long_name_stays() {
        let label = around(&"n".repeat(60), |name| format!("{name}: signed in, 6 h 12 min left"));
        assert!(label.ends_with(": signed in, 6 h 12 min left"), "{label}");
        assert_eq!(label.chars().count(), LONGEST);
        assert_eq!(around("Acme", |name| format!("Sign out of {name}")), "Sign out of Acme");
        let label = role(&"r".repeat(32), true);
        assert!(label.ends_with(" (privileged)"), "{label}");
        assert_eq!(label.chars().count(), LONGEST);
    }

    #[test]
    fn short_names_stay_whole() {
        assert_eq!(account("pay", Environment::Production, None), "pay [PROD]");
        assert_eq!(account_and_role("lab", Environment::Unlabelled, "Dev", None), "lab, Dev");
    }

    #[test]
    fn an_organisation_after_it_leaves_room_for_what_it_is() {
        let long = "payments-platform-integration-eu-central-prod";
        let label = with(Some(&"Acme Holding (sam.sample)".repeat(2)), |room| {
            compose(room, "", long, ", ", "ReadOnly")
        });
        assert_eq!(label, "payment...al-prod, ReadOnly - Acme ...ample)");
        assert_eq!(account("pay", Environment::Production, Some("Acme (kim)")), "pay [PROD] - Acme (kim)");
    }

    #[test]
    fn strange_names() {
        assert_eq!(escape("R&D"), "R&&D");
        assert_eq!(escape("a_b"), "a_b");
        assert_eq!(escape("a\nb"), "a b");
        assert_eq!(escape("pay\u{202e}dorp"), "paydorp");
        assert_eq!(escape("\u{1f680} \u{5d0}\u{5d1}"), "\u{1f680} \u{5d0}\u{5d1}");
        assert_eq!(middle(&"\u{1f680}".repeat(60), 44).chars().count(), 44);
    }
}
