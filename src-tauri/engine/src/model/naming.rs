//! Names for the profiles of everything one can reach: a template, what of a name a profile can hold, and
//! what happens when two want the same one.

use std::collections::BTreeSet;

/// What is used where the person chose no template.
pub const USUAL: &str = "{account}-{role}";
/// A longer name is cut; what keeps it apart from others comes behind.
const LONGEST: usize = 90;
/// No template of a person needs more.
const LONGEST_TEMPLATE: usize = 200;

/// What a template can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `{account}`: the account's name.
    Account,
    /// `{account_id}`: its twelve digits.
    AccountId,
    /// `{role}`.
    Role,
    /// `{organisation}`: its name.
    Organisation,
    /// `{region}`.
    Region,
    /// `{environment}`: the account's class.
    Environment,
}

impl Field {
    /// Every field, with the word in the braces.
    pub const ALL: [(&'static str, Self); 6] = [
        ("account", Self::Account),
        ("account_id", Self::AccountId),
        ("role", Self::Role),
        ("organisation", Self::Organisation),
        ("region", Self::Region),
        ("environment", Self::Environment),
    ];
}

/// A naming template, such as `{account}-{role}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
}

/// Why a template cannot be used, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The character it is about, counted from 1.
    pub at: usize,
    /// What is wrong.
    pub kind: Wrong,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// No such field.
    UnknownField(String),
    /// A `{` without its `}`.
    Unclosed,
    /// A `}` without its `{`.
    StrayBrace,
    /// A character that a profile's name cannot hold everywhere.
    Character(char),
    /// Nothing in it tells one role from another.
    NoField,
    /// Longer than any that a person needs.
    TooLong,
}

