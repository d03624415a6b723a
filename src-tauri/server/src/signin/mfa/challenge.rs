//! `/sign-in/verify`: proves a second factor with a device of one's own.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::{
    Half, KeyRequest, Proved, Step, complete, half_of,
    radius::{self, Told},
};
use crate::{
    domain::lockout::{Locked, Lockout},
    fields::Fields,
    instance::Instance,
    mfa::{
        Device, Kind,
        keys::{self, Door, KeyError},
        sealing::Purpose,
        totp,
    },
    secret::Digest,
    signin::{
        Frame, PageError, Visit,
        frame::{html, html_with_scripts},
        see_other, sign_in,
    },
    store::{RadiusSource, StoreError, Used},
};

/// What the secrets of authenticator apps are sealed for.
pub const APP_SECRET: &str = "authenticator app";
/// The word for all of a person's keys in `?with=`.
pub const KEYS: &str = "keys";

const WRONG_CODE: &str = "That code is wrong or was used before. Wait for the next one and type that.";
const NOT_ACCEPTED: &str = "That was not accepted. Wait for a new code and type that.";
const UNHEARD: &str = "The service that checks these codes does not answer. Try again in a moment. If it stays \
                       so, tell your administrator.";
/// In `go`: what a server wants is not answered.
const START_OVER: &str = "again";
const COPIED_KEY: &str = "That security key may have been copied: it counts less than it did before. Stop using it, \
                          and tell your administrator.";
const WRONG_KEY: &str = "That security key is not one of yours, or its answer came too late. Try again.";

#[derive(Template)]
#[template(path = "mfa_verify.html")]
struct VerifyPage<'a> {
    frame: Frame,
    error: Option<&'a str>,
    username: &'a str,
    /// The app whose code is asked for.
    app: Option<&'a Device>,
    key: Option<KeyRequest>,
    /// The names of the keys that may answer.
    key_names: String,
    /// What the RADIUS servers are asked with.
    radius: Option<RadiusAsks<'a>>,
    /// Other ways: address and name.
    others: Vec<(String, String)>,
    /// Where to go in the end.
    back: &'a str,
}

/// What is asked for that the RADIUS servers look at.
struct RadiusAsks<'a> {
    /// What people know the servers by.
    label: &'a str,
    /// What is to be typed, if a server said so; may be empty.
    challenge: Option<&'a str>,
    /// Whether what is typed is not to be seen.
    is_hidden: bool,
}

/// A way to prove a factor.
pub enum Way<'d> {
    /// By a code of this app.
    App(&'d Device),
    /// By any of these keys.
    Keys(Vec<&'d Device>),
    /// By what the RADIUS servers want.
    Radius(&'d RadiusSource),
}

/// What is brought as a proof.
#[derive(Debug, Clone, Copy)]
pub enum Brought<'a> {
    /// An app's code.
    Code(&'a str),
    /// A key's answer, and the door it came through.
    Answer(&'a str, Door),
}

/// Why what was brought proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// It does not fit what was asked.
    Unfit,
    /// The key that answered counts less than it did.
    Copied,
}

impl From<&KeyError> for Unproven {
    fn from(error: &KeyError) -> Self {
        if matches!(error, KeyError::Copied) { Self::Copied } else { Self::Unfit }
    }
}

impl Unproven {
    /// Why a key's answer to a challenge was not taken. Whoever sends the same answer twice has no copied key.
    ///
    /// # Errors
    /// [`StoreError`] if a look at the challenge fails.
    pub fn of(instance: &Instance, error: &KeyError, state: &str) -> Result<Self, StoreError> {
        let is_again = instance.store.was_answered(&Digest::of(state))?;
        Ok(if is_again { Self::Unfit } else { Self::from(error) })
    }

    /// What failures say of it in events, where that is worth an administrator's look.
    pub fn reason(self) -> Option<&'static str> {
        (self == Self::Copied).then_some("COUNTER_WENT_BACK")
    }
}

/// How many wrong ones there were, and what this one is.
pub type Judged = (Lockout, Result<Used, Unproven>);

impl Way<'_> {
    /// What events call it.
    pub fn credential_type(&self) -> &'static str {
        match self {
            Self::App(_) => Kind::Totp.credential_type(),
            Self::Keys(_) => Kind::SecurityKey.credential_type(),
            Self::Radius(_) => radius::CREDENTIAL_TYPE,
        }
    }
}

