//! Which environment an account belongs to and how much a role may do, both guessed from names until
//! the person says so, and what therefore has to be confirmed.

use super::rules::{Field, Rules};
use serde::{Deserialize, Serialize};

/// An environment class, strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Live systems.
    Production,
    /// Pre-production.
    Staging,
    /// Shared services, security, logging, management.
    Shared,
    /// Test.
    Test,
    /// Development.
    Development,
    /// For playing.
    Sandbox,
    /// Nobody said, nothing in the name.
    Unlabelled,
}

/// What a class was told by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The organisation's policy on this computer.
    Policy,
    /// The person labelled the account.
    Label,
    /// A rule of the person's.
    Rule {
        /// What it looks at.
        field: Field,
        /// Its pattern.
        pattern: String,
    },
    /// A word of the account's name.
    Name {
        /// The word.
        word: String,
        /// A word of a laxer class that it outweighs.
        over: Option<String>,
    },
    /// A word of the account's email address, since the name says nothing.
    Email {
        /// The word.
        word: String,
    },
    /// Nothing tells.
    Nothing,
}

/// An account's class and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    /// The class.
    pub environment: Environment,
    /// Guessed from words, not said by the person.
    pub guessed: bool,
    /// What told it.
    pub why: Why,
}

/// How much a role may do, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitivity {
    /// Can break things.
    Privileged,
    /// Neither.
    Normal,
    /// Only looks.
    ReadOnly,
}

/// What a person wants to do with a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Open a console.
    OpenConsole,
    /// Copy or show keys.
    CopyKeys,
    /// Keep a profile fresh.
    KeepFresh,
}

/// The class of an account: what the organisation decided, else the person's label, else the first of the person's rules that fits, else the
/// strictest word of the name, else of the email address (many organisations write the account's purpose
/// into it: `aws+payments-prod@…`). The number tells nothing by itself.
#[must_use]
pub fn classify(
    name: &str,
    account_id: &str,
    email: Option<&str>,
    label: Option<Environment>,
    rules: &Rules,
) -> Classified {
    if let Some(rule) = rules.decided(name, account_id, email) {
        return Classified { environment: rule.environment, guessed: false, why: Why::Policy };
    }
    if let Some(environment) = label {
        return Classified { environment, guessed: false, why: Why::Label };
    }
    if let Some(rule) = rules.first(name, account_id, email) {
        let why = Why::Rule { field: rule.field, pattern: rule.pattern.clone() };
        return Classified { environment: rule.environment, guessed: false, why };
    }
    if let Some((environment, word, over)) = strictest(name) {
        return Classified { environment, guessed: true, why: Why::Name { word, over } };
    }
    let local = email.and_then(|e| e.split('@').next()).unwrap_or_default();
    match strictest(local) {
        Some((environment, word, _)) => Classified { environment, guessed: true, why: Why::Email { word } },
        None => Classified { environment: Environment::Unlabelled, guessed: false, why: Why::Nothing },
    }
}

/// How much a role of that name may do. The stricter reading wins.
#[must_use]
pub fn sensitivity(role: &str) -> Sensitivity {
    let role = role.to_lowercase();
    let privileged =
        ["admin", "poweruser", "owner", "root", "super", "billing"].iter().any(|w| role.contains(w))
            || follows(&role, "break", "glass", 1)
            || follows(&role, "security", "write", usize::MAX);
    if privileged {
        Sensitivity::Privileged
    } else if ["read", "view", "audit"].iter().any(|w| role.contains(w)) {
        Sensitivity::ReadOnly
    } else {
        Sensitivity::Normal
    }
}

/// How careful Latchkey is with an act, from the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Care {
    /// It is done.
    Direct,
    /// It is done, and the word that says so names the environment.
    Notice,
    /// The person confirms the first time of a day.
    ConfirmDaily,
    /// The person confirms first.
    Confirm,
    /// The person confirms, and it ends by itself.
    TimeBoxed,
}

/// What happens on a click. An account that nobody labelled may be production, so keeping a privileged role
/// of it fresh asks, as for shared ones.
#[must_use]
pub fn care(environment: Environment, sensitivity: Sensitivity, act: Act) -> Care {
    use Environment::{Production, Shared, Staging, Unlabelled};
    match (environment, sensitivity, act) {
        (_, Sensitivity::ReadOnly, _) => Care::Direct,
        (Production, Sensitivity::Privileged, Act::KeepFresh) => Care::TimeBoxed,
        (Production, Sensitivity::Privileged, _) => Care::Confirm,
        (Production, Sensitivity::Normal, Act::OpenConsole) => Care::Notice,
        (Production, Sensitivity::Normal, Act::CopyKeys) => Care::ConfirmDaily,
        (Production, Sensitivity::Normal, Act::KeepFresh) => Care::Confirm,
        (Staging | Shared, Sensitivity::Privileged, Act::OpenConsole) => Care::Notice,
        (Staging | Shared | Unlabelled, Sensitivity::Privileged, Act::KeepFresh) => Care::Confirm,
        _ => Care::Direct,
    }
}

