//! A forgotten password: a link by e-mail to the address in the directory. The answer is the same for names
//! that nobody has, and so is the work.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::Response,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Place, chosen, event, has_password, kept_elsewhere};
use crate::{
    audit::{self, Event},
    external,
    fields::Fields,
    instance::Instance,
    limits::What,
    mail::Letter,
    organisation::User,
    secret::Digest,
    signin::{
        Frame, PageError, Visit,
        cookies::{self, PASSWORD_SET},
        frame::{html, message},
        see_other,
    },
    store::{AuditEntry, MailedLink, NewPassword},
};

/// How long a link is good.
const LINK_LASTS: SignedDuration = SignedDuration::from_hours(1);
/// How long an invitation is good: somebody's first day may be next week.
const INVITATION_LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);
const WHY: &str = "Choose a new password. Your sign-ins everywhere end with it.";
const WHY_FIRST: &str = "Choose the password that you sign in with from now on.";

#[derive(Template)]
#[template(path = "forgotten.html")]
struct ForgottenPage {
    frame: Frame,
    by_mail: bool,
}

/// GET `/sign-in/forgotten`.
pub fn show(instance: &Instance, visit: &Visit, _: &Fields) -> Result<Response, PageError> {
    if external::is_source(instance)? {
        return Ok(see_other("/sign-in"));
    }
    if let Some(elsewhere) = kept_elsewhere(instance)? {
        return Err(elsewhere);
    }
    let by_mail = instance.mailing.sends();
    Ok(html(StatusCode::OK, &ForgottenPage { frame: Frame::of(instance, visit), by_mail }))
}

/// POST `/sign-in/forgotten`.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    if external::is_source(instance)? {
        return Ok(see_other("/sign-in"));
    }
    if let Some(elsewhere) = kept_elsewhere(instance)? {
        return Err(elsewhere);
    }
    instance.count(What::ForgottenPasswords)?.keep();
    let typed = fields.get("username").unwrap_or_default();
    let known = instance.user_by_login(typed)?;
    let user = known.as_ref();
    let canonical = user.map_or_else(|| typed.trim().to_lowercase(), |user| user.username.clone());
    let now = instance.now();
    // Nobody's mailbox is filled by strangers: five letters, then one in a while.
    let counter = Digest::of(&format!("forgotten password of {canonical}"));
    let may = instance.store.count_attempt(counter, now)?.is_ok();
    let event = |user: Option<&User>| {
        instance.entry(&Event {
            source: audit::DIRECTORY,
            // AWS documents no name for this step.
            name: "StartPasswordReset",
            user,
            details: json!({ "By": "user" }),
            ..Event::default()
        })
    };
    match user.filter(|user| may && instance.mailing.sends() && !user.email.is_empty()) {
        Some(user) => {
            send_link(instance, user, By::User, &event(Some(user)))?;
        }
        None => instance.store.append_audit(&[event(None)])?,
    }
    let text = "If somebody has that name here, a message is on its way to their e-mail address. Its link is good for one hour.";
    Ok(message(instance, visit, "Look into your mail", text))
}

/// Who asked for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Whoever typed the person's name.
    User,
    /// An administrator.
    Administrator,
    /// An administrator, for somebody who has no password yet.
    Invitation,
}

/// Sends a person a link to set a password; links of before end.
///
/// # Errors
/// [`PageError`] if the letter cannot be kept.
pub fn send_link(instance: &Instance, user: &User, by: By, event: &AuditEntry) -> Result<(), PageError> {
    let written = Written::to(instance, user, by)?;
    instance.store.send_password_link(&written.link(user), instance.now(), event)?;
    instance.mailing.wake();
    Ok(())
}

/// A link and its letter, not sent yet.
pub struct Written {
    token: Digest,
    ends: Timestamp,
    letter: Vec<u8>,
}

impl Written {
    /// Writes to a person.
    ///
    /// # Errors
    /// [`PageError`] if the letter cannot be sealed.
    pub fn to(instance: &Instance, user: &User, by: By) -> Result<Self, PageError> {
        let now = instance.now();
        let token = instance.chance.token();
        let link = instance.addresses.url(&format!("/sign-in/reset?token={}", token.expose()));
        let letter = letter(instance, user, by, &link).seal(instance).ok_or_else(|| {
            PageError::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here", "Try again.")
        })?;
        let lasts = if by == By::Invitation { INVITATION_LASTS } else { LINK_LASTS };
        Ok(Self { token: token.digest(), ends: now.checked_add(lasts).unwrap_or(now), letter })
    }

