//! The page between a person and production: it stands before the console and before access keys of a role that can
//! break things there (ux.md, 5.2). Going on takes the button on it; no link does.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::{console, keys, search::groups};
use crate::{
    domain::role_sensitivity::{is_privileged, is_read_only},
    fields::Fields,
    instance::Instance,
    organisation::{Account, PermissionSet},
    signin::{Frame, PageError, SignedIn, Visit, frame::html},
};

/// A reason is a line.
const LONGEST_REASON: usize = 256;

/// What the person is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Open the console.
    Console,
    /// Get access keys.
    Keys,
}

#[derive(Template)]
#[template(path = "start_confirm.html")]
struct ConfirmPage<'a> {
    frame: Frame,
    is_console: bool,
    action: &'static str,
    account: &'a Account,
    groups: Vec<String>,
    role: &'a str,
    destination: Option<&'a str>,
    /// A role that only looks, which the person has there, too.
    instead: Option<String>,
}

/// Whether a role is one to confirm first.
pub fn is_needed(account: &Account, set: &PermissionSet) -> bool {
    account.is_production() && is_privileged(&set.name)
}

/// What a form says of its person's mind.
#[derive(Debug, Default)]
pub struct Confirmed {
    /// Whether they confirmed.
    pub given: bool,
    /// Why, if they said so.
    pub reason: Option<String>,
}

impl Confirmed {
    /// As a submitted form has it.
    pub fn of(form: &Fields) -> Self {
        let reason = form.get("reason").unwrap_or_default().trim().chars().take(LONGEST_REASON).collect();
        let reason = Some(reason).filter(|text: &String| !text.is_empty());
        Self { given: form.get("confirmed") == Some("yes"), reason }
    }

    /// By a key that was touched for what this form says.
    pub fn by_touch(form: &Fields) -> Self {
        Self { given: true, ..Self::of(form) }
    }
}

/// Asks.
pub fn ask(
    instance: &Instance,
    visit: &Visit,
    person: &SignedIn,
    act: Act,
    (account, set): (&Account, &PermissionSet),
    destination: Option<&str>,
) -> Result<Response, PageError> {
    let sets = instance.store.permission_sets_of(&person.user.id, &account.id)?;
    let page = ConfirmPage {
        frame: Frame::of(instance, visit),
        is_console: act == Act::Console,
        action: if act == Act::Console { console::PATH } else { keys::PATH },
        account,
        groups: groups(&account.id),
        role: &set.name,
        destination,
        instead: sets.into_iter().map(|set| set.name).find(|name| is_read_only(name)),
    };
    Ok(html(StatusCode::OK, &page))
}