/// Whether some role of an account loses a question or a notice when its class becomes `then`. An account of
/// which nothing was known has none to lose: telling what it is is what labels and rules are for.
#[must_use]
pub fn is_laxer(now: Environment, then: Environment) -> bool {
    let loses = |sensitivity| {
        [Act::OpenConsole, Act::CopyKeys, Act::KeepFresh]
            .into_iter()
            .any(|act| care(then, sensitivity, act) < care(now, sensitivity, act))
    };
    now != Environment::Unlabelled && [Sensitivity::Privileged, Sensitivity::Normal].into_iter().any(loses)
}

/// Whether the person is asked first, if only once a day.
#[must_use]
pub fn needs_confirm(environment: Environment, sensitivity: Sensitivity, act: Act) -> bool {
    !matches!(care(environment, sensitivity, act), Care::Direct | Care::Notice)
}

/// Whether a profile of this name may be kept for the account: `default` is what a tool uses when nobody said
/// which, and that is not production, unless the person allowed it for the account.
#[must_use]
pub fn may_be_default(
    environment: Environment,
    sensitivity: Sensitivity,
    profile: &str,
    allowed: bool,
) -> bool {
    let harmless = environment != Environment::Production || sensitivity == Sensitivity::ReadOnly;
    profile != "default" || harmless || allowed
}

/// Whether `second` comes after `first` with at most `gap` characters between.
fn follows(text: &str, first: &str, second: &str, gap: usize) -> bool {
    text.match_indices(first).any(|(at, _)| {
        let rest = &text[at + first.len()..];
        rest.find(second).is_some_and(|n| rest[..n].chars().count() <= gap)
    })
}

/// The strictest class among the words, with its word and the first word of a laxer class.
fn strictest(text: &str) -> Option<(Environment, String, Option<String>)> {
    let text = text.to_lowercase();
    let tokens: Vec<&str> =
        text.split(|c: char| "-_./+".contains(c) || c.is_whitespace()).filter(|t| !t.is_empty()).collect();
    let mut found: Vec<(Environment, String)> = Vec::new();
    let mut rest = tokens.as_slice();
    while let [token, tail @ ..] = rest {
        // Compound words go first and whole: the `prod` of `non-prod` does not count.
        if let (true, [next, after @ ..]) = (["non", "pre"].contains(token), tail)
            && ["prod", "prd", "production"].contains(next)
        {
            found.push((Environment::Staging, format!("{token}-{next}")));
            rest = after;
            continue;
        }
        if let Some(environment) = word(token) {
            found.push((environment, (*token).to_owned()));
        }
        rest = tail;
    }
    let (environment, word) = found.iter().min_by_key(|(e, _)| *e)?.clone();
    let over = found.iter().find(|(e, _)| *e != environment).map(|(_, w)| w.clone());
    Some((environment, word, over))
}

