//! Signing in with a password, and signing out.

use std::borrow::Cow;

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::Response,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use url::Url;

use super::{
    cookies::{self, HALF, PASSWORD_SET, SESSION, VISITOR},
    frame::{Frame, PageError, html_with_scripts, retry_after},
    known_browser,
    mfa::{self, Accepted, KeyRequest},
    password::{self, Typed},
    see_other,
    visit::{SignedIn, Visit},
};
use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    external,
    fields::Fields,
    instance::Instance,
    ldap,
    limits::{What, wait_of},
    organisation::User,
    secret::{Digest, Token},
    store::{AuditEntry, Begun, Replaced, StoreError},
};

/// Longer ones are refused before any work: Argon2id takes what it gets.
const LONGEST_PASSWORD: usize = 1024;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    error: Option<&'a str>,
    username: &'a str,
    back: &'a str,
    passkey: Option<KeyRequest>,
    by_mail: bool,
    /// Whether a password was set just before.
    password_set: bool,
}

/// GET `/sign-in`.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    if external::is_source(instance)? {
        return external::sign_in_page(instance, visit, fields);
    }
    let back = safe_path(instance, fields.get("continue"));
    // An application may ask that the person proves anew who they are.
    if visit.person.is_some() && fields.get("again").is_none() {
        return Ok(see_other(&back));
    }
    let mut response = page(instance, visit, StatusCode::OK, None, "", &back, visit.password_set);
    // Said once.
    if visit.password_set
        && let Some(cookie) = cookies::set_cookie(instance, PASSWORD_SET, "", Some(SignedDuration::ZERO))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// POST `/sign-in`, from a network.
pub fn submit(
    instance: &Instance,
    visit: &Visit,
    fields: &Fields,
    network: Digest,
) -> Result<Response, PageError> {
    let back = safe_path(instance, fields.get("continue"));
    let typed = fields.get("username").unwrap_or_default();
    let password = fields.get("password").unwrap_or_default();
    let right = match check(instance, visit.known_browser.as_ref(), typed, password)? {
        Ok(right) => right,
        Err(Wrong::Elsewhere) => return external::sign_in_page(instance, visit, fields),
        Err(wrong) => {
            let (status, error) = wrong.told();
            let page = render(instance, visit, status, Some(&error), typed, &back);
            return Ok(match wrong {
                Wrong::Locked(left) | Wrong::Crowded(left) => retry_after(page, left),
                Wrong::Missing | Wrong::TooLong | Wrong::Mismatch | Wrong::Expired | Wrong::Elsewhere => page,
            });
        }
    };
    let Right { user, counter, must_change, hash } = right;
    let accepted = Accepted { counter, back: &back, network, must_change, hash: &hash };
    mfa::after_password(instance, visit, &user, accepted)
}

/// A name and a password that belong together.
pub struct Right {
    /// Whose they are.
    pub user: User,
    /// Under what wrong ones count.
    pub counter: Digest,
    /// Whether the password is good for nothing but setting another.
    pub must_change: bool,
    /// The hash that it was held against: what follows, follows only while that one counts.
    pub hash: String,
}

/// Why a name and a password let nobody in.
#[derive(Debug)]
pub enum Wrong {
    /// One is missing.
    Missing,
    /// Nobody's are so long.
    TooLong,
    /// Too many were wrong before.
    Locked(SignedDuration),
    /// Too many were wrong before that came from the same place.
    Crowded(SignedDuration),
    /// They do not belong together.
    Mismatch,
    /// They do, and the directory wants another password first.
    Expired,
    /// Nobody signs in with a password: people sign in at the identity provider.
    Elsewhere,
}

impl Wrong {
    fn told(&self) -> (StatusCode, Cow<'static, str>) {
        match self {
            Self::Missing => (StatusCode::BAD_REQUEST, "Type your user name and your password.".into()),
            Self::TooLong => {
                (StatusCode::BAD_REQUEST, "That is too long for a user name and a password.".into())
            }
            Self::Locked(left) => (StatusCode::TOO_MANY_REQUESTS, too_many(*left).into()),
            Self::Crowded(left) => {
                let wait = wait_of(*left);
                let text =
                    format!("Too many failed sign-ins came from your network. Wait {wait}, then try again.");
                (StatusCode::TOO_MANY_REQUESTS, text.into())
            }
            Self::Expired => (
                StatusCode::FORBIDDEN,
                "Your password has expired. Change it where your organisation keeps it, then sign in here."
                    .into(),
            ),
            Self::Mismatch => (StatusCode::UNAUTHORIZED, "The user name or the password is wrong.".into()),
            Self::Elsewhere => {
                (StatusCode::FORBIDDEN, "You sign in at your organisation's identity provider.".into())
            }
        }
    }
}