/// What is known of a role that gets a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The account's name.
    pub account: String,
    /// The account's number.
    pub account_id: String,
    /// The role's name.
    pub role: String,
    /// The organisation's name.
    pub organisation: String,
    /// The organisation's address, as the last thing that tells two roles apart.
    pub start_url: String,
    /// The region.
    pub region: String,
    /// The account's class, in one word.
    pub environment: String,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`], the first from the left.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let fail = |at: usize, kind| Err(TemplateError { at: at + 1, kind });
        let letters: Vec<char> = text.chars().collect();
        if letters.len() > LONGEST_TEMPLATE {
            return fail(LONGEST_TEMPLATE, Wrong::TooLong);
        }
        let (mut parts, mut at) = (Vec::new(), 0);
        while let Some(letter) = letters.get(at) {
            match letter {
                '{' => {
                    let Some(length) = letters[at + 1..].iter().position(|c| *c == '}') else {
                        return fail(at, Wrong::Unclosed);
                    };
                    let word: String = letters[at + 1..at + 1 + length].iter().collect();
                    let Some((_, field)) = Field::ALL.iter().find(|(name, _)| *name == word) else {
                        return fail(at, Wrong::UnknownField(word));
                    };
                    parts.push(Part::Field(*field));
                    at += length + 2;
                }
                '}' => return fail(at, Wrong::StrayBrace),
                c if stays(*c) || *c == '/' => {
                    match parts.last_mut() {
                        Some(Part::Text(text)) => text.push(*c),
                        _ => parts.push(Part::Text(c.to_string())),
                    }
                    at += 1;
                }
                c => return fail(at, Wrong::Character(*c)),
            }
        }
        if !parts.iter().any(|part| matches!(part, Part::Field(_))) {
            return fail(letters.len(), Wrong::NoField);
        }
        Ok(Self(parts))
    }

    /// The name it gives: each field with every run of characters that a name does not hold as one `-`. A
    /// field that comes to nothing takes the sign before it along.
    #[must_use]
    pub fn name(&self, facts: &Facts) -> String {
        let mut name = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Field(field) => {
                    let value = clean(of(*field, facts));
                    if value.is_empty() {
                        name = name.trim_end_matches(is_sign).to_owned();
                    }
                    name.push_str(&value);
                }
            }
        }
        let name: String = name.trim_matches(is_sign).chars().take(LONGEST).collect();
        if name.is_empty() { format!("{}-{}", facts.account_id, clean(&facts.role)) } else { name }
    }
}

fn of(field: Field, facts: &Facts) -> &str {
    match field {
        Field::Account => &facts.account,
        Field::AccountId => &facts.account_id,
        Field::Role => &facts.role,
        Field::Organisation => &facts.organisation,
        Field::Region => &facts.region,
        Field::Environment => &facts.environment,
    }
}

/// Letters and digits of any script, and what is neither syntax nor a wildcard to a shell or an AWS tool.
fn stays(c: char) -> bool {
    c.is_alphanumeric() || "-_.@+".contains(c)
}

fn is_sign(c: char) -> bool {
    "-_.@+/".contains(c)
}

fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    for c in text.chars() {
        match c {
            c if stays(c) => cleaned.push(c),
            _ if cleaned.ends_with('-') => {}
            _ => cleaned.push('-'),
        }
    }
    cleaned.trim_matches('-').to_owned()
}

/// A role that needs a name.
#[derive(Clone, Debug)]
pub struct Nameless {
    /// What is known of it.
    pub facts: Facts,
    /// The name that its profile has already, if it has one of ours.
    pub standing: Option<String>,
}

/// Gives every role a name of its own, in the order they came. Names that differ in upper and lower case
/// alone count as the same.
///
/// A role whose profile has a name that the template can give keeps it. The others come by account number,
/// role and organisation; each takes the first that is free of: the template's name, that with the account's
/// number behind it, that with the organisation's address too, and then with a number that counts.
#[must_use]
pub fn assign(template: &Template, roles: &[Nameless], taken: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut names: Vec<Option<String>> = vec![None; roles.len()];
    let mut used = BTreeSet::new();
    for (name, role) in names.iter_mut().zip(roles) {
        let Some(standing) = &role.standing else { continue };
        if could_be(template, &role.facts, standing) && used.insert(standing.to_lowercase()) {
            *name = Some(standing.clone());
        }
    }
    let mut order: Vec<usize> = (0..roles.len()).filter(|at| names[*at].is_none()).collect();
    order.sort_by_key(|at| {
        let facts = &roles[*at].facts;
        (&facts.account_id, &facts.role, &facts.start_url)
    });
    for at in order {
        let free = |name: &String| !used.contains(&name.to_lowercase()) && !taken(name);
        let name = candidates(template, &roles[at].facts).find(free).unwrap_or_default();
        used.insert(name.to_lowercase());
        names[at] = Some(name);
    }
    names.into_iter().flatten().collect()
}

/// Without end.
fn candidates(template: &Template, facts: &Facts) -> impl Iterator<Item = String> {
    let plain = template.name(facts);
    let account = format!("{plain}-{}", facts.account_id);
    let whole = format!("{account}-{}", host(&facts.start_url));
    let counted = whole.clone();
    [plain, account, whole].into_iter().chain((2_u32..).map(move |number| format!("{counted}-{number}")))
}

fn could_be(template: &Template, facts: &Facts, name: &str) -> bool {
    let mut first = candidates(template, facts);
    if first.by_ref().take(3).any(|it| it == name) {
        return true;
    }
    let whole = format!("{}-{}-{}-", template.name(facts), facts.account_id, host(&facts.start_url));
    name.strip_prefix(&whole).is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number > 1))
}

/// The address's host, as far as it tells one from another.
fn host(start_url: &str) -> String {
    let rest = start_url.split_once("://").map_or(start_url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    clean(host.strip_suffix(".awsapps.com").unwrap_or(host))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn facts(account: &str, id: &str, role: &str) -> Facts {
        Facts {
            account: account.into(),
            account_id: id.into(),
            role: role.into(),
            organisation: "Acme & Sons".into(),
            start_url: "https://acme.awsapps.com/start".into(),
            region: "eu-west-1".into(),
            environment: "production".into(),
        }
    }

    fn named(template: &str, account: &str) -> String {
        Template::parse(template).unwrap().name(&facts(account, "111122223333", "ReadOnly"))
    }

    #[test]
    fn names_hold_what_every_tool_reads() {
        assert_eq!(named(USUAL, "payments-prod"), "payments-prod-ReadOnly");
        assert_eq!(named(USUAL, "  Payments [prod] #1 "), "Payments-prod-1-ReadOnly");
        assert_eq!(named(USUAL, "Zürich \"x\"\n"), "Zürich-x-ReadOnly");
        assert_eq!(
            named("{organisation}/{environment}/{account}.{role}", "pay"),
            "Acme-Sons/production/pay.ReadOnly"
        );
        assert_eq!(named("{account_id}_{role}@{region}", "pay"), "111122223333_ReadOnly@eu-west-1");
        assert_eq!(named("x-{account}", "!!"), "x", "nothing is left of the account's name");
        assert_eq!(named("{account}", "!!"), "111122223333-ReadOnly");
        assert_eq!(named(USUAL, &"a".repeat(300)).chars().count(), LONGEST);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (template, at, kind) in [
            ("{account}-{rolle}", 11, Wrong::UnknownField("rolle".into())),
            ("{account}-{role", 11, Wrong::Unclosed),
            ("Zü}", 3, Wrong::StrayBrace),
            ("{account} {role}", 10, Wrong::Character(' ')),
            ("a]{role}", 2, Wrong::Character(']')),
            ("fixed", 6, Wrong::NoField),
            ("", 1, Wrong::NoField),
        ] {
            assert_eq!(Template::parse(template), Err(TemplateError { at, kind }), "{template}");
        }
        assert_eq!(Template::parse(&"a".repeat(201)).unwrap_err().kind, Wrong::TooLong);
    }

    fn give(roles: &[(Facts, Option<&str>)], taken: &[&str]) -> Vec<String> {
        let roles: Vec<Nameless> = roles
            .iter()
            .map(|(facts, standing)| Nameless { facts: facts.clone(), standing: standing.map(Into::into) })
            .collect();
        assign(&Template::parse(USUAL).unwrap(), &roles, &|name| taken.contains(&name))
    }

    #[test]
    fn clashes_are_settled_the_same_way_whatever_the_order() {
        let (one, two) = (facts("pay", "111111111111", "Dev"), facts("Pay", "222222222222", "Dev"));
        assert_eq!(
            give(&[(one.clone(), None), (two.clone(), None)], &[]),
            ["pay-Dev", "Pay-Dev-222222222222"]
        );
        assert_eq!(
            give(&[(two.clone(), None), (one.clone(), None)], &[]),
            ["Pay-Dev-222222222222", "pay-Dev"]
        );
        // Somebody else's profile is never taken.
        assert_eq!(give(&[(one.clone(), None)], &["pay-Dev"]), ["pay-Dev-111111111111"]);
        let all = ["pay-Dev", "pay-Dev-111111111111", "pay-Dev-111111111111-acme"];
        assert_eq!(give(&[(one.clone(), None)], &all), ["pay-Dev-111111111111-acme-2"]);
        // What has a name keeps it, though one that comes before would want it now.
        assert_eq!(
            give(&[(one.clone(), None), (two, Some("Pay-Dev"))], &[]),
            ["pay-Dev-111111111111", "Pay-Dev"]
        );
        assert_eq!(
            give(&[(one.clone(), Some("pay-Dev-111111111111-acme-2"))], &[]),
            ["pay-Dev-111111111111-acme-2"]
        );
        // One that another template gave is not kept.
        assert_eq!(give(&[(one, Some("old"))], &[]), ["pay-Dev"]);
    }

    #[test]
    fn twice_is_as_once() {
        let roles: Vec<Facts> = (0..40_u32)
            .map(|n| {
                facts(
                    ["pay", "Pay", "pay!", "x"][usize::try_from(n % 4).unwrap()],
                    &format!("{:012}", n / 3),
                    "Dev",
                )
            })
            .collect();
        let bare: Vec<_> = roles.iter().map(|facts| (facts.clone(), None)).collect();
        let first = give(&bare, &["x-Dev"]);
        let again: Vec<_> =
            roles.iter().zip(&first).map(|(f, name)| (f.clone(), Some(name.as_str()))).collect();
        assert_eq!(give(&again, &["x-Dev"]), first);
        let distinct: BTreeSet<String> = first.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(distinct.len(), roles.len());
    }
}
