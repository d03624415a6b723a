//! The person's own rules for environments: patterns on an account's name, number or email address.

use super::environment::Environment;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// No pattern of a person needs more; a longer one would only cost time at every account.
const LONGEST: usize = 200;

/// The compiled size of a pattern, in bytes.
const SIZE: usize = 1 << 18;

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The account's name.
    Name,
    /// The account's number, twelve digits.
    Number,
    /// The account's email address.
    Email,
}

/// One rule: accounts that fit belong to the environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it looks at.
    pub field: Field,
    /// A regular expression; upper and lower case are the same.
    pub pattern: String,
    /// The class.
    pub environment: Environment,
}

/// The rules, ready to be used; the first that fits wins. Those that cannot be read are left out.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The organisation's: before what the person says of an account.
    policy: Vec<(Rule, Regex)>,
    own: Vec<(Rule, Regex)>,
}

impl Rules {
    /// Makes the person's ready.
    #[must_use]
    pub fn compile(rules: &[Rule]) -> Self {
        Self { policy: Vec::new(), own: ready(rules) }
    }

    /// These, with those of the organisation before them.
    #[must_use]
    pub fn below(self, policy: &[Rule]) -> Self {
        Self { policy: ready(policy), ..self }
    }

    /// With other ones of the person's.
    #[must_use]
    pub fn with_own(&self, rules: &[Rule]) -> Self {
        Self { policy: self.policy.clone(), own: ready(rules) }
    }

    /// The first of the organisation's that fits an account.
    #[must_use]
    pub fn decided(&self, name: &str, number: &str, email: Option<&str>) -> Option<&Rule> {
        find(&self.policy, name, number, email)
    }

    /// The first of the person's that fits an account.
    #[must_use]
    pub fn first(&self, name: &str, number: &str, email: Option<&str>) -> Option<&Rule> {
        find(&self.own, name, number, email)
    }

    /// The rules that count, the organisation's first.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.policy.iter().chain(&self.own).map(|(rule, _)| rule)
    }
}

fn ready(rules: &[Rule]) -> Vec<(Rule, Regex)> {
    rules.iter().filter_map(|rule| Some((rule.clone(), compile(&rule.pattern).ok()?))).collect()
}

fn find<'a>(rules: &'a [(Rule, Regex)], name: &str, number: &str, email: Option<&str>) -> Option<&'a Rule> {
    let fits = |(rule, regex): &&(Rule, Regex)| regex.is_match(of(rule.field, name, number, email));
    rules.iter().find(fits).map(|(rule, _)| rule)
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.policy.len() == other.policy.len() && self.iter().eq(other.iter())
    }
}

fn of<'a>(field: Field, name: &'a str, number: &'a str, email: Option<&'a str>) -> &'a str {
    match field {
        Field::Name => name,
        Field::Number => number,
        Field::Email => email.unwrap_or_default(),
    }
}

/// A person's own rules with those that a team shares. The own come first, and the first that fits wins.
#[must_use]
pub fn beside(own: &[Rule], shared: Vec<Rule>) -> Vec<Rule> {
    let new = shared.into_iter().filter(|rule| !own.contains(rule));
    own.iter().cloned().chain(new).collect()
}

/// Whether an account fits a pattern that is being tried.
#[must_use]
pub fn fits(regex: &Regex, field: Field, name: &str, number: &str, email: Option<&str>) -> bool {
    regex.is_match(of(field, name, number, email))
}

/// Reads a pattern.
///
/// # Errors
/// What is wrong with it, in the words of the library: a short technical phrase.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    if pattern.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} characters"));
    }
    let built = RegexBuilder::new(pattern).case_insensitive(true).size_limit(SIZE).build();
    built.map_err(|error| {
        let text = error.to_string();
        // The library draws the pattern over several lines; its last line says what is wrong.
        let last = text.lines().last().unwrap_or_default();
        last.trim_start_matches("error:").trim().to_owned()
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_says_why_and_is_left_out() {
        assert_eq!(compile("pay(").unwrap_err(), "unclosed group");
        assert_eq!(compile(" ").unwrap_err(), "it is empty");
        assert!(compile(&"a".repeat(201)).is_err());
        assert!(compile("(a{1000}){1000}").is_err(), "one that would fill the memory");
        let rule = |pattern: &str| Rule {
            field: Field::Name,
            pattern: pattern.into(),
            environment: Environment::Test,
        };
        let rules = Rules::compile(&[rule("pay("), rule("^web")]);
        assert_eq!(rules.iter().count(), 1);
        assert!(rules.first("Web-1", "", None).is_some() && rules.first("pay(", "", None).is_none());
    }
}