/// The way asked for, else the RADIUS servers if they wait for an answer, else the device used last, else those
/// servers; `None` without any.
pub fn way<'d>(half: &'d Half, wanted: Option<&str>) -> Option<Way<'d>> {
    let (devices, servers) = (half.devices(), half.radius());
    let keys = || devices.iter().filter(|device| device.kind != Kind::Totp).collect::<Vec<_>>();
    let app = |id: &str| devices.iter().find(|device| device.kind == Kind::Totp && device.id == id);
    match wanted {
        Some(KEYS) if !keys().is_empty() => Some(Way::Keys(keys())),
        Some(radius::WAY) if servers.is_some() => servers.map(Way::Radius),
        // It waits for its answer.
        None if servers.is_some() && radius::challenge(half).is_some() => servers.map(Way::Radius),
        Some(id) if app(id).is_some() => app(id).map(Way::App),
        _ => match devices.first() {
            Some(first) if first.kind == Kind::Totp => Some(Way::App(first)),
            Some(_) => Some(Way::Keys(keys())),
            None => servers.map(Way::Radius),
        },
    }
}

/// GET `/sign-in/verify`, with the way to prove in `with`.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let half = half_of(instance, visit)?;
    render(instance, visit, &half, fields.get("with"), StatusCode::OK, None)
}

fn render(
    instance: &Instance,
    visit: &Visit,
    half: &Half,
    wanted: Option<&str>,
    status: StatusCode,
    error: Option<&str>,
) -> Result<Response, PageError> {
    let Some(way) = way(half, wanted) else { return Ok(see_other("/sign-in/enrol")) };
    let step = Step { user: &half.user, session: None, workflow: &half.kept.workflow };
    let challenge = step.event(instance, "CredentialChallenge", "Success", way.credential_type());
    let mut others: Vec<(String, String)> = Vec::new();
    if !matches!(way, Way::Keys(_)) && half.devices.iter().any(|device| device.kind != Kind::Totp) {
        others.push((KEYS.to_owned(), "Security key or built-in authenticator".to_owned()));
    }
    let shown = match &way {
        Way::App(app) => Some(app.id.as_str()),
        Way::Keys(_) | Way::Radius(_) => None,
    };
    let apps =
        half.devices.iter().filter(|device| device.kind == Kind::Totp && Some(device.id.as_str()) != shown);
    others.extend(apps.map(|app| (app.id.clone(), format!("Code of {}", app.name))));
    if let Some(servers) = half.radius().filter(|_| !matches!(way, Way::Radius(_))) {
        others.push((radius::WAY.to_owned(), servers.settings.label.clone()));
    }
    let mut page = VerifyPage {
        frame: Frame::of(instance, visit),
        error,
        username: &half.kept.username,
        app: None,
        key: None,
        key_names: String::new(),
        radius: None,
        others,
        back: &half.kept.back,
    };
    match way {
        Way::App(app) => {
            instance.store.append_audit(&[challenge])?;
            page.app = Some(app);
            Ok(html(status, &page))
        }
        Way::Keys(keys) => {
            let options = ask_keys(instance, half, &keys)?.map_err(|error| PageError::failed(&error))?;
            page.key = Some(KeyRequest { options, state: String::new() });
            page.key_names = keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ");
            Ok(html_with_scripts(status, &page))
        }
        Way::Radius(servers) => {
            let asked = radius::challenge(half);
            // What a server wants was recorded when it said so.
            if asked.is_none() {
                instance.store.append_audit(&[challenge])?;
            }
            page.radius = Some(RadiusAsks {
                label: &servers.settings.label,
                challenge: asked.map(|asked| asked.message.as_str()),
                is_hidden: asked.is_some_and(|asked| asked.is_hidden),
            });
            Ok(html(status, &page))
        }
    }
}