    /// What the store keeps of it, for whom it was written to. Who keeps it wakes the mailing.
    pub fn link<'a>(&'a self, user: &'a User) -> MailedLink<'a> {
        let Self { token, ends, letter } = self;
        MailedLink { user_id: &user.id, to: &user.email, token: *token, ends: *ends, letter }
    }
}

fn letter(instance: &Instance, user: &User, by: By, link: &str) -> Letter {
    let organisation = &instance.settings().name;
    let asked = match by {
        By::Invitation => return invitation(instance, user, organisation, link),
        By::User => "somebody, most likely you, asked for a new password",
        By::Administrator => "an administrator asks you to set a password",
    };
    Letter {
        to: user.email.clone(),
        subject: format!("Set a new password for {organisation}"),
        text: format!(
            "Hello {},\n\n{asked} for {} at {organisation}. \
             Choose one here within one hour:\n\n{link}\n\nIf it was not you, do nothing: your password stays as \
             it is.\n",
            user.display_name, user.username
        ),
    }
}

/// Brings the address, too: it may be the first that the person hears of it.
fn invitation(instance: &Instance, user: &User, organisation: &str, link: &str) -> Letter {
    Letter {
        to: user.email.clone(),
        subject: format!("You are invited to sign in to {organisation}"),
        text: format!(
            "Hello {},\n\n{organisation} gives you access to its AWS accounts and applications. Your user name \
             is {}. Choose a password within seven days here:\n\n{link}\n\nFrom then on you sign in at this \
             address, which AWS's tools take as start URL, too:\n\n{}\n\nIf you did not expect this, do nothing \
             and tell whoever looks after {organisation}'s accounts.\n",
            user.display_name,
            user.username,
            instance.addresses.start_url()
        ),
    }
}

/// GET `/sign-in/reset`, with the link's `token`.
pub fn show_link(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let token = fields.get("token").unwrap_or_default();
    let (user, _) = &owner(instance, token)?;
    Ok(place(instance, user, token)?.page(instance, visit, StatusCode::OK, None))
}

/// POST `/sign-in/reset`.
pub fn submit_link(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let token = fields.get("token").unwrap_or_default();
    let (user, by) = &owner(instance, token)?;
    let password = match chosen(instance, user, fields)? {
        Ok(password) => password,
        Err(mistake) => {
            let place = place(instance, user, token)?;
            return Ok(place.page(instance, visit, StatusCode::BAD_REQUEST, Some(&mistake)));
        }
    };
    let user_id = instance.user_id(user);
    let new = NewPassword {
        user_id: &user_id,
        password: &password,
        session: None,
        half: None,
        link: Some(Digest::of(token)),
    };
    if !instance.store.set_password(&new, instance.now(), &event(instance, user, None, by))? {
        return Err(over());
    }
    let done = PageError::SignIn { back: "/start".to_owned() };
    let mut response = done.render(instance, Some(visit));
    let said = cookies::set_cookie(instance, PASSWORD_SET, "yes", Some(SignedDuration::from_mins(1)));
    if let Some(cookie) = said {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Whose link this is, and by what they got it, for the trail.
fn owner(instance: &Instance, token: &str) -> Result<(User, &'static str), PageError> {
    if let Some(elsewhere) = kept_elsewhere(instance)? {
        return Err(elsewhere);
    }
    let guess = instance.count(What::WrongLinks)?;
    let link = instance.store.password_link(Digest::of(token), instance.now())?.ok_or_else(over)?;
    guess.forgive();
    let user = instance.user(&link.user_id)?.ok_or_else(over)?;
    Ok((user, if link.is_mailed { "link by e-mail" } else { "link from the command line" }))
}

fn over() -> PageError {
    let text = "It was used, is too old, or a newer one was made. Ask for another on the sign-in page.";
    PageError::new(StatusCode::GONE, "This link is over", text)
}

fn place<'a>(instance: &Instance, user: &'a User, token: &'a str) -> Result<Place<'a>, PageError> {
    let why = if has_password(instance, user)? { WHY } else { WHY_FIRST };
    Ok(Place { username: &user.username, why, token, action: "/sign-in/reset", asks_for_current: false })
}
