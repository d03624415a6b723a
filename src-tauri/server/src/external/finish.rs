//! The end of a sign-in, in the browser that began it: an answer that another browser's request got signs nobody in
//! here.

use axum::{http::StatusCode, response::Response};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    fields::Fields,
    instance::Instance,
    secret::Digest,
    signin::{PageError, Visit, sign_in},
    store::Proved,
};

/// GET `/sign-in/external/done`.
///
/// # Errors
/// [`PageError`] if the sign-in is over, or another browser's.
pub fn finish(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let handle = Digest::of(fields.get("handle").unwrap_or_default());
    let waiting = instance.store.proved_external_sign_in(handle, instance.now())?;
    let waiting = waiting.filter(|waiting| waiting.owner == visit.owner());
    let Some((waiting, proved)) =
        waiting.and_then(|waiting| waiting.proved.clone().map(|proved| (waiting, proved)))
    else {
        return Err(over());
    };
    let user = instance.user(&proved.user_id)?.ok_or_else(over)?;
    let (length, now) = (instance.session_length(), instance.now());
    let begun = SignInSession::begin(instance.chance.uuid(), &user.id, length, now);
    let wanted = proved.session_ends.and_then(|ends| Timestamp::from_millisecond(ends).ok());
    let ends = wanted.map_or(begun.ends, |wanted| wanted.min(begun.ends));
    if ends <= now {
        return Err(over());
    }
    // It may have remembered the person.
    let authenticated =
        Timestamp::from_millisecond(proved.authenticated).map_or(Timestamp::UNIX_EPOCH, |at| at.min(now));
    // The provider's second factor counts, whatever it was.
    let session = SignInSession { ends, authenticated, factor: true, ..begun };
    sign_in::begin_with(instance, visit, &user, &waiting.back, &session, |begun| {
        let entries = [
            instance.entry(&Event {
                user: Some(&user),
                session: Some(begun.session),
                ..success(instance, &proved)
            }),
            sign_in::authenticated(instance, Some(&user), begun.session),
        ];
        // Disabled, or the source changed in the meantime.
        match instance.store.complete_external_sign_in(handle, begun, &proved.tags, &entries)? {
            true => Ok(()),
            false => Err(over()),
        }
    })
}

fn success(instance: &Instance, proved: &Proved) -> Event<'static> {
    let provider = instance.store.external_provider().ok().flatten().map(|provider| provider.entity_id);
    let tags: Vec<&String> = proved.tags.keys().collect();
    Event {
        source: audit::SIGNIN,
        name: "UserAuthentication",
        details: json!({ "UserAuthentication": "Success" }),
        additional: json!({
            "CredentialType": "EXTERNAL_IDP",
            "LoginTo": instance.addresses.start_url(),
            "IdentityProvider": provider,
            "AuthnContext": proved.context,
            "AccessControlAttributes": tags,
        }),
        ..Event::default()
    }
}

fn over() -> PageError {
    let text = "It took too long, was finished before, or began in another browser. Start again.";
    PageError::new(StatusCode::GONE, "This sign-in is over", text).with_way_back("/start".to_owned())
}