/// Asks these keys for an answer, and keeps what it is held against; gives the options.
pub fn ask_keys(
    instance: &Instance,
    half: &Half,
    keys: &[&Device],
) -> Result<Result<String, KeyError>, StoreError> {
    let step = Step { user: &half.user, session: None, workflow: &half.kept.workflow };
    let challenge =
        step.event(instance, "CredentialChallenge", "Success", Kind::SecurityKey.credential_type());
    match keys::start_authentication(instance, keys) {
        Ok(ceremony) => {
            instance.store.keep_ceremony(half.cookie, &ceremony.state, &challenge)?;
            Ok(Ok(ceremony.options))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// Counts an attempt at a second step and looks at what was brought; [`record_failure`] is for those who find it
/// wrong.
pub fn attempt(
    instance: &Instance,
    half: &Half,
    way: &Way<'_>,
    brought: Brought<'_>,
) -> Result<Result<Judged, Locked>, StoreError> {
    let lockout = match instance.store.count_attempt(half.kept.counter, instance.now())? {
        Ok(lockout) => lockout,
        Err(locked) => return Ok(Err(locked)),
    };
    let used = match (way, brought) {
        (Way::App(app), Brought::Code(typed)) => code(instance, app, typed).ok_or(Unproven::Unfit),
        (Way::Keys(keys), Brought::Answer(answer, door)) => answered(instance, half, door, keys, answer)?,
        _ => Err(Unproven::Unfit),
    };
    Ok(Ok((lockout, used)))
}

/// What was brought did not prove anything.
pub fn record_failure(
    instance: &Instance,
    half: &Half,
    way: &Way<'_>,
    wrong: Unproven,
) -> Result<(), StoreError> {
    let step = Step { user: &half.user, session: None, workflow: &half.kept.workflow };
    let proved = format!("{},{}", half.kept.proved, way.credential_type());
    instance.store.append_audit(&[
        step.failed_verification(instance, way.credential_type(), wrong),
        step.event(instance, "UserAuthentication", "Failure", &proved),
    ])
}

/// POST `/sign-in/verify`: a code or a key's answer.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let half = half_of(instance, visit)?;
    let now = instance.now();
    let with = fields.get("with");
    let answer = fields.get("credential");
    let Some(way) = way(&half, answer.map_or(with, |_| Some(KEYS))) else {
        return Ok(see_other("/sign-in/enrol"));
    };
    let (brought, text) = match &way {
        Way::Radius(servers) => return submit_to_radius(instance, visit, fields, &half, servers),
        Way::App(_) => (Brought::Code(fields.get("code").unwrap_or_default()), WRONG_CODE),
        Way::Keys(_) => (Brought::Answer(answer.unwrap_or_default(), Door::Browser), WRONG_KEY),
    };
    let (lockout, used) = match attempt(instance, &half, &way, brought)? {
        Ok(looked_at) => looked_at,
        Err(locked) => {
            let text = sign_in::too_many(locked.left);
            return render(instance, visit, &half, with, StatusCode::TOO_MANY_REQUESTS, Some(&text));
        }
    };
    let wrong = match used {
        Ok(used) => {
            let proved = Some(Proved::Used(used));
            if let Some(response) = complete(instance, visit, &half, proved, Some(way.credential_type()))? {
                return Ok(response);
            }
            Unproven::Unfit
        }
        Err(wrong) => wrong,
    };
    record_failure(instance, &half, &way, wrong)?;
    let text = if wrong == Unproven::Copied { COPIED_KEY } else { text };
    match lockout.remaining(now) {
        Some(left) => {
            let text = sign_in::too_many(left);
            render(instance, visit, &half, with, StatusCode::TOO_MANY_REQUESTS, Some(&text))
        }
        None => render(instance, visit, &half, with, StatusCode::UNAUTHORIZED, Some(text)),
    }
}

/// The same for the RADIUS servers.
fn submit_to_radius(
    instance: &Instance,
    visit: &Visit,
    fields: &Fields,
    half: &Half,
    servers: &RadiusSource,
) -> Result<Response, PageError> {
    let again = |status, text: &str| {
        // As it is now: what a server wants was kept, or is answered.
        let half = half_of(instance, visit)?;
        let text = (!text.is_empty()).then_some(text);
        render(instance, visit, &half, Some(radius::WAY), status, text)
    };
    if fields.get("go") == Some(START_OVER) {
        instance.store.take_radius_challenge(half.cookie)?;
        return again(StatusCode::OK, "");
    }
    let typed = fields.get("code").unwrap_or_default().trim();
    match radius::answer(instance, half, servers, typed)? {
        Told::Accepted => {
            let done = complete(instance, visit, half, None, Some(radius::CREDENTIAL_TYPE))?;
            done.map_or_else(|| Err(half.over()), Ok)
        }
        Told::Asked => again(StatusCode::OK, ""),
        Told::Unheard => again(StatusCode::SERVICE_UNAVAILABLE, UNHEARD),
        Told::Locked(left) | Told::Wrong { locked: Some(left), .. } => {
            again(StatusCode::TOO_MANY_REQUESTS, &sign_in::too_many(left))
        }
        Told::Wrong { message, locked: None } if message.is_empty() => {
            again(StatusCode::UNAUTHORIZED, NOT_ACCEPTED)
        }
        Told::Wrong { message, locked: None } => {
            let text = format!("{NOT_ACCEPTED} {} says: {message}", servers.settings.label);
            again(StatusCode::UNAUTHORIZED, &text)
        }
    }
}

/// What a code of this app proves.
pub fn code(instance: &Instance, app: &Device, code: &str) -> Option<Used> {
    let secret = Purpose { name: APP_SECRET, owner: &app.user_id }.open(&instance.key, &app.data)?;
    let taken = totp::check(&secret, code, instance.now(), app.last_step, app.drift)?;
    Some(Used::Code { device: app.id.clone(), step: taken.step, drift: taken.drift })
}

fn answered(
    instance: &Instance,
    half: &Half,
    door: Door,
    keys: &[&Device],
    answer: &str,
) -> Result<Result<Used, Unproven>, StoreError> {
    let Some(state) = instance.store.take_ceremony(half.cookie)? else { return Ok(Err(Unproven::Unfit)) };
    match keys::finish_authentication(instance, door, keys, answer, &state) {
        Ok(proof) => Ok(Ok(Used::Key { device: proof.device, before: proof.before, data: proof.data })),
        Err(error) => {
            tracing::info!(%error, "a security key's answer was not taken");
            Ok(Err(Unproven::from(&error)))
        }
    }
}
