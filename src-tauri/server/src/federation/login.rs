//! `Action=login` (IAM User Guide, custom identity broker): a sign-in token becomes a console session.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde_json::json;
use url::form_urlencoded;

use super::destination;
use crate::{
    audit::{self, Event},
    fields::Fields,
    instance::Instance,
    secret::Digest,
    signin::{self, CONSOLE, PageError, see_other},
};

/// Opens the console, or says why not. The token leaves the address bar with the redirect.
pub fn login(instance: &Instance, _: &HeaderMap, fields: &Fields) -> Result<Response, PageError> {
    let refuse = |title: &str, text: &str| PageError::new(StatusCode::BAD_REQUEST, title, text);
    let destination = fields.get("Destination");
    if destination.is_some_and(|text| destination::read(text).is_none()) {
        return Err(refuse("This link leads elsewhere", "Its destination is not a page of the AWS console."));
    }
    let now = instance.now();
    // The issuer is where one comes from and, with an old link, has to go again: our portal, or a stranger's
    // page that this server does not send people to.
    let portal = fields.get("Issuer").is_none_or(|issuer| instance.addresses.is_our_start_url(issuer));
    let expired = |text: &str| {
        let refusal = refuse("This sign-in link has expired", text);
        if portal { refusal.with_way_back(instance.addresses.start_url()) } else { refusal }
    };
    let token = fields.get("SigninToken").map(Digest::of);
    let known = token.map(|token| instance.store.signin_token(token)).transpose()?.flatten();
    let Some(known) = known.filter(|known| now < known.ends && now < known.session_ends) else {
        let text = "A sign-in link works for 15 minutes. Open the console again from where you started.";
        return Err(expired(text));
    };
    let Some(key) = instance.issuer.find(&known.access_key_id)? else {
        return Err(expired("Open the console again from where you started."));
    };
    let Some(user) = instance.user(&key.user_id)? else {
        return Err(expired("Whoever it was made for cannot sign in any more."));
    };
    instance.record(&Event {
        source: audit::SIGNIN,
        name: "ConsoleLogin",
        user: Some(&user),
        details: json!({ "account_id": key.account_id, "role_name": key.permission_set }),
        ..Event::default()
    })?;
    let cookie = instance.chance.token();
    instance.store.add_console_session(cookie.digest(), &key.access_key_id, known.session_ends)?;
    let query: String = destination
        .map(|text| {
            form_urlencoded::Serializer::for_suffix("?".to_owned(), 1)
                .append_pair("destination", text)
                .finish()
        })
        .unwrap_or_default();
    let mut response = see_other(&format!("/console{query}"));
    let keep = known.session_ends.duration_since(now);
    if let Some(cookie) = signin::set_cookie(instance, CONSOLE, cookie.expose(), Some(keep)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