fn word(token: &str) -> Option<Environment> {
    Some(match token {
        "nonprod" | "preprod" | "nonprd" | "preprd" | "nonproduction" | "preproduction" | "staging"
        | "stg" | "uat" | "stage" | "qa" => Environment::Staging,
        "prod" | "prd" | "production" | "live" => Environment::Production,
        "test" | "tst" | "ci" => Environment::Test,
        "dev" | "develop" | "development" => Environment::Development,
        "sandbox" | "sbx" | "playground" | "lab" | "poc" => Environment::Sandbox,
        "shared" | "security" | "log" | "audit" | "network" | "management" | "root" | "billing" | "payer"
        | "backup" => Environment::Shared,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rules::Rule;
    use Environment::{Development, Production, Sandbox, Shared, Staging, Test, Unlabelled};

    fn check(name: &str, expect: Environment) {
        assert_eq!(classify(name, "", None, None, &Rules::default()).environment, expect, "{name}");
    }

    #[test]
    fn whole_words_only() {
        check("payments-prod", Production);
        check("product-catalogue", Unlabelled);
        check("devices", Unlabelled);
        check("latest", Unlabelled);
        check("Payments PRD", Production);
        check("acme.live/eu", Production);
        check("data_stg", Staging);
        check("web-ci", Test);
        check("payments-dev", Development);
        check("lab", Sandbox);
        check("log archive", Shared);
        check("", Unlabelled);
    }

    #[test]
    fn compound_words_are_consumed_first() {
        check("payments-nonprod", Staging);
        check("payments-non-prod", Staging);
        check("pre-prod", Staging);
        check("pre_production", Staging);
        check("non-prod-prod", Production);
        check("non", Unlabelled);
        check("pre", Unlabelled);
    }

    #[test]
    fn the_stricter_wins_and_says_over_what() {
        let found = classify("prod-sandbox", "", None, None, &Rules::default());
        let why = Why::Name { word: "prod".into(), over: Some("sandbox".into()) };
        assert_eq!(found, Classified { environment: Production, guessed: true, why });
        check("sandbox-prod", Production);
        check("shared-dev", Shared);
        check("security-staging", Staging);
    }

    #[test]
    fn label_then_name_then_email() {
        let labelled = classify("payments-prod", "", None, Some(Development), &Rules::default());
        assert_eq!(labelled, Classified { environment: Development, guessed: false, why: Why::Label });
        let mailed = classify("payments", "", Some("aws+pay-prod@dev.test"), None, &Rules::default());
        assert_eq!(mailed.environment, Production);
        assert_eq!(mailed.why, Why::Email { word: "prod".into() });
        assert_eq!(
            classify("pay-dev", "", Some("prod@acme.test"), None, &Rules::default()).environment,
            Development
        );
        assert!(!classify("payments", "", None, None, &Rules::default()).guessed);
    }

    #[test]
    fn sensitivity_of_roles() {
        for role in [
            "AdministratorAccess",
            "PowerUser",
            "BreakGlass",
            "break-glass",
            "SecurityTeamWrite",
            "Billing",
            "SuperUser",
        ] {
            assert_eq!(sensitivity(role), Sensitivity::Privileged, "{role}");
        }
        for role in ["ReadOnly", "ViewOnlyAccess", "SecurityAudit"] {
            assert_eq!(sensitivity(role), Sensitivity::ReadOnly, "{role}");
        }
        for role in ["Developer", "breakfast-glass", "SecurityTeam"] {
            assert_eq!(sensitivity(role), Sensitivity::Normal, "{role}");
        }
        assert_eq!(sensitivity("ReadOnlyAdmin"), Sensitivity::Privileged);
    }

    #[test]
    fn a_label_wins_over_a_rule_and_a_rule_over_the_words() {
        let rule = |field, pattern: &str, environment| Rule { field, pattern: pattern.into(), environment };
        let rules = Rules::compile(&[
            rule(Field::Name, "^pay", Production),
            rule(Field::Number, "^1111", Test),
            rule(Field::Email, "@lab\\.", Sandbox),
        ]);
        let class = |name, id, email, label| classify(name, id, email, label, &rules);
        let found = class("Payments-dev", "111100002222", None, None);
        assert_eq!(
            (found.environment, found.guessed),
            (Production, false),
            "the first rule, whatever the case"
        );
        assert_eq!(found.why, Why::Rule { field: Field::Name, pattern: "^pay".into() });
        assert_eq!(class("pay-dev", "", None, Some(Shared)).environment, Shared);
        assert_eq!(class("web-prod", "111100002222", None, None).environment, Test);
        assert_eq!(class("web-prod", "2", Some("aws@lab.test"), None).environment, Sandbox);
        assert_eq!(class("web-prod", "2", None, None).environment, Production);
    }

    /// The table of what happens on a click, row by row: opening, copying, keeping fresh.
    #[test]
    fn what_happens_on_a_click() {
        use Act::{CopyKeys, KeepFresh, OpenConsole};
        use Care::{Confirm, ConfirmDaily, Direct, Notice, TimeBoxed};
        use Sensitivity::{Normal, Privileged, ReadOnly};
        let row = |e, s| [OpenConsole, CopyKeys, KeepFresh].map(|act| care(e, s, act));
        for all in [Production, Staging, Shared, Test, Development, Sandbox, Unlabelled] {
            assert_eq!(row(all, ReadOnly), [Direct, Direct, Direct], "{all:?}");
        }
        for harmless in [Test, Development, Sandbox] {
            assert_eq!(row(harmless, Privileged), [Direct, Direct, Direct], "{harmless:?}");
            assert_eq!(row(harmless, Normal), [Direct, Direct, Direct], "{harmless:?}");
        }
        assert_eq!(row(Staging, Privileged), [Notice, Direct, Confirm]);
        assert_eq!(row(Shared, Privileged), [Notice, Direct, Confirm]);
        assert_eq!(row(Unlabelled, Privileged), [Direct, Direct, Confirm]);
        assert_eq!(row(Staging, Normal), [Direct, Direct, Direct]);
        assert_eq!(row(Production, Normal), [Notice, ConfirmDaily, Confirm]);
        assert_eq!(row(Production, Privileged), [Confirm, Confirm, TimeBoxed]);
    }

    #[test]
    fn what_is_laxer_loses_a_question_or_a_notice() {
        for then in [Staging, Shared, Test, Development, Sandbox, Unlabelled] {
            assert!(is_laxer(Production, then), "{then:?}");
            assert!(!is_laxer(then, Production), "{then:?}");
            assert!(!is_laxer(Unlabelled, then), "{then:?}");
        }
        assert!(is_laxer(Staging, Sandbox) && is_laxer(Shared, Unlabelled));
        assert!(!is_laxer(Staging, Shared) && !is_laxer(Test, Sandbox) && !is_laxer(Production, Production));
    }

    #[test]
    fn production_is_not_what_a_tool_takes_by_default() {
        use Sensitivity::{Normal, Privileged, ReadOnly};
        assert!(!may_be_default(Production, Normal, "default", false));
        assert!(!may_be_default(Production, Privileged, "default", false));
        assert!(may_be_default(Production, Normal, "default", true));
        assert!(may_be_default(Production, ReadOnly, "default", false));
        assert!(may_be_default(Production, Normal, "pay-prod", false));
        assert!(may_be_default(Development, Privileged, "default", false));
    }
}
