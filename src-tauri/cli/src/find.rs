//! From what was typed to what is meant: a profile by its name, else a role or application by a few
//! letters, else a choice.

use crate::{
    access::Access,
    exit, out, pick,
    rank::{self, Item},
};
use link::{Problem, Reply, Request, Role};
use std::collections::BTreeSet;

/// Why nothing was done, and what to end with.
#[derive(Debug)]
pub enum Stop {
    /// Something went wrong.
    Problem(Problem),
    /// The person left it.
    Left,
}

impl Stop {
    /// A problem of our own.
    pub fn new(code: &str, title: &str, next: &str) -> Self {
        Self::Problem(Problem {
            code: code.to_owned(),
            title: title.to_owned(),
            meaning: String::new(),
            next: next.to_owned(),
        })
    }

    /// Tells it, and the status to end with.
    pub fn told(self) -> u8 {
        match self {
            Self::Problem(problem) => {
                out::problem(&problem);
                exit::of(&problem.code)
            }
            Self::Left => exit::INTERRUPTED,
        }
    }
}

impl From<crate::access::AccessError> for Stop {
    fn from(error: crate::access::AccessError) -> Self {
        Self::Problem(error.into())
    }
}

/// Asks and takes failures out of the answer.
///
/// # Errors
/// What went wrong, in words.
pub fn ask(access: &mut Access, request: &Request) -> Result<Reply, Stop> {
    match access.ask(request)? {
        Reply::Failed(problem) => Err(Stop::Problem(problem)),
        reply => Ok(reply),
    }
}

/// An answer that a program of this version does not give.
pub fn unexpected() -> Stop {
    Stop::new(
        "internal",
        "The running Latchkey gave an answer of another kind",
        "Quit it and start it again.",
    )
}

/// Everything that can be opened.
///
/// # Errors
/// Nobody answers.
pub fn items(access: &mut Access) -> Result<Vec<Item>, Stop> {
    match ask(access, &Request::List)? {
        Reply::Listing(listing) => {
            let roles = listing.roles.into_iter().map(Item::Role);
            Ok(roles.chain(listing.apps.into_iter().map(Item::App)).collect())
        }
        _ => Err(unexpected()),
    }
}

/// The one that is meant, asking where that is not certain and somebody can be asked.
///
/// # Errors
/// Nothing fits, several do, or the person left it.
pub fn one<'a>(items: &'a [Item], query: &str, title: &str) -> Result<&'a Item, Stop> {
    if !query.is_empty()
        && let Some(certain) = rank::certain(items, query)
    {
        return Ok(certain);
    }
    let found = rank::search(items, query);
    if items.is_empty() {
        return Err(nothing());
    }
    if found.is_empty() {
        let title = format!("Nothing fits \"{query}\"");
        return Err(Stop::new("not_found", &title, "See what there is: latch ls"));
    }
    if out::can_ask() {
        return picked(items, query, title);
    }
    let some: Vec<String> = found.iter().take(10).map(|item| pick::plain(&typed(item))).collect();
    let title = if query.is_empty() {
        "Say which one".to_owned()
    } else {
        format!("{} fit \"{query}\"", found.len())
    };
    Err(Stop::new("ambiguous", &title, &format!("Type one of them: {}", some.join(", "))))
}

/// What to type for exactly this one.
pub fn typed(item: &Item) -> String {
    match item {
        Item::Role(role) => format!("{}/{}", role.account_name, role.role),
        Item::App(app) => app.name.clone(),
    }
}

/// The role whose account (number or name) and name are exactly these, of one organisation by its id or
/// name. Another one is never handed out in its stead: a script or a config file that names a role gets that
/// role or nothing.
///
/// # Errors
/// There is none, several organisations have such a one, or the person left it.
pub fn exact_role(
    access: &mut Access,
    account: &str,
    role: &str,
    organisation: Option<&str>,
) -> Result<Role, Stop> {
    let items = roles(access, organisation)?;
    exact(&items, account, role, "latch credentials --role ACCOUNT/ROLE --organisation NAME")
}

/// As [`exact_role`], of a command that names the organisation as `how` says; with it, whether other
/// organisations have such a role as well.
///
/// # Errors
/// Those of [`exact_role`], and that no organisation is called so.
pub fn role_among(
    access: &mut Access,
    account: &str,
    role: &str,
    organisation: Option<&str>,
    how: &str,
) -> Result<(Role, bool), Stop> {
    let all = roles(access, None)?;
    let items: Vec<Item> = all.iter().filter(|item| is_of(item, organisation)).cloned().collect();
    if let Some(name) = organisation.filter(|_| items.is_empty() && !all.is_empty()) {
        let title = format!("No organisation that lists roles is called {}", pick::plain(name));
        return Err(Stop::new("not_found", &title, &format!("There are: {}.", names(&all))));
    }
    let found = exact(&items, account, role, how)?;
    let elsewhere = rank::exactly(&all, &found.account, &found.role);
    let others = elsewhere.into_iter().any(|item| matches!(item, Item::Role(it) if it.org != found.org));
    Ok((found, others))
}

