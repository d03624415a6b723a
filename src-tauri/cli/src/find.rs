//! From what was typed to what is meant: a profile by its name, else a role or application by a few
//! letters, else a choice.

use crate::{
    access::Access,
    exit, out, pick,
    rank::{self, Item},
};
use link::{Problem, Reply, Request, Role};

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
        let next = "Sign in first: latch login";
        return Err(Stop::new("not_found", "There is nothing to choose from", next));
    }
    if found.is_empty() {
        let title = format!("Nothing fits \"{query}\"");
        return Err(Stop::new("not_found", &title, "See what there is: latch ls"));
    }
    if out::can_ask() {
        let picked = pick::pick(items, query, title);
        return match picked {
            Ok(Some(item)) => Ok(item),
            Ok(None) => Err(Stop::Left),
            Err(error) => {
                Err(Stop::new("terminal", &format!("The terminal failed: {error}"), "Type more of the name."))
            }
        };
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

/// The role that is meant.
///
/// # Errors
/// Those of [`one`].
pub fn role(access: &mut Access, query: &str) -> Result<Role, Stop> {
    role_of(access, query, None)
}

/// As [`role`], of one organisation: by its id or name.
///
/// # Errors
/// Those of [`one`].
pub fn role_of(access: &mut Access, query: &str, organisation: Option<&str>) -> Result<Role, Stop> {
    let mut items = items(access)?;
    let meant = |org: &str, name: &str| {
        organisation.is_none_or(|wanted| wanted == org || wanted.eq_ignore_ascii_case(name))
    };
    items.retain(|item| matches!(item, Item::Role(role) if meant(&role.org, &role.org_name)));
    match one(&items, query, "Role")? {
        Item::Role(role) => {
            Ok(Role { org: role.org.clone(), account: role.account.clone(), role: role.role.clone() })
        }
        Item::App(_) => Err(unexpected()),
    }
}
