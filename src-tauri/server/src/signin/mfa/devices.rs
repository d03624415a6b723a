//! `/start/mfa`: a person's own devices, and where they are signed in.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::directory_event;
use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    external,
    fields::Fields,
    instance::Instance,
    mfa::{Kind, device, policy::Mode},
    signin::{Frame, PageError, SignedIn, Visit, frame::html, see_other},
    store::StoreError,
};

/// How long ago a person may have signed in to change their devices without signing in again.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

#[derive(Template)]
#[template(path = "mfa_devices.html")]
struct DevicesPage {
    frame: Frame,
    asks: &'static str,
    /// Whether people sign in at an identity provider of their organisation's.
    is_external: bool,
    devices: Vec<DeviceRow>,
    sessions: Vec<SessionRow>,
    others: usize,
}

struct DeviceRow {
    id: String,
    name: String,
    label: &'static str,
    counts: bool,
    added: String,
    last_used: Option<String>,
}

struct SessionRow {
    is_this: bool,
    began: String,
    ends: String,
}

/// The person, if they signed in a short while ago and proved their second factor, where they have one; else the way
/// to sign in again and come back. A password in a browser that is known is not enough to change what is asked for
/// everywhere else.
pub fn fresh<'v>(
    instance: &Instance,
    visit: &'v Visit,
    path: &str,
    fields: &Fields,
    keep: &[&str],
) -> Result<&'v SignedIn, PageError> {
    let person = visit.signed_in_or(path, fields, keep)?;
    if instance.now().duration_since(person.session.authenticated) < FRESH
        && has_proved_all(instance, &person.session)?
    {
        return Ok(person);
    }
    let kept: Vec<String> =
        keep.iter().filter_map(|name| Some(format!("{name}={}", fields.get(name)?))).collect();
    let back = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    Err(PageError::SignInAgain { back })
}

/// Whether the session's person proved a second factor in it, or has none that is asked for.
pub fn has_proved_all(instance: &Instance, session: &SignInSession) -> Result<bool, StoreError> {
    let policy = instance.store.mfa_policy()?;
    if session.factor || policy.mode == Mode::Off {
        return Ok(true);
    }
    // Everybody has that one.
    if policy.takes_radius() {
        return Ok(false);
    }
    let devices = instance.store.mfa_devices(&session.user_id)?;
    Ok(!devices.iter().any(|device| policy.counts(device.kind)))
}

/// Whether the second factor of the session's person was not asked for, as they came from where they are known.
pub fn was_known(instance: &Instance, session: &SignInSession) -> Result<bool, StoreError> {
    Ok(instance.store.mfa_policy()?.mode == Mode::Context && !has_proved_all(instance, session)?)
}

/// GET `/start/mfa`.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/start/mfa", fields, &[])?;
    let policy = instance.store.mfa_policy()?;
    let devices: Vec<DeviceRow> = instance
        .store
        .mfa_devices(&instance.user_id(&person.user))?
        .into_iter()
        .map(|device| DeviceRow {
            counts: policy.counts(device.kind),
            id: device.id,
            name: device.name,
            label: device.kind.label(),
            added: day(device.added),
            last_used: device.last_used.map(moment),
        })
        .collect();
    let sessions: Vec<SessionRow> = instance
        .store
        .live_sessions(&person.session.user_id, instance.now())?
        .into_iter()
        .map(|session| SessionRow {
            is_this: session.id == person.session.id,
            began: moment(session.began),
            ends: moment(session.ends),
        })
        .collect();
    let is_external = external::is_source(instance)?;
    let asks = match policy.mode {
        _ if is_external => {
            "You sign in at your organisation's identity provider, and its second factor counts. A device here is asked \
             for only by roles that require a security key."
        }
        Mode::Off => "Your organisation does not ask for a second factor.",
        Mode::Always => "Your organisation asks for a second factor at every sign-in.",
        Mode::Context => "Your organisation asks for a second factor in a new browser or on a new network.",
    };
    let page = DevicesPage {
        frame: Frame::of(instance, visit),
        asks,
        is_external,
        devices,
        others: sessions.iter().filter(|session| !session.is_this).count(),
        sessions,
    };
    Ok(html(StatusCode::OK, &page))
}

/// POST `/start/mfa/rename`.
pub fn rename(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/start/mfa", fields, &[])?;
    let id = fields.get("device").unwrap_or_default();
    let Some(name) = device::name(fields.get("name").unwrap_or_default()) else {
        let text = "Go back and give it a name of at most 64 characters.";
        return Err(PageError::new(StatusCode::BAD_REQUEST, "That is no name for a device", text));
    };
    let details = json!({ "MfaDeviceId": id });
    let event =
        directory_event(instance, "UpdateMfaDeviceForUser", &person.user, Some(&person.session), details);
    if instance.store.rename_mfa_device(&instance.user_id(&person.user), id, &name, &event)? {
        return Ok(see_other("/start/mfa"));
    }
    Err(gone())
}

/// POST `/start/mfa/remove`.
pub fn remove(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = fresh(instance, visit, "/start/mfa", fields, &[])?;
    let id = fields.get("device").unwrap_or_default();
    let user_id = instance.user_id(&person.user);
    let demanded = demanded(instance)?;
    let details = json!({ "MfaDeviceId": id });
    let event =
        directory_event(instance, "DeleteMfaDeviceForUser", &person.user, Some(&person.session), details);
    if instance.store.remove_mfa_device(&user_id, id, &demanded, &event)? {
        return Ok(see_other("/start/mfa"));
    }
    if instance.store.mfa_devices(&user_id)?.iter().any(|device| device.id == id) {
        let text =
            "Your organisation demands a second factor. Add another device first, then remove this one.";
        return Err(PageError::new(StatusCode::CONFLICT, "This is your last device", text));
    }
    Err(gone())
}

/// The kinds of which a person must keep one.
pub fn demanded(instance: &Instance) -> Result<Vec<Kind>, StoreError> {
    let policy = instance.store.mfa_policy()?;
    Ok(if policy.demands_a_device() { policy.kinds() } else { Vec::new() })
}

/// POST `/start/mfa/sign-out-elsewhere`: ends all of the person's sessions but this one.
pub fn sign_out_elsewhere(
    instance: &Instance,
    visit: &Visit,
    fields: &Fields,
) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/start/mfa", fields, &[])?;
    let session: &SignInSession = &person.session;
    let event = instance.entry(&Event {
        source: audit::SSO,
        name: "Logout",
        user: Some(&person.user),
        session: Some(session),
        details: json!({ "Sessions": "all others" }),
        ..Event::default()
    });
    instance.store.end_other_sessions(&session.user_id, &session.id, instance.now(), &event)?;
    Ok(see_other("/start/mfa"))
}

fn gone() -> PageError {
    let text = "It may have been removed in another window. Load the page of your devices again.";
    PageError::new(StatusCode::NOT_FOUND, "There is no such device", text)
}

fn moment(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

fn day(at: Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}