/// The organisations of roles, so that each can be named: by its id as well where two are called the same.
fn names(items: &[Item]) -> String {
    let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
    known.extend(items.iter().filter_map(|item| match item {
        Item::Role(role) => Some((role.org_name.as_str(), role.org.as_str())),
        Item::App(_) => None,
    }));
    let twice = |name: &str| known.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name)).count() > 1;
    let shown = |(name, id): &(&str, &str)| {
        if twice(name) { pick::plain(&format!("{id} ({name})")) } else { pick::plain(name) }
    };
    known.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn exact(items: &[Item], account: &str, role: &str, how: &str) -> Result<Role, Stop> {
    if items.is_empty() {
        return Err(nothing());
    }
    let found: Vec<Item> = rank::exactly(items, account, role).into_iter().cloned().collect();
    let title = pick::plain(&format!("{account}/{role}"));
    match found.as_slice() {
        [only] => as_role(only),
        [] => {
            let title = format!("You have no role {title}");
            let next = "It was taken from you, or is called otherwise; no other one is used in its stead. \
                        Leave the slash out to search by letters. See what there is: latch ls";
            Err(Stop::new("not_found", &title, next))
        }
        several if out::can_ask() => as_role(picked(several, "", "Role")?),
        several => {
            let title = format!("{} roles are called {title}", several.len());
            let numbers: BTreeSet<_> =
                several.iter().filter_map(|it| as_role(it).ok()).map(|it| it.account).collect();
            let next = if numbers.len() > 1 {
                "Type the account's number.".to_owned()
            } else {
                format!("Say of which organisation ({}): {how}", names(several))
            };
            Err(Stop::new("ambiguous", &title, &next))
        }
    }
}

fn as_role(item: &Item) -> Result<Role, Stop> {
    match item {
        Item::Role(role) => {
            Ok(Role { org: role.org.clone(), account: role.account.clone(), role: role.role.clone() })
        }
        Item::App(_) => Err(unexpected()),
    }
}

fn nothing() -> Stop {
    Stop::new("not_found", "There is nothing to choose from", "Sign in first: latch login")
}

fn picked<'a>(items: &'a [Item], query: &str, title: &str) -> Result<&'a Item, Stop> {
    match pick::pick(items, query, title) {
        Ok(Some(item)) => Ok(item),
        Ok(None) => Err(Stop::Left),
        Err(error) => {
            Err(Stop::new("terminal", &format!("The terminal failed: {error}"), "Type more of the name."))
        }
    }
}

/// The role that is meant, by a few letters.
///
/// # Errors
/// Those of [`one`].
pub fn role(access: &mut Access, query: &str) -> Result<Role, Stop> {
    as_role(one(&roles(access, None)?, query, "Role")?)
}

/// The roles that can be reached, of one organisation: by its id or name.
fn roles(access: &mut Access, organisation: Option<&str>) -> Result<Vec<Item>, Stop> {
    let mut items = items(access)?;
    items.retain(|item| is_of(item, organisation));
    Ok(items)
}

/// Whether it is a role, of that organisation where one is named by id or name.
fn is_of(item: &Item, organisation: Option<&str>) -> bool {
    let meant = |org: &str, name: &str| {
        organisation.is_none_or(|wanted| wanted == org || wanted.eq_ignore_ascii_case(name))
    };
    matches!(item, Item::Role(role) if meant(&role.org, &role.org_name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rank::tests::role;

    #[test]
    fn a_role_that_was_taken_away_is_not_made_up_for_by_another() {
        // Of the account only the more powerful one is left, which fits a few letters of the other.
        let left = [role("111122223333", "payments-prod", "ReadOnlyAdmin", "production")];
        let refused = exact(&left, "111122223333", "ReadOnly", "");
        assert!(
            matches!(&refused, Err(stop) if matches!(stop, Stop::Problem(it) if it.code == "not_found"
            && it.title == "You have no role 111122223333/ReadOnly")),
            "{refused:?}"
        );
        assert!(rank::certain(&left, "111122223333/ReadOnly").is_some(), "as the letters would have it");
        assert!(
            exact(&left, "payments-prod", "readonlyadmin", "").is_ok_and(|it| it.role == "ReadOnlyAdmin")
        );
    }

    #[test]
    fn organisations_are_told_apart() {
        let of = |org: &str, name: &str| match role("111122223333", "pay", "ReadOnly", "production") {
            Item::Role(role) => {
                Item::Role(link::ListedRole { org: org.to_owned(), org_name: name.to_owned(), ..role })
            }
            app => app,
        };
        assert_eq!(names(&[of("1", "Acme"), of("2", "Beta"), of("1", "Acme")]), "Acme, Beta");
        assert_eq!(names(&[of("1", "Acme"), of("2", "Acme"), of("3", "Beta")]), "1 (Acme), 2 (Acme), Beta");
        assert!(is_of(&of("1", "Acme"), Some("acme")) && is_of(&of("1", "Acme"), Some("1")));
        assert!(!is_of(&of("1", "Acme"), Some("Beta")));
    }
}
