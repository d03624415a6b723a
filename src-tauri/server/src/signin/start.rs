//! The start page of the portal: the accounts a person has, with a way into each console.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde_json::json;

use super::{
    frame::{Frame, PageError, html_with_scripts},
    visit::Visit,
};
use crate::{
    audit::{self, Event},
    federation,
    fields::Fields,
    instance::Instance,
    saml,
};

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    frame: Frame,
    until: String,
    accounts: Vec<AccountRow>,
    applications: Vec<ApplicationRow>,
}

struct AccountRow {
    id: String,
    name: String,
    ou: String,
    production: bool,
    roles: Vec<String>,
}

struct ApplicationRow {
    name: String,
    description: String,
    url: String,
}

/// GET `/start`.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/start", fields, &[])?;
    let (store, user_id) = (&instance.store, &person.user.id);
    let mut accounts = Vec::new();
    for account in store.accounts_of(user_id)? {
        let sets = store.permission_sets_of(user_id, &account.id)?;
        accounts.push(AccountRow {
            production: account.is_production(),
            roles: sets.into_iter().map(|set| set.name).collect(),
            id: account.id,
            name: account.name,
            ou: account.ou,
        });
    }
    let applications = store
        .applications_of(user_id)?
        .into_iter()
        .map(|application| ApplicationRow {
            url: saml::way_to(instance, &application),
            name: application.name,
            description: application.description,
        })
        .collect();
    let until = person.session.ends.strftime("%H:%M UTC").to_string();
    Ok(html_with_scripts(
        StatusCode::OK,
        &StartPage { frame: Frame::of(instance, visit), until, accounts, applications },
    ))
}

/// POST `/start/console`: opens the console of an account as a role.
pub fn open_console(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/start", fields, &[])?;
    let (account, role) =
        (fields.get("account_id").unwrap_or_default(), fields.get("role_name").unwrap_or_default());
    let Some((account, set)) = instance.store.assigned(&person.user.id, account, role)? else {
        instance.record(&Event {
            source: audit::SSO,
            name: "Federate",
            user: Some(&person.user),
            session: Some(&person.session),
            details: json!({ "account_id": account, "role_name": role }),
            error: Some(("ForbiddenException", "No access")),
            ..Event::default()
        })?;
        let text = "You are not assigned to this role any more. Load the start page again.";
        return Err(PageError::new(StatusCode::FORBIDDEN, "No access", text));
    };
    instance.record(&Event {
        source: audit::SSO,
        name: "Federate",
        user: Some(&person.user),
        session: Some(&person.session),
        details: json!({ "account_id": account.id, "role_name": set.name }),
        ..Event::default()
    })?;
    let token = federation::signin_token_for(instance, &person.user, &account, &set)?;
    let url = federation::login_url(instance, &token)?;
    Ok(super::frame::redirect(&url))
}
