//! The browser's half of the device flow: type or confirm the code, see who asks, allow or deny
//! (RFC 8628 §3.3; SSO-OIDC API, StartDeviceAuthorization).

use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde_json::json;

use super::{
    frame::{Consent, Frame, PageError, html, message},
    visit::{SignedIn, Visit},
};
use crate::{
    audit::{self, Event},
    domain::{
        device_grant::{DeviceGrant, Pending, user_code_digest},
        sign_in_session::WRONG_CODES_ALLOWED,
    },
    fields::Fields,
    instance::Instance,
    limits::What,
    store::Client,
};

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage<'a> {
    frame: Frame,
    error: Option<&'a str>,
    user_code: &'a str,
}

const UNKNOWN: &str = "That code is not waiting for an answer. It may be mistyped, used or more than ten minutes old. Compare it with \
     the code that the application shows.";

/// GET `/device`, with `user_code` when the application gave the complete link.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    visit.signed_in_or("/device", fields, &["user_code"])?;
    let user_code = fields.get("user_code").map(canonical).unwrap_or_default();
    let page = DevicePage { frame: Frame::of(instance, visit), error: None, user_code: &user_code };
    Ok(html(StatusCode::OK, &page))
}

/// POST `/device`: the code is right, show who asks.
pub fn confirm(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/device", fields, &["user_code"])?;
    let (user_code, found) = find(instance, person, fields)?;
    let Some((_, client)) = found else {
        let page =
            DevicePage { frame: Frame::of(instance, visit), error: Some(UNKNOWN), user_code: &user_code };
        return Ok(html(StatusCode::NOT_FOUND, &page));
    };
    let consent = Consent {
        client_name: &client.name,
        action: "/device/decision",
        hidden: vec![("user_code".to_owned(), user_code.clone())],
        user_code: Some(&user_code),
        goes_to: None,
    };
    consent.render(instance, visit)
}

/// POST `/device/decision`.
pub fn decide(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/device", fields, &["user_code"])?;
    let gone = || PageError::new(StatusCode::CONFLICT, "This request is over", UNKNOWN);
    let (_, found) = find(instance, person, fields)?;
    let (pending, client) = found.ok_or_else(gone)?;
    let now = instance.now();
    // AWS documents no name for this step.
    let event = |name: &'static str| {
        instance.entry(&Event {
            source: audit::SSO,
            name,
            user: Some(&person.user),
            session: Some(&person.session),
            additional: json!({ "clientId": client.id, "clientName": client.name, "scopes": client.scopes }),
            ..Event::default()
        })
    };
    if fields.get("decision") == Some("allow") {
        let approved = pending.approve(&person.session.id, now).map_err(|_| gone())?;
        if !instance.store.approve_device_grant(&approved, &event("ApproveDeviceAuthorization"))? {
            return Err(gone());
        }
        instance.store.record_consent(&person.session.id, &client.id)?;
        let text = format!("{} is signed in. You can close this page and go back to it.", client.name);
        return Ok(message(instance, visit, "Request approved", &text));
    }
    let rejected = pending.reject(now).map_err(|_| gone())?;
    if !instance.store.reject_device_grant(&rejected, &event("DenyDeviceAuthorization"))? {
        return Err(gone());
    }
    let text = format!("{} was not signed in. You can close this page.", client.name);
    Ok(message(instance, visit, "Request denied", &text))
}

/// The canonical code and, if it is pending, the request behind it. Wrong codes are counted: a session that
/// guesses is stopped.
fn find(
    instance: &Instance,
    person: &SignedIn,
    fields: &Fields,
) -> Result<(String, Option<(Pending, Client)>), PageError> {
    let guess = instance.count(What::WrongCodes)?;
    if !instance.store.count_code(&person.session.id, WRONG_CODES_ALLOWED)? {
        let text = "Sign out, sign in again, and start over in the application.";
        return Err(PageError::new(StatusCode::TOO_MANY_REQUESTS, "Too many wrong codes", text));
    }
    let user_code = fields.get("user_code").map(canonical).unwrap_or_default();
    let digest = user_code_digest(&instance.key, &user_code);
    let now = instance.now();
    if let Some(DeviceGrant::Pending(pending)) = instance.store.device_grant_by_user_code(digest)?
        && now < pending.0.ends
        && let Some(client) = instance.store.client(&pending.0.client_id)?
    {
        instance.store.forgive_code(&person.session.id)?;
        guess.forgive();
        return Ok((user_code, Some((pending, client))));
    }
    Ok((user_code, None))
}

/// Upper case, with the dash where it belongs, whatever was typed between the letters.
fn canonical(typed: &str) -> String {
    let letters: String = typed.chars().filter(char::is_ascii_alphabetic).take(8).collect();
    let letters = letters.to_ascii_uppercase();
    match letters.split_at_checked(4) {
        Some((first, second)) if !second.is_empty() => format!("{first}-{second}"),
        _ => letters,
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn codes_are_taken_as_people_type_them() {
        for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "b-c-d-f-g-h-j-k-extra"] {
            assert_eq!(canonical(typed), "BCDF-GHJK");
        }
        assert_eq!(canonical("<b>"), "B");
    }
}