/// Checks a name and a password, counts them and records what came of it. Whoever asks holds a turn.
pub fn check(
    instance: &Instance,
    known_browser: Option<&Token>,
    typed: &str,
    password: &str,
) -> Result<Result<Right, Wrong>, StoreError> {
    if external::is_source(instance)? {
        return Ok(Err(Wrong::Elsewhere));
    }
    if typed.trim().is_empty() || password.is_empty() {
        return Ok(Err(Wrong::Missing));
    }
    if typed.len() > LONGEST_PASSWORD || password.len() > LONGEST_PASSWORD {
        return Ok(Err(Wrong::TooLong));
    }
    let now = instance.now();
    let user = instance.user_by_login(typed)?;
    let known = user.as_ref();
    // One lock for all the names of one person; names that nobody has are locked as well.
    let canonical = known.map_or_else(|| typed.trim().to_lowercase(), |user| user.username.clone());
    let name = known_browser::counter(instance, known_browser, &canonical);
    // Whoever goes through many names from one place has a browser that is known for none of them: what strangers do
    // next door is not in the way of those who signed in here before.
    let guess = match known_browser::is_known(instance, known_browser, &canonical) {
        true => None,
        false => match instance.count(What::FailedSignIns) {
            Ok(guess) => Some(guess),
            Err(crowded) => return Ok(Err(Wrong::Crowded(crowded.left))),
        },
    };
    let lockout = match instance.store.count_attempt(name, now)? {
        Ok(lockout) => lockout,
        Err(locked) => {
            instance.store.append_audit(&events(instance, known, None, "Failure"))?;
            return Ok(Err(Wrong::Locked(locked.left)));
        }
    };
    let (typed_password, hash) = password::check(instance, known, password)?;
    match user {
        Some(_) if typed_password == Typed::Expired => {
            instance.store.append_audit(&events(instance, user.as_ref(), None, "Failure"))?;
            Ok(Err(Wrong::Expired))
        }
        Some(user) if typed_password != Typed::Wrong => {
            if let Some(guess) = guess {
                guess.forgive();
            }
            Ok(Ok(Right { user, counter: name, must_change: typed_password == Typed::OnlyOnce, hash }))
        }
        known => {
            instance.store.append_audit(&events(instance, known.as_ref(), None, "Failure"))?;
            Ok(Err(lockout.remaining(now).map_or(Wrong::Mismatch, Wrong::Locked)))
        }
    }
}

