//! `/start/step-up`: touches a security key for a role that asks for one, then goes on to what was wanted.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde_json::json;
use url::form_urlencoded;

use super::{
    confirm::{self, Confirmed},
    console, keys, no_access,
};
use crate::{
    audit::{self, Event},
    fields::Fields,
    instance::Instance,
    mfa::keys::Door,
    native::step_up::{self, Outcome, Role},
    organisation::{Account, PermissionSet},
    signin::{Frame, PageError, SignedIn, Visit, frame::html_with_scripts, see_other},
};

/// Where it is.
pub const PATH: &str = "/start/step-up";
/// What it is told.
pub const KEPT: [&str; 4] = ["account_id", "role_name", "then", "destination"];
const WRONG: &str = "That security key is not one of yours, or its answer came too late. Try again.";

#[derive(Template)]
#[template(path = "step_up.html")]
struct StepUpPage<'a> {
    frame: Frame,
    error: Option<&'a str>,
    account: &'a Account,
    role: &'a str,
    /// A role that can break things in production.
    is_risky: bool,
    then: &'a str,
    destination: &'a str,
    options: String,
    state: String,
}

/// What the key is touched for.
#[derive(Debug, Clone, Copy)]
pub enum Then<'a> {
    /// The console, at this page of it.
    Console(Option<&'a str>),
    /// Access keys.
    Keys,
}

/// The way to the key, if the role asks for one that was not touched yet.
pub fn instead(
    instance: &Instance,
    person: &SignedIn,
    account: &Account,
    set: &PermissionSet,
    then: Then<'_>,
) -> Result<Option<Response>, PageError> {
    let holder = step_up::of_browsers(&person.session);
    if role(&holder, person, account, set).is_open(instance)? {
        return Ok(None);
    }
    let (name, then, destination) = match then {
        Then::Console(destination) => ("Federate", "console", destination),
        Then::Keys => ("GetRoleCredentials", "keys", None),
    };
    instance.record(&Event {
        source: audit::SSO,
        name,
        user: Some(&person.user),
        session: Some(&person.session),
        details: json!({ "account_id": account.id, "role_name": set.name }),
        error: Some(("ForbiddenException", "A touch of a security key is required")),
        ..Event::default()
    })?;
    Ok(Some(see_other(&way(
        PATH,
        &account.id,
        &set.name,
        [("then", Some(then)), ("destination", destination)],
    ))))
}

fn role<'a>(holder: &'a str, person: &'a SignedIn, account: &'a Account, set: &'a PermissionSet) -> Role<'a> {
    Role { holder, user: &person.user, session: &person.session, account, set }
}

fn way(path: &str, account: &str, role: &str, more: [(&str, Option<&str>); 2]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("account_id", account).append_pair("role_name", role);
    for (name, value) in more {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    format!("{path}?{}", query.finish())
}

/// GET `/start/step-up`.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    render(instance, visit, fields, StatusCode::OK, None)
}

/// POST `/start/step-up`.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or(PATH, fields, &KEPT)?;
    let (account, set) = wanted(instance, person, fields)?;
    let holder = step_up::of_browsers(&person.session);
    let (answer, state) =
        (fields.get("credential").unwrap_or_default(), fields.get("state").unwrap_or_default());
    match role(&holder, person, &account, &set).open(instance, Door::Browser, answer, state)? {
        // Goes on here and now: a link to the same place confirms nothing, also while the role is open.
        Outcome::Open(_) if fields.get("then") == Some("keys") => {
            keys::answer(instance, visit, fields, Confirmed::by_touch(fields))
        }
        Outcome::Open(_) => console::answer(instance, visit, fields, Confirmed::by_touch(fields)),
        Outcome::Over | Outcome::Refused(_) => {
            render(instance, visit, fields, StatusCode::UNAUTHORIZED, Some(WRONG))
        }
    }
}

fn goes_on(fields: &Fields, account: &Account, set: &PermissionSet) -> String {
    let path = if fields.get("then") == Some("keys") { keys::PATH } else { console::PATH };
    let destination = fields.get("destination").filter(|_| path == console::PATH);
    way(path, &account.id, &set.name, [("destination", destination), ("", None)])
}

fn wanted(
    instance: &Instance,
    person: &SignedIn,
    fields: &Fields,
) -> Result<(Account, PermissionSet), PageError> {
    let account = fields.get("account_id").unwrap_or_default();
    let role = fields.get("role_name").unwrap_or_default();
    let assigned = instance.store.assigned(&person.user.id, account, role)?;
    assigned.ok_or_else(|| no_access(instance.addresses.start_url()))
}

fn render(
    instance: &Instance,
    visit: &Visit,
    fields: &Fields,
    status: StatusCode,
    error: Option<&str>,
) -> Result<Response, PageError> {
    let person = visit.signed_in_or(PATH, fields, &KEPT)?;
    let (account, set) = wanted(instance, person, fields)?;
    let holder = step_up::of_browsers(&person.session);
    let role = role(&holder, person, &account, &set);
    if role.is_open(instance)? {
        return Ok(see_other(&goes_on(fields, &account, &set)));
    }
    let asked = role.ask(instance)?.map_err(|error| PageError::failed(&error))?;
    let Some((options, state)) = asked else {
        let text = "Your organisation asks for a touch of a security key before this role is used, and you have \
                    registered none. Add one under \u{201c}MFA and sign-ins\u{201d}, then open the role again.";
        return Err(PageError::new(StatusCode::FORBIDDEN, "You need a security key for this role", text)
            .with_way_back(instance.addresses.start_url()));
    };
    let page = StepUpPage {
        frame: Frame::of(instance, visit),
        error,
        account: &account,
        role: &set.name,
        is_risky: confirm::is_needed(&account, &set),
        then: fields.get("then").unwrap_or("console"),
        destination: fields.get("destination").unwrap_or_default(),
        options,
        state,
    };
    Ok(html_with_scripts(status, &page))
}
