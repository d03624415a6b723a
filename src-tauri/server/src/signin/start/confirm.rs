//! The page between a person and production: it stands before the console and before access keys of a role that can
//! break things there (ux.md, 5.2). Going on takes the button on it; no link does.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{console, keys, search::groups};
use crate::{
    audit::{self, Event},
    domain::role_sensitivity::{is_privileged, is_read_only},
    fields::Fields,
    instance::Instance,
    organisation::{Account, PermissionSet},
    signin::{Frame, PageError, SignedIn, Visit, frame::html},
    store::StoreError,
};

/// A reason is a line.
const LONGEST_REASON: usize = 256;
/// How long a role is not asked about again.
const KEPT: SignedDuration = SignedDuration::from_mins(15);

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
    /// Whether they want to be asked again only after a while.
    for_a_while: bool,
    /// Whether it is a form of ours at all.
    by_form: bool,
}

/// Whether the person goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is nothing to ask, or it was answered with this form.
    Settled,
    /// They said not long ago that they do not want to be asked.
    Until(Timestamp),
    /// They are to be asked.
    Asks,
}

impl Confirmed {
    /// As a submitted form has it.
    pub fn of(form: &Fields) -> Self {
        let reason = form.get("reason").unwrap_or_default().trim().chars().take(LONGEST_REASON).collect();
        let reason = Some(reason).filter(|text: &String| !text.is_empty());
        Self {
            given: form.get("confirmed") == Some("yes"),
            reason,
            for_a_while: form.get("for_a_while") == Some("yes"),
            by_form: true,
        }
    }

    /// By a key that was touched for what this form says.
    pub fn by_touch(form: &Fields) -> Self {
        Self { given: true, for_a_while: false, ..Self::of(form) }
    }

    /// Whether the person goes on to a role, and what they want to be asked from now on is kept. A link confirms
    /// nothing, and what was said before does not make it.
    pub fn settle(
        &self,
        instance: &Instance,
        person: &SignedIn,
        account: &Account,
        set: &PermissionSet,
    ) -> Result<Standing, PageError> {
        if !is_needed(account, set) {
            return Ok(Standing::Settled);
        }
        if self.given {
            if self.for_a_while {
                keep(instance, person, account, set)?;
            }
            return Ok(Standing::Settled);
        }
        let until = if self.by_form { until(instance, person, &account.id, &set.name)? } else { None };
        Ok(until.map_or(Standing::Asks, Standing::Until))
    }
}

/// Until when a role is not asked about in this session.
pub fn until(
    instance: &Instance,
    person: &SignedIn,
    account: &str,
    role: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let kept = instance.store.confirmations(&person.session.id, instance.now())?;
    Ok(kept.into_iter().find(|kept| kept.account_id == account && kept.role == role).map(|kept| kept.ends))
}

fn keep(
    instance: &Instance,
    person: &SignedIn,
    account: &Account,
    set: &PermissionSet,
) -> Result<(), PageError> {
    let now = instance.now();
    let ends = now.checked_add(KEPT).unwrap_or(now);
    let event = instance.entry(&Event {
        source: audit::SSO,
        // AWS has no such step.
        name: "SuspendConfirmation",
        user: Some(&person.user),
        session: Some(&person.session),
        details: json!({ "account_id": account.id, "role_name": set.name, "until": ends.to_string() }),
        ..Event::default()
    });
    let role = (account.id.as_str(), set.arn.as_str());
    if !instance.store.keep_confirmation(&person.session.id, role, ends, now, &event)? {
        return Err(PageError::SignIn { back: "/start".to_owned() });
    }
    Ok(())
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
