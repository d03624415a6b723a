//! `/start/password`: a person changes their password. Their other sign-ins end with it.

use axum::{http::StatusCode, response::Response};

use super::{Typed, check, chosen, event, first::NewPasswordPage};
use crate::{
    fields::Fields,
    instance::Instance,
    secret::Digest,
    signin::{
        Frame, PageError, SignedIn, Visit,
        frame::{html, message},
        sign_in,
    },
    store::NewPassword,
};

const WHY: &str = "You stay signed in here. Everywhere else you are signed out.";

/// GET `/start/password`.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/start/password", fields, &[])?;
    Ok(render(instance, visit, person, StatusCode::OK, None))
}

/// POST `/start/password`.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/start/password", fields, &[])?;
    let refuse = |status, error: &str| Ok(render(instance, visit, person, status, Some(error)));
    let now = instance.now();
    // A session that is left open is no place to guess from.
    let counter = Digest::of(&format!("password of session {}", person.session.id));
    let lockout = match instance.store.count_attempt(counter, now)? {
        Ok(lockout) => lockout,
        Err(locked) => return refuse(StatusCode::TOO_MANY_REQUESTS, &sign_in::too_many(locked.left)),
    };
    let current = fields.get("current_password").unwrap_or_default();
    if check(instance, Some(&person.user), current)? == Typed::Wrong {
        return match lockout.remaining(now) {
            Some(left) => refuse(StatusCode::TOO_MANY_REQUESTS, &sign_in::too_many(left)),
            None => refuse(StatusCode::UNAUTHORIZED, "The current password is wrong."),
        };
    }
    instance.store.forget_attempts(counter)?;
    let password = match chosen(instance, &person.user, fields)? {
        Ok(password) => password,
        Err(mistake) => return refuse(StatusCode::BAD_REQUEST, &mistake),
    };
    let user_id = instance.user_id(&person.user);
    let new = NewPassword {
        user_id: &user_id,
        password: &password,
        keep_session: Some(&person.session.id),
        half: None,
        link: None,
    };
    let event = event(instance, &person.user, Some(&person.session), "user");
    instance.store.set_password(&new, now, &event)?;
    Ok(message(instance, visit, "Password changed", "Use it from now on. Your other sign-ins have ended."))
}

fn render(
    instance: &Instance,
    visit: &Visit,
    person: &SignedIn,
    status: StatusCode,
    error: Option<&str>,
) -> Response {
    let page = NewPasswordPage {
        frame: Frame::of(instance, visit),
        error,
        username: &person.user.username,
        why: WHY,
        token: "",
        action: "/start/password",
        asks_for_current: true,
    };
    html(status, &page)
}
