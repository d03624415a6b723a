//! The page that stands for the AWS console: it says which account and role one is in.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::destination;
use crate::{
    fields::Fields,
    instance::{Instance, Shared},
    ldap::access::has_put_out,
    secret::Digest,
    signin::{CONSOLE, Frame, PageError, cookie, html},
};

#[derive(Template)]
#[template(path = "console.html")]
struct ConsolePage {
    frame: Frame,
    account_name: String,
    account_id: String,
    production: bool,
    role_name: String,
    session_name: String,
    service: String,
    region: String,
    ends: String,
    tags: Vec<(String, String)>,
}

/// GET `/console`.
pub async fn show(State(instance): State<Shared>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    instance
        .run(move |instance| {
            let fields = Fields::parse(query.unwrap_or_default().as_bytes());
            page(instance, &headers, &fields).unwrap_or_else(|error| error.render(instance, None))
        })
        .await
}

fn page(instance: &Instance, headers: &HeaderMap, fields: &Fields) -> Result<Response, PageError> {
    let over = || {
        let text = "Open the console again from Latchkey or from the access portal.";
        PageError::new(StatusCode::UNAUTHORIZED, "This console session has ended", text)
    };
    let digest = cookie(instance, headers, CONSOLE).map(Digest::of).ok_or_else(over)?;
    let (access_key_id, ends) = instance.store.console_session(digest)?.ok_or_else(over)?;
    if instance.now() >= ends {
        return Err(over());
    }
    let key = instance.issuer.find(&access_key_id)?.ok_or_else(over)?;
    if has_put_out(instance, &key.user_id)? {
        return Err(over());
    }
    let account = instance.store.account(&key.account_id)?;
    let destination = fields.get("destination").and_then(destination::read);
    let (service, region) =
        destination.map_or((None, None), |destination| (destination.service, destination.region));
    let page = ConsolePage {
        frame: Frame::bare(instance),
        account_name: account.as_ref().map_or_else(|| key.account_id.clone(), |account| account.name.clone()),
        account_id: key.account_id,
        production: account.is_some_and(|account| account.is_production()),
        role_name: key.permission_set,
        session_name: key.session_name,
        service: service.unwrap_or_else(|| "Console home".to_owned()),
        region: region.unwrap_or_else(|| instance.settings().region.clone()),
        ends: ends.strftime("%H:%M UTC").to_string(),
        tags: key.tags.into_iter().collect(),
    };
    Ok(html(StatusCode::OK, &page))
}