/// Begins a session, with a second factor or without, which `keep` stores with what it tells, and sends the person
/// on. The one that the browser had until then ends with it.
pub fn begin(
    instance: &Instance,
    visit: &Visit,
    user: &User,
    back: &str,
    factor: bool,
    keep: impl FnOnce(&Begun<'_>) -> Result<(), PageError>,
) -> Result<Response, PageError> {
    let length = instance.session_length();
    let begun = SignInSession::begin(instance.chance.uuid(), &user.id, length, instance.now());
    begin_with(instance, visit, user, back, &SignInSession { factor, ..begun }, keep)
}

/// As [`begin`], with a session at hand.
pub fn begin_with(
    instance: &Instance,
    visit: &Visit,
    user: &User,
    back: &str,
    session: &SignInSession,
    keep: impl FnOnce(&Begun<'_>) -> Result<(), PageError>,
) -> Result<Response, PageError> {
    let length = session.ends.duration_since(session.began);
    // A new secret at sign-in: a cookie planted before it is worth nothing after.
    let secret = instance.chance.token();
    let over =
        visit.person.as_ref().map(|person| logout(instance, person, json!({ "Reason": "SignedInAnew" })));
    let replaces = over.as_ref().map(|entry| Replaced { cookie: visit.binding(), entry });
    keep(&Begun { session, cookie: secret.digest(), replaces })?;
    let mut response = see_other(back);
    let over = Some(SignedDuration::ZERO);
    for cookie in [
        cookies::set_cookie(instance, SESSION, secret.expose(), Some(length)),
        cookies::set_cookie(instance, VISITOR, "", over),
        visit.half.as_ref().and_then(|_| cookies::set_cookie(instance, HALF, "", over)),
        known_browser::remember(instance, &user.username),
    ]
    .into_iter()
    .flatten()
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// POST `/sign-out`: ends the session, and with it all tokens that were approved in it, and a sign-in under way.
pub fn sign_out(instance: &Instance, visit: &Visit, _: &Fields) -> Result<Response, PageError> {
    if let Some(person) = &visit.person {
        let event = logout(instance, person, Value::Null);
        instance.store.end_session(&person.session.id, instance.now(), &event)?;
    }
    if let Some(half) = &visit.half {
        instance.store.end_half_sign_in(half.digest(), &[])?;
    }
    // Where a page would go to the identity provider by itself, which would sign in again.
    let mut response = see_other(if external::is_source(instance)? { "/sign-in?out=1" } else { "/sign-in" });
    for kind in [SESSION, HALF] {
        if let Some(cookie) = cookies::set_cookie(instance, kind, "", Some(SignedDuration::ZERO)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

fn logout(instance: &Instance, person: &SignedIn, additional: Value) -> AuditEntry {
    instance.entry(&Event {
        source: audit::SSO,
        name: "Logout",
        user: Some(&person.user),
        session: Some(&person.session),
        additional,
        ..Event::default()
    })
}

/// Events of a step that was taken with a password alone.
pub fn events(
    instance: &Instance,
    user: Option<&User>,
    session: Option<&SignInSession>,
    outcome: &str,
) -> Vec<AuditEntry> {
    let steps = ["CredentialVerification", "UserAuthentication"].map(|name| {
        instance.entry(&Event {
            source: audit::SIGNIN,
            name,
            user,
            session,
            details: json!({ name: outcome }),
            additional: json!({ "CredentialType": "PASSWORD", "LoginTo": instance.addresses.start_url() }),
            ..Event::default()
        })
    });
    steps.into_iter().chain(session.map(|session| authenticated(instance, user, session))).collect()
}

/// A session began.
pub fn authenticated(instance: &Instance, user: Option<&User>, session: &SignInSession) -> AuditEntry {
    instance.entry(&Event {
        source: audit::SSO,
        name: "Authenticate",
        user,
        session: Some(session),
        ..Event::default()
    })
}

/// What to do while a name is locked.
pub fn too_many(left: SignedDuration) -> String {
    format!("Too many sign-in attempts. Wait {}, then try again.", wait_of(left))
}

/// The page with an error that says why the person is not signed in.
pub fn render(
    instance: &Instance,
    visit: &Visit,
    status: StatusCode,
    error: Option<&str>,
    username: &str,
    back: &str,
) -> Response {
    page(instance, visit, status, error, username, back, false)
}

fn page(
    instance: &Instance,
    visit: &Visit,
    status: StatusCode,
    error: Option<&str>,
    username: &str,
    back: &str,
    password_set: bool,
) -> Response {
    let passkey = mfa::passkey::offer(instance, visit);
    let by_mail = instance.mailing.sends() && !ldap::is_source(instance).unwrap_or_default();
    let frame = Frame::of(instance, visit);
    let page = SignInPage { frame, error, username, back, passkey, by_mail, password_set };
    html_with_scripts(status, &page)
}

/// Where to go after signing in: a path of this server, else the start page. A path that begins with two
/// slashes is no path to a browser but another host, and dot segments can leave such a one behind
/// (`/.//host`): what counts is how the path begins once they are resolved. The portal's own links are fragments,
/// which go with it.
pub fn safe_path(instance: &Instance, wanted: Option<&str>) -> String {
    let home = "/start".to_owned();
    let Some(wanted) = wanted.filter(|path| path.starts_with('/')) else { return home };
    let Ok(base) = Url::parse(&instance.addresses.origin()) else { return home };
    match base.join(wanted) {
        Ok(url) if url.origin() == base.origin() && !url.path().starts_with("//") => {
            let fragment = url.fragment().filter(|_| matches!(url.path(), "/start" | "/start/"));
            let part = |mark: char, text: Option<&str>| text.map(|text| format!("{mark}{text}"));
            let (query, fragment) = (part('?', url.query()), part('#', fragment));
            [url.path().to_owned()].into_iter().chain(query).chain(fragment).collect()
        }
        _ => home,
    }
}
