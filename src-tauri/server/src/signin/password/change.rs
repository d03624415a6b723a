//! `/start/password`: a person changes their password. Their other sign-ins end with it, and so does whatever was
//! approved in this one: this browser goes on with another session and another cookie.

use axum::{
    http::{StatusCode, header},
    response::Response,
};

use super::{Place, Typed, check, chosen, event, kept_elsewhere};
use crate::{
    domain::sign_in_session::SignInSession,
    fields::Fields,
    instance::Instance,
    secret::Digest,
    signin::{
        PageError, SignedIn, Visit,
        cookies::{self, SESSION},
        frame::message,
        sign_in,
    },
    store::{NewPassword, Renewed},
};

const PATH: &str = "/start/password";
const WHY: &str = "You stay signed in here. Everywhere else, and in all applications, you are signed out.";

/// GET `/start/password`.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or(PATH, fields, &[])?;
    if let Some(elsewhere) = kept_elsewhere(instance)? {
        return Err(elsewhere);
    }
    Ok(place(person).page(instance, visit, StatusCode::OK, None))
}

/// POST `/start/password`.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or(PATH, fields, &[])?;
    if let Some(elsewhere) = kept_elsewhere(instance)? {
        return Err(elsewhere);
    }
    let refuse = |status, error: &str| Ok(place(person).page(instance, visit, status, Some(error)));
    let now = instance.now();
    // A session that is left open is no place to guess from.
    let counter = Digest::of(&format!("password of session {}", person.session.id));
    let lockout = match instance.store.count_attempt(counter, now)? {
        Ok(lockout) => lockout,
        Err(locked) => return refuse(StatusCode::TOO_MANY_REQUESTS, &sign_in::too_many(locked.left)),
    };
    let current = fields.get("current_password").unwrap_or_default();
    let (typed, _) = check(instance, Some(&person.user), current)?;
    if typed == Typed::Wrong {
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
    let session = SignInSession { id: instance.chance.uuid(), ..person.session.clone() };
    let secret = instance.chance.token();
    let new = NewPassword {
        user_id: &user_id,
        password: &password,
        session: Some(Renewed { before: &person.session.id, id: &session.id, cookie: secret.digest() }),
        half: None,
        link: None,
    };
    let event = event(instance, &person.user, Some(&session), "user");
    if !instance.store.set_password(&new, now, &event)? {
        // Signed out at the same moment.
        return Err(PageError::SignIn { back: PATH.to_owned() });
    }
    let cookie =
        cookies::set_cookie(instance, SESSION, secret.expose(), Some(session.ends.duration_since(now)));
    let visit = visit.renewed(session, secret);
    let text = "Use it from now on. Your other sign-ins and those of your applications have ended.";
    let mut response = message(instance, &visit, "Password changed", text);
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn place(person: &SignedIn) -> Place<'_> {
    Place { username: &person.user.username, why: WHY, token: "", action: PATH, asks_for_current: true }
}
