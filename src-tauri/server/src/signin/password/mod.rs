//! Passwords as people set them: what one must be, the first one, a new one, a forgotten one.

mod change;
mod first;
pub mod forgotten;
pub mod one_time;
mod rules;
#[cfg(test)]
mod tests;

use askama::Template;
use axum::{Router, http::StatusCode, response::Response};
use serde_json::json;

use super::{Frame, PageError, Show, Visit, frame::html, shown, submitted, submitted_in_turn};
use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    fields::Fields,
    instance::{Instance, Shared},
    ldap,
    organisation::User,
    passwords,
    secret::Token,
    store::{AuditEntry, Password, StoreError},
};

/// How many passwords of before may not come back (IAM Identity Center User Guide, "Password requirements").
const NOT_AGAIN: usize = 3;

/// The routes of passwords.
pub fn routes() -> Router<Shared> {
    let in_turn = |path: &str, show: Show, submit: Show| {
        Router::new().route(path, shown(show).merge(submitted_in_turn(submit)))
    };
    Router::new()
        .merge(in_turn("/sign-in/new-password", first::show, first::submit))
        .merge(in_turn("/start/password", change::show, change::submit))
        .merge(in_turn("/sign-in/reset", forgotten::show_link, forgotten::submit_link))
        .route("/sign-in/forgotten", shown(forgotten::show).merge(submitted(forgotten::submit)))
}

/// What a password that was typed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// Not this person's, or nobody's.
    Wrong,
    /// Right.
    Right,
    /// Right, and good for nothing but setting another.
    OnlyOnce,
    /// Right, and over: the directory that keeps it wants another one.
    Expired,
}

/// A place where a new password is asked for.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    /// Whose.
    username: &'a str,
    /// What the person reads.
    why: &'a str,
    /// The link that allows it, or nothing.
    token: &'a str,
    /// Where the form goes.
    action: &'static str,
    /// Whether the current one is asked for as well.
    asks_for_current: bool,
}

#[derive(Template)]
#[template(path = "new_password.html")]
struct NewPasswordPage<'a> {
    frame: Frame,
    error: Option<&'a str>,
    place: Place<'a>,
}

impl Place<'_> {
    /// The page, with what was wrong.
    fn page(self, instance: &Instance, visit: &Visit, status: StatusCode, error: Option<&str>) -> Response {
        html(status, &NewPasswordPage { frame: Frame::of(instance, visit), error, place: self })
    }
}

/// Checks a password; takes as long for a person who is not there. Whoever asks holds a turn. Gives the hash that it
/// was held against as well, for what may follow only while that one counts.
///
/// # Errors
/// [`StoreError`] if the store cannot be asked.
pub fn check(
    instance: &Instance,
    user: Option<&User>,
    password: &str,
) -> Result<(Typed, String), StoreError> {
    if let Some(typed) = ldap::access::check(instance, user, password)? {
        return Ok((typed, ldap::access::PROOF.to_owned()));
    }
    let user_id = user.map(|user| instance.user_id(user)).unwrap_or_default();
    let known = instance.store.password(&user_id)?;
    let hash = known.as_ref().map(|known| known.hash.as_str());
    let typed = match instance.passwords.verify(hash, password) {
        false => Typed::Wrong,
        true if known.as_ref().is_some_and(|known| known.must_change) => Typed::OnlyOnce,
        true => Typed::Right,
    };
    Ok((typed, known.map(|known| known.hash).unwrap_or_default()))
}

/// What to tell whoever wants another password, if this server does not keep them.
///
/// # Errors
/// [`StoreError`] if that cannot be told.
pub fn kept_elsewhere(instance: &Instance) -> Result<Option<PageError>, StoreError> {
    let text = "Your organisation's directory keeps your password. Change it where you change it for your computer \
                or e-mail, or ask your help desk. It counts here at once.";
    Ok(ldap::is_source(instance)?.then(|| {
        PageError::new(StatusCode::FORBIDDEN, "Your password is not kept here", text)
            .with_way_back("/start".to_owned())
    }))
}

/// Whether somebody has a password at all, even one for one use.
///
/// # Errors
/// [`StoreError`] if the store cannot be asked.
pub fn has_password(instance: &Instance, user: &User) -> Result<bool, StoreError> {
    Ok(instance.store.password(&instance.user_id(user))?.is_some())
}

/// A new password that two fields agree on and the rules allow, or what to do better.
fn chosen(instance: &Instance, user: &User, fields: &Fields) -> Result<Result<Password, String>, PageError> {
    let new = fields.get("new_password").unwrap_or_default();
    if new != fields.get("again").unwrap_or_default() {
        return Ok(Err("The two new passwords are not the same. Type it twice.".to_owned()));
    }
    let settings = instance.settings();
    let about = [user.username.as_str(), &user.display_name, &user.email, &settings.name];
    if let Err(mistake) = rules::check(new, &about) {
        return Ok(Err(mistake));
    }
    let known = instance.store.password(&instance.user_id(user))?;
    let mut before: Vec<String> =
        known.map_or_else(Vec::new, |known| std::iter::once(known.hash).chain(known.earlier).collect());
    before.truncate(NOT_AGAIN);
    if before.iter().any(|hash| instance.passwords.verify(Some(hash), new)) {
        return Ok(Err(
            "You had that password before. Choose one that is not among your last three.".to_owned()
        ));
    }
    before.truncate(NOT_AGAIN - 1);
    let hash = passwords::hash(&Token::new(new.to_owned()), &instance.chance)
        .map_err(|error| PageError::failed(anyhow::anyhow!("could not hash: {error}").as_ref()))?;
    Ok(Ok(Password { hash, earlier: before, must_change: false }))
}

/// `UpdatePassword` (IAM Identity Center User Guide, "Identity store API operations").
fn event(instance: &Instance, user: &User, session: Option<&SignInSession>, by: &str) -> AuditEntry {
    instance.entry(&Event {
        source: audit::DIRECTORY,
        name: "UpdatePassword",
        user: Some(user),
        session,
        details: json!({ "By": by }),
        ..Event::default()
    })
}
