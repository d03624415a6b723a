//! `/start/keys`: what programs need to use a role. GET tells how they sign in by themselves; POST issues access
//! keys and shows them, in the three forms of AWS's own portal. They stand in the answer to that form alone: in no
//! address, no cookie and no cache.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde_json::json;

use super::{
    confirm::{self, Act, Confirmed, Standing},
    no_access,
    search::groups,
    step_up, time_of_day,
};
use crate::{
    audit::{self, Event},
    fields::Fields,
    instance::Instance,
    issuing::{Assigned, RoleCredentials},
    organisation::{Account, PermissionSet},
    signin::{Frame, PageError, Visit, frame::html_with_scripts},
};

/// Where it is.
pub const PATH: &str = "/start/keys";
/// What it is told.
pub const KEPT: [&str; 2] = ["account_id", "role_name"];

#[derive(Template)]
#[template(path = "start_keys.html")]
struct KeysPage<'a> {
    frame: Frame,
    account: &'a Account,
    groups: Vec<String>,
    role: &'a str,
    start_url: String,
    region: String,
    origin: String,
    keys: Option<Shown<'a>>,
    /// Until when nobody is asked to confirm this role here.
    unasked_until: Option<String>,
}

/// Issued keys as the page has them.
struct Shown<'a> {
    id: &'a str,
    secret: &'a str,
    token: &'a str,
    ends: String,
    minutes: i64,
}

/// GET `/start/keys`.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or(PATH, fields, &KEPT)?;
    let (account, role) = wanted(fields);
    let assigned = instance.store.assigned(&person.user.id, account, role)?;
    let (account, set) = assigned.ok_or_else(|| no_access(instance.addresses.start_url()))?;
    render(instance, visit, &account, &set, None)
}

/// POST `/start/keys`: issues access keys and shows them, once that is confirmed where it must be.
pub fn issue(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    answer(instance, visit, fields, Confirmed::of(fields))
}

/// As a form has it that was submitted, so far confirmed.
pub fn answer(
    instance: &Instance,
    visit: &Visit,
    fields: &Fields,
    confirmed: Confirmed,
) -> Result<Response, PageError> {
    let person = visit.signed_in_or(PATH, fields, &KEPT)?;
    let (account, role) = wanted(fields);
    let assigned = instance.store.assigned(&person.user.id, account, role)?;
    // The page of the key says what that of the confirmation does; touching it is the confirmation.
    if let Some((account, set)) = &assigned
        && let Some(key_first) = step_up::instead(instance, person, account, set, step_up::Then::Keys)?
    {
        return Ok(key_first);
    }
    let mut details = json!({ "account_id": account, "role_name": role });
    if let Some((account, set)) = &assigned {
        match confirmed.settle(instance, person, account, set)? {
            Standing::Settled => {}
            Standing::Until(until) => details["confirmation_suspended_until"] = json!(until.to_string()),
            Standing::Asks => {
                return confirm::ask(instance, visit, person, Act::Keys, (account, set), None);
            }
        }
    }
    if let Some(reason) = confirmed.reason {
        details["reason"] = json!(reason);
    }
    let event = instance.entry(&Event {
        source: audit::SSO,
        name: "GetRoleCredentials",
        user: Some(&person.user),
        session: Some(&person.session),
        details,
        error: assigned.is_none().then_some(("ForbiddenException", "No access")),
        ..Event::default()
    });
    let Some((account, set)) = assigned else {
        instance.store.append_audit(&[event])?;
        return Err(no_access(instance.addresses.start_url()));
    };
    let tags = instance.session_tags(&person.user, Some(&person.session.id))?;
    let lasting = instance.lasting(&set);
    let to = Assigned { user: &person.user, account: &account, set: &lasting, tags: &tags };
    let issued = instance.issuer.issue(to, &event, instance.now())?;
    render(instance, visit, &account, &set, Some(&issued))
}

fn wanted(fields: &Fields) -> (&str, &str) {
    (fields.get("account_id").unwrap_or_default(), fields.get("role_name").unwrap_or_default())
}

fn render(
    instance: &Instance,
    visit: &Visit,
    account: &Account,
    set: &PermissionSet,
    issued: Option<&RoleCredentials>,
) -> Result<Response, PageError> {
    let person = visit.signed_in_or(PATH, &Fields::default(), &[])?;
    let keys = issued.map(|issued| Shown {
        id: &issued.access_key_id,
        secret: issued.secret_access_key.expose(),
        token: issued.session_token.expose(),
        ends: time_of_day(issued.ends),
        minutes: issued.ends.duration_since(instance.now()).as_mins(),
    });
    let page = KeysPage {
        frame: Frame::of(instance, visit),
        account,
        groups: groups(&account.id),
        role: &set.name,
        start_url: instance.addresses.start_url(),
        region: instance.settings().region.clone(),
        origin: instance.addresses.origin(),
        keys,
        unasked_until: confirm::until(instance, person, &account.id, &set.name)?.map(time_of_day),
    };
    Ok(html_with_scripts(StatusCode::OK, &page))
}
