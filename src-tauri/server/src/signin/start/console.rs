//! `/start/console`: opens the console of an account as a role. POST for the portal's buttons, GET for links:
//! `{start}/#/console?account_id=…&role_name=…&destination=…` (IAM Identity Center User Guide, "Creating shortcut
//! links to AWS Management Console destinations"), whose fragment the portal's script hands over.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::json;

use super::{
    confirm::{self, Act, Confirmed, Standing},
    no_access,
    search::groups,
    step_up,
};
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

#[derive(Template)]
#[template(path = "start_aws.html")]
struct ToAws<'a> {
    frame: Frame,
    href: String,
    host: String,
    role: &'a str,
    account: &'a str,
}

/// What is asked for, and by whom.
struct Request<'a> {
    instance: &'a Instance,
    visit: &'a Visit,
    person: &'a SignedIn,
    destination: Option<&'a str>,
    confirmed: Confirmed,
}

/// GET `/start/console`: opens it, or asks for the role that a link leaves open. A link confirms nothing.
pub fn open(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    answer(instance, visit, fields, Confirmed::default())
}

/// POST `/start/console`.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
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
    let destination = fields.get("destination");
    if destination.is_some_and(|text| !leads_to_console(text)) {
        let text = "Its destination is not a page of the AWS console. Nothing was opened.";
        return Err(PageError::new(StatusCode::BAD_REQUEST, "This link leads elsewhere", text)
            .with_way_back(instance.addresses.start_url()));
    }
    let request = Request { instance, visit, person, destination, confirmed };
    let account = fields.get("account_id").unwrap_or_default();
    if let Some(role) = fields.get("role_name") {
        return match instance.store.assigned(&person.user.id, account, role)? {
            Some((account, set)) => enter(&request, &account, &set),
            None => Err(refuse(instance, person, account, role)),
        };
    }
    let mut sets = instance.store.permission_sets_of(&person.user.id, account)?;
    let found = if sets.is_empty() { None } else { instance.store.account(account)? };
    let Some(account) = found else { return Err(refuse(instance, person, account, "")) };
    if sets.len() == 1
        && let Some(only) = sets.pop()
    {
        return enter(&request, &account, &only);
    }
    let frame = Frame::of(instance, visit);
    let page = ChoosePage { frame, account: &account, groups: groups(&account.id), destination, roles: sets };
    Ok(html(StatusCode::OK, &page))
}

/// Into the console: where the link leads, else where the permission set does.
fn enter(request: &Request<'_>, account: &Account, set: &PermissionSet) -> Result<Response, PageError> {
    let Request { instance, visit, person, destination, confirmed } = request;
    // The page of the key says what that of the confirmation does; touching it is the confirmation.
    if let Some(key_first) =
        step_up::instead(instance, person, account, set, step_up::Then::Console(*destination))?
    {
        return Ok(key_first);
    }
    let standing = confirmed.settle(instance, person, account, set)?;
    if standing == Standing::Asks {
        return confirm::ask(instance, visit, person, Act::Console, (account, set), *destination);
    }
    let mut details = json!({ "account_id": account.id, "role_name": set.name });
    if let Standing::Until(until) = standing {
        details["confirmation_suspended_until"] = json!(until.to_string());
    }
    if let Some(reason) = &confirmed.reason {
        details["reason"] = json!(reason);
    }
    let event = instance.entry(&Event {
        source: audit::SSO,
        name: "Federate",
        user: Some(&person.user),
        session: Some(&person.session),
        details,
        ..Event::default()
    });
    let token =
        federation::signin_token_for(instance, (&person.user, &person.session.id), account, set, &event)?;
    let usual = set.relay_state.as_deref().filter(|text| leads_to_console(text));
    let url = federation::login_url(instance, &token, destination.or(usual))?;
    if instance.aws.is_none() {
        return Ok(redirect(&url));
    }
    // A page of its own: browsers let no form be answered with a redirect to another site (CSP `form-action`).
    let host = url.host_str().unwrap_or_default().to_owned();
    let frame = Frame::of(instance, visit);
    let page = ToAws { frame, href: url.to_string(), host, role: &set.name, account: &account.name };
    let mut response = html(StatusCode::OK, &page);
    // The address carries a token.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
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
