//! `/native/open`: the page by which a browser takes a sign-in over. Its script takes the ticket out of the
//! address and posts it.
//!
//! Nobody may be signed in as somebody else without noticing (login CSRF): a link in a page or a mail could bring
//! a stranger's ticket here. So the browser goes on without a question only where nobody is signed in in it, the
//! ticket was asked for from the same address, and the browser says that no page led here (`Sec-Fetch-Site: none`,
//! W3C Fetch Metadata §2.4: the address was typed, or another program opened it). In every other case the person
//! is shown who they would be and decides.

use std::net::IpAddr;

use askama::Template;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    fields::Fields,
    instance::{Instance, Shared},
    mfa::sealing::Purpose,
    organisation::User,
    origin::Origin,
    secret::Digest,
    signin::{self, Frame, PageError, SESSION, VISITOR, Visit, html, html_with_scripts, see_other},
};

/// How long the question may stay open.
const QUESTION_LASTS: SignedDuration = SignedDuration::from_mins(5);
const PURPOSE: &str = "sign-in handover";

#[derive(Template)]
#[template(path = "handover.html")]
struct OpenPage {
    frame: Frame,
    direct: bool,
}

#[derive(Template)]
#[template(path = "handover_confirm.html")]
struct ConfirmPage<'a> {
    frame: Frame,
    display_name: &'a str,
    username: &'a str,
    email: &'a str,
    state: String,
}

/// The routes of the page.
pub fn routes() -> Router<Shared> {
    // The answer to a ticket has an address of its own: the next one, opened in the same tab, would otherwise only
    // change the fragment of the page that is shown.
    Router::new()
        .route("/native/open", get(show))
        .route("/native/open/ticket", post(take))
        .route("/native/open/confirm", post(confirm))
}

async fn show(State(instance): State<Shared>, headers: HeaderMap) -> Response {
    let direct = headers.get("sec-fetch-site").is_some_and(|site| site == "none");
    signin::page(instance, headers, String::new(), move |instance, visit, _| {
        Ok(html_with_scripts(StatusCode::OK, &OpenPage { frame: Frame::of(instance, visit), direct }))
    })
    .await
}

async fn take(State(instance): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    signin::form(instance, headers, body, take_page).await
}

async fn confirm(State(instance): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    signin::form(instance, headers, body, confirm_page).await
}

fn take_page(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let ticket = Digest::of(fields.get("ticket").unwrap_or_default());
    let ticket = instance.store.spend_ticket(ticket, instance.now())?.ok_or_else(|| over(instance))?;
    let (session, user) = live(instance, &ticket.session_id)?;
    if visit.person.as_ref().is_some_and(|person| person.user.id == user.id) {
        return Ok(see_other(&ticket.back));
    }
    let same_place = is_same_place(&ticket.source_ip, &Origin::current().source_ip);
    if visit.person.is_none() && same_place && fields.get("direct") == Some("1") {
        return enter(instance, &user, &session, &ticket.back);
    }
    let ends = instance.now().checked_add(QUESTION_LASTS).unwrap_or(instance.now());
    let purpose = Purpose { name: PURPOSE, owner: &visit.owner() };
    let plain = format!("{}\n{}", session.id, ticket.back);
    let state = purpose.seal_until(&instance.key, &instance.chance, plain.as_bytes(), ends);
    let page = ConfirmPage {
        frame: Frame::of(instance, visit),
        display_name: &user.display_name,
        username: &user.username,
        email: &user.email,
        state: state.ok_or_else(|| over(instance))?,
    };
    Ok(html(StatusCode::OK, &page))
}

/// Whether a ticket comes back to where it was asked for: one address, or this computer by any of its own.
fn is_same_place(asked: &str, redeems: &str) -> bool {
    let is_here = |ip: &str| ip.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    asked == redeems || (is_here(asked) && is_here(redeems))
}

fn confirm_page(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let purpose = Purpose { name: PURPOSE, owner: &visit.owner() };
    let sealed = fields.get("state").unwrap_or_default();
    let opened = purpose.open_live(&instance.key, sealed, instance.now());
    let (plain, _) = opened.ok_or_else(|| over(instance))?;
    let text = String::from_utf8_lossy(&plain);
    let (session, back) = text.split_once('\n').ok_or_else(|| over(instance))?;
    if fields.get("decision") != Some("continue") {
        return Ok(see_other("/start"));
    }
    let (session, user) = live(instance, session)?;
    enter(instance, &user, &session, back)
}

fn live(instance: &Instance, session: &str) -> Result<(SignInSession, User), PageError> {
    let session = instance.store.session(session)?.filter(|session| session.is_live(instance.now()));
    let session = session.ok_or_else(|| over(instance))?;
    let user = instance.user(&session.user_id)?.ok_or_else(|| over(instance))?;
    Ok((session, user))
}

/// Gives the browser a cookie of its own for the same session: it ends when that does, by whatever means.
fn enter(
    instance: &Instance,
    user: &User,
    session: &SignInSession,
    back: &str,
) -> Result<Response, PageError> {
    let now = instance.now();
    let cookie = instance.chance.token();
    let event = instance.entry(&Event {
        source: audit::SSO,
        name: "RedeemSignInTicket",
        user: Some(user),
        session: Some(session),
        details: json!({ "RedeemSignInTicket": "Success" }),
        ..Event::default()
    });
    if !instance.store.add_session_cookie(&session.id, cookie.digest(), now, &event)? {
        return Err(over(instance));
    }
    let mut response = see_other(back);
    let keep = session.ends.duration_since(now);
    for cookie in [
        signin::set_cookie(instance, SESSION, cookie.expose(), Some(keep)),
        signin::set_cookie(instance, VISITOR, "", Some(SignedDuration::ZERO)),
    ]
    .into_iter()
    .flatten()
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn over(instance: &Instance) -> PageError {
    let text = "Such a link works once, and for 30 seconds. Open what you wanted from Latchkey again, or sign in here.";
    PageError::new(StatusCode::GONE, "This link has expired", text)
        .with_way_back(instance.addresses.start_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computer_is_one_place_by_whichever_of_its_own_addresses() {
        for (asked, redeems, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("127.0.0.1", "::1", true),
            ("::ffff:127.0.0.1", "::1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "127.0.0.1", false),
            ("latchkey-server", "::1", false),
        ] {
            assert_eq!(is_same_place(asked, redeems), same, "{asked} {redeems}");
        }
    }
}
