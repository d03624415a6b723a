//! `/start/console`: opens the console of an account as a role. POST for the portal's buttons, GET for links:
//! `{start}/#/console?account_id=…&role_name=…&destination=…` (IAM Identity Center User Guide, "Creating shortcut
//! links to AWS Management Console destinations"), whose fragment the portal's script hands over.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde_json::json;

use super::{no_access, search::groups, step_up};
use crate::{
    audit::{self, Event},
    federation::{self, leads_to_console},
    fields::Fields,
    instance::Instance,
    organisation::{Account, PermissionSet},
    signin::{
        Frame, PageError, SignedIn, Visit,
        frame::{html, redirect},
    },
};

/// Where it is.
pub const PATH: &str = "/start/console";
/// What it is told.
pub const KEPT: [&str; 3] = ["account_id", "role_name", "destination"];

#[derive(Template)]
#[template(path = "start_choose.html")]
struct ChoosePage<'a> {
    frame: Frame,
    account: &'a Account,
    groups: Vec<String>,
    destination: Option<&'a str>,
    roles: Vec<PermissionSet>,
}

/// Opens it, or asks for the role that a link leaves open.
pub fn open(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or(PATH, fields, &KEPT)?;
    let destination = fields.get("destination");
    if destination.is_some_and(|text| !leads_to_console(text)) {
        let text = "Its destination is not a page of the AWS console. Nothing was opened.";
        return Err(PageError::new(StatusCode::BAD_REQUEST, "This link leads elsewhere", text)
            .with_way_back(instance.addresses.start_url()));
    }
    let account = fields.get("account_id").unwrap_or_default();
    if let Some(role) = fields.get("role_name") {
        return match instance.store.assigned(&person.user.id, account, role)? {
            Some((account, set)) => enter(instance, person, &account, &set, destination),
            None => Err(refuse(instance, person, account, role)),
        };
    }
    let mut sets = instance.store.permission_sets_of(&person.user.id, account)?;
    let found = if sets.is_empty() { None } else { instance.store.account(account)? };
    let Some(account) = found else { return Err(refuse(instance, person, account, "")) };
    if sets.len() == 1
        && let Some(only) = sets.pop()
    {
        return enter(instance, person, &account, &only, destination);
    }
    let frame = Frame::of(instance, visit);
    let page = ChoosePage { frame, account: &account, groups: groups(&account.id), destination, roles: sets };
    Ok(html(StatusCode::OK, &page))
}

/// Into the console: where the link leads, else where the permission set does.
fn enter(
    instance: &Instance,
    person: &SignedIn,
    account: &Account,
    set: &PermissionSet,
    destination: Option<&str>,
) -> Result<Response, PageError> {
    if let Some(key_first) =
        step_up::instead(instance, person, account, set, step_up::Then::Console(destination))?
    {
        return Ok(key_first);
    }
    instance.record(&Event {
        source: audit::SSO,
        name: "Federate",
        user: Some(&person.user),
        session: Some(&person.session),
        details: json!({ "account_id": account.id, "role_name": set.name }),
        ..Event::default()
    })?;
    let token = federation::signin_token_for(instance, &person.user, account, set)?;
    let usual = set.relay_state.as_deref().filter(|text| leads_to_console(text));
    let url = federation::login_url(instance, &token, destination.or(usual))?;
    Ok(redirect(&url))
}

fn refuse(instance: &Instance, person: &SignedIn, account: &str, role: &str) -> PageError {
    let recorded = instance.record(&Event {
        source: audit::SSO,
        name: "Federate",
        user: Some(&person.user),
        session: Some(&person.session),
        details: json!({ "account_id": account, "role_name": role }),
        error: Some(("ForbiddenException", "No access")),
        ..Event::default()
    });
    match recorded {
        Ok(()) => no_access(instance.addresses.start_url()),
        Err(error) => error.into(),
    }
}
