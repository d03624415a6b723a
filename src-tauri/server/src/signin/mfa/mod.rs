//! The second step of a sign-in. After the right password the sign-in is kept here, bound to the browser by a
//! cookie of its own, until a factor is proved, a device is set up, or ten minutes are over.

pub mod challenge;
pub mod devices;
mod enrol;
#[cfg(test)]
mod key_tests;
pub mod passkey;
pub mod radius;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use axum::{Router, http::StatusCode, http::header, response::Response, routing::get};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use challenge::Unproven;

use super::{
    PageError, Visit,
    cookies::{self, CONTEXT, HALF},
    see_other, shown, sign_in, submitted,
};
use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    instance::{Instance, Shared},
    mfa::{Ask, Device, policy::Mode},
    organisation::User,
    origin::Origin,
    secret::{Digest, Token},
    store::{AuditEntry, Begun, Completion, Context, HalfSignIn, NewDevice, RadiusSource, StoreError, Used},
};

/// How long a person may take for the second step.
const HALF_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// For how long a browser knows where a sign-in led that was not ended in time.
const HALF_KNOWN: SignedDuration = SignedDuration::from_hours(1);
/// How long a browser on a network counts as known after a second factor was proved there.
const CONTEXT_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The routes of the second step and of a person's own devices.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/sign-in/verify", shown(challenge::show).merge(submitted(challenge::submit)))
        .route("/sign-in/enrol", shown(enrol::show_at_sign_in).merge(submitted(enrol::submit_at_sign_in)))
        .route("/sign-in/passkey", submitted(passkey::submit).merge(get(async || see_other("/sign-in"))))
        .route("/start/mfa", shown(devices::show))
        .route("/start/mfa/add", shown(enrol::show_in_portal).merge(submitted(enrol::submit_in_portal)))
        .route("/start/mfa/rename", submitted(devices::rename))
        .route("/start/mfa/remove", submitted(devices::remove))
        .route("/start/mfa/sign-out-elsewhere", submitted(devices::sign_out_elsewhere))
}

/// What a page asks of a security key.
#[derive(Debug)]
pub struct KeyRequest {
    /// The browser's options, as JSON.
    pub options: String,
    /// The ceremony's sealed state; empty where it is kept here.
    pub state: String,
}

/// A password that was right.
#[derive(Debug, Clone, Copy)]
pub struct Accepted<'a> {
    /// Under what wrong passwords count.
    pub counter: Digest,
    /// Where to go in the end.
    pub back: &'a str,
    /// Where it came from.
    pub network: Digest,
    /// Whether it was for one use.
    pub must_change: bool,
    /// The hash that it was held against.
    pub hash: &'a str,
}

/// The part of the internet a visitor comes from: addresses change within it without the person moving.
pub fn network(instance: &Instance, origin: &Origin) -> Digest {
    let part = match origin.source_ip.parse::<IpAddr>().ok().map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => format!("{:?}", &address.octets()[..3]),
        Some(IpAddr::V6(address)) => format!("{:?}", &address.segments()[..3]),
        None => String::new(),
    };
    instance.key.digest("network", &part)
}

/// Goes on after the right password.
pub fn after_password(
    instance: &Instance,
    visit: &Visit,
    user: &User,
    accepted: Accepted<'_>,
) -> Result<Response, PageError> {
    if accepted.must_change {
        return begin_half(instance, user, accepted, "/sign-in/new-password");
    }
    match ask_in(instance, visit, user, accepted.network)? {
        Ask::Nothing => sign_in::begin(instance, visit, user, accepted.back, false, |begun| {
            let events = sign_in::events(instance, Some(user), Some(begun.session), "Success");
            // Disabled or deleted in the meantime.
            match instance.store.begin_session(begun, accepted.counter, accepted.hash, &events)? {
                true => Ok(()),
                false => Err(PageError::SignIn { back: accepted.back.to_owned() }),
            }
        }),
        Ask::Factor => begin_half(instance, user, accepted, "/sign-in/verify"),
        Ask::Enrol => begin_half(instance, user, accepted, "/sign-in/enrol"),
        Ask::Block => {
            record_block(instance, user)?;
            Err(blocked())
        }
    }
}

/// A right password was not enough, and there is nothing to add.
pub fn record_block(instance: &Instance, user: &User) -> Result<(), StoreError> {
    let step = Step { user, session: None, workflow: &instance.chance.uuid() };
    instance.store.append_audit(&[
        step.event(instance, "CredentialVerification", "Success", "PASSWORD"),
        step.event(instance, "UserAuthentication", "Failure", "PASSWORD"),
    ])
}

/// Goes on after a password for one use was replaced.
pub fn after_new_password(instance: &Instance, visit: &Visit, half: &Half) -> Result<Response, PageError> {
    match ask_in(instance, visit, &half.user, half.kept.network)? {
        Ask::Nothing => complete(instance, visit, half, None, None)?.ok_or_else(|| half.over()),
        Ask::Factor => Ok(see_other("/sign-in/verify")),
        Ask::Enrol => Ok(see_other("/sign-in/enrol")),
        Ask::Block => {
            block(instance, half)?;
            Err(blocked())
        }
    }
}

/// Ends a half sign-in of a person whom the policy does not let set up a device.
pub fn block(instance: &Instance, half: &Half) -> Result<(), StoreError> {
    let step = Step { user: &half.user, session: None, workflow: &half.kept.workflow };
    let event = step.event(instance, "UserAuthentication", "Failure", "PASSWORD");
    instance.store.end_half_sign_in(half.cookie, &[event])
}

/// What the policy asks of a person in this browser on this network.
fn ask_in(instance: &Instance, visit: &Visit, user: &User, network: Digest) -> Result<Ask, StoreError> {
    // Whoever is signed in and does it again is to prove anew who they are, with all there is.
    let context = visit.context.as_ref().filter(|_| visit.person.is_none());
    ask(instance, context, user, network)
}

/// What the policy asks of a person who comes from this network and brings this mark of a context.
pub fn ask(
    instance: &Instance,
    context: Option<&Token>,
    user: &User,
    network: Digest,
) -> Result<Ask, StoreError> {
    let policy = instance.store.mfa_policy()?;
    if policy.mode == Mode::Off {
        return Ok(Ask::Nothing);
    }
    let user_id = instance.user_id(user);
    let has_factor = policy.takes_radius()
        || instance.store.mfa_devices(&user_id)?.iter().any(|device| policy.counts(device.kind));
    let known = match (context, policy.mode) {
        (Some(browser), Mode::Context) => {
            instance.store.knows_context(&user_id, browser.digest(), network, instance.now())?
        }
        _ => false,
    };
    Ok(policy.ask(has_factor, known))
}

fn blocked() -> PageError {
    let text = "Your organisation asks for a second factor, such as a security key, and you have none that counts. \
                Your administrator can let you set one up.";
    PageError::new(StatusCode::FORBIDDEN, "You need a second factor to sign in", text)
}

fn begin_half(
    instance: &Instance,
    user: &User,
    accepted: Accepted<'_>,
    next: &str,
) -> Result<Response, PageError> {
    let Some(secret) = keep_half(instance, user, accepted)? else {
        return Err(PageError::SignIn { back: accepted.back.to_owned() });
    };
    let mut response = see_other(next);
    if let Some(cookie) = cookies::set_cookie(instance, HALF, secret.expose(), Some(HALF_KNOWN)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Keeps a sign-in that is not over; whoever brings the secret goes on with it. `None` if another password was set
/// while this one was looked at.
pub fn keep_half(
    instance: &Instance,
    user: &User,
    accepted: Accepted<'_>,
) -> Result<Option<Token>, StoreError> {
    let secret = instance.chance.token();
    let half = HalfSignIn {
        workflow: instance.chance.uuid(),
        username: user.username.clone(),
        user_id: instance.user_id(user),
        proved: "PASSWORD".to_owned(),
        // Apart from passwords, and in a known browser apart from all others, like these.
        counter: Digest::of(&format!("second step {}", hex::encode(accepted.counter.as_bytes()))),
        network: accepted.network,
        back: accepted.back.to_owned(),
        must_change: accepted.must_change,
        radius: None,
        ends: instance.now().checked_add(HALF_LASTS).unwrap_or(instance.now()),
    };
    let step = Step { user, session: None, workflow: &half.workflow };
    let event = step.event(instance, "CredentialVerification", "Success", "PASSWORD");
    let kept = instance.store.begin_half_sign_in(
        &half,
        secret.digest(),
        accepted.counter,
        accepted.hash,
        &[event],
    )?;
    Ok(kept.then_some(secret))
}

/// A half sign-in that the browser brought back.
pub struct Half {
    /// Its cookie's digest.
    pub cookie: Digest,
    /// Who signs in.
    pub user: User,
    kept: HalfSignIn,
    /// The devices that count, the one used last first.
    devices: Vec<Device>,
    /// The RADIUS servers, if their answers count.
    radius: Option<RadiusSource>,
}

/// What a secret of a half sign-in leads to.
pub enum Found {
    /// It goes on.
    Live(Box<Half>),
    /// Its time is up, or its person is nobody's any more.
    Over {
        /// Where it would have led.
        back: String,
    },
    /// There is none, or it came to its end.
    Unknown,
}

impl Half {
    /// The half sign-in of this secret.
    pub fn find(instance: &Instance, secret: &Token) -> Result<Found, StoreError> {
        let cookie = secret.digest();
        let Some(kept) = instance.store.half_sign_in(cookie)? else { return Ok(Found::Unknown) };
        if !kept.is_live(instance.now()) {
            return Ok(Found::Over { back: kept.back });
        }
        let Some(user) = instance.user(&kept.user_id)? else { return Ok(Found::Over { back: kept.back }) };
        let policy = instance.store.mfa_policy()?;
        let mut devices = instance.store.mfa_devices(&kept.user_id)?;
        devices.retain(|device| policy.counts(device.kind));
        let radius = if policy.takes_radius() { instance.store.radius_source()? } else { None };
        Ok(Found::Live(Box::new(Self { cookie, kept, user, devices, radius })))
    }

    /// The network its password came from.
    pub fn network(&self) -> Digest {
        self.kept.network
    }

    /// Where to go in the end.
    pub fn back(&self) -> &str {
        &self.kept.back
    }

    /// Under what wrong answers count.
    pub fn counter(&self) -> Digest {
        self.kept.counter
    }

    /// When it is over by itself.
    pub fn ends(&self) -> Timestamp {
        self.kept.ends
    }

    /// The devices that count, the one used last first.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The RADIUS servers, if their answers count.
    pub fn radius(&self) -> Option<&RadiusSource> {
        self.radius.as_ref()
    }

    /// Whether there is a second factor to prove.
    pub fn has_factor(&self) -> bool {
        !self.devices.is_empty() || self.radius.is_some()
    }

    /// Whether the password has to be replaced first.
    pub fn must_change(&self) -> bool {
        self.kept.must_change
    }

    /// The id of the identity store.
    pub fn user_id(&self) -> &str {
        &self.kept.user_id
    }

    /// The way to begin again and to come to the same place.
    pub fn over(&self) -> PageError {
        PageError::SignIn { back: self.kept.back.clone() }
    }
}

/// The browser's half sign-in that is ready for its second step, or the way to what comes before it.
fn half_of(instance: &Instance, visit: &Visit) -> Result<Half, PageError> {
    let half = half_with_duty(instance, visit)?;
    if half.must_change() {
        return Err(PageError::Elsewhere("/sign-in/new-password"));
    }
    Ok(half)
}

/// The browser's half sign-in, or the way back to its beginning.
pub fn half_with_duty(instance: &Instance, visit: &Visit) -> Result<Half, PageError> {
    let unknown = || PageError::SignIn { back: "/start".to_owned() };
    let secret = visit.half.as_ref().ok_or_else(unknown)?;
    match Half::find(instance, secret)? {
        Found::Live(half) => Ok(*half),
        Found::Over { back } => Err(PageError::SignIn { back }),
        Found::Unknown => Err(unknown()),
    }
}

/// What a person proved besides their password.
pub enum Proved<'a> {
    /// A device of theirs.
    Used(Used),
    /// A device that they set up.
    Enrolled(NewDevice<'a>),
}

/// Ends a half sign-in well, with a proof of this `CredentialType`.
fn complete(
    instance: &Instance,
    visit: &Visit,
    half: &Half,
    proof: Option<Proved<'_>>,
    credential_type: Option<&str>,
) -> Result<Option<Response>, PageError> {
    let browser = instance.chance.token();
    let context = (visit.context.as_ref(), &browser);
    let mut taken = true;
    let (user, back, factor) = (&half.user, &half.kept.back, credential_type.is_some());
    let response = sign_in::begin(instance, visit, user, back, factor, |begun| {
        taken = conclude(instance, half, proof, credential_type, context, begun)?;
        Ok(())
    })?;
    if !taken {
        return Ok(None);
    }
    let mut response = response;
    if credential_type.is_some()
        && let Some(cookie) = cookies::set_cookie(instance, CONTEXT, browser.expose(), Some(CONTEXT_KEPT))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(Some(response))
}

/// Begins the session that a half sign-in was for, with a proof of this `CredentialType`. What its browser or program
/// brought as the mark of a context, which may be known to others, is known by another mark from then on. `false` if
/// the half sign-in is gone, what proved it was used before, or a new device cannot be added.
pub fn conclude(
    instance: &Instance,
    half: &Half,
    proof: Option<Proved<'_>>,
    credential_type: Option<&str>,
    (before, browser): (Option<&Token>, &Token),
    begun: &Begun<'_>,
) -> Result<bool, StoreError> {
    let now = instance.now();
    let (used, enrolled) = match proof {
        Some(Proved::Used(used)) => (Some(used), None),
        Some(Proved::Enrolled(device)) => (None, Some(device)),
        None => (None, None),
    };
    let session = begun.session;
    let step = Step { user: &half.user, session: Some(session), workflow: &half.kept.workflow };
    let proved: Vec<&str> = std::iter::once(half.kept.proved.as_str()).chain(credential_type).collect();
    let verified =
        credential_type.map(|proof| step.event(instance, "CredentialVerification", "Success", proof));
    let authenticated = step.event(instance, "UserAuthentication", "Success", &proved.join(","));
    let entries: Vec<AuditEntry> = verified
        .into_iter()
        .chain([authenticated, sign_in::authenticated(instance, Some(&half.user), session)])
        .collect();
    let context = Context {
        user_id: &half.kept.user_id,
        before: before.map(Token::digest),
        browser: browser.digest(),
        network: half.kept.network,
        ends: now.checked_add(CONTEXT_KEPT).unwrap_or(now),
    };
    let done = Completion {
        half: Some(half.cookie),
        begun: *begun,
        used,
        enrolled,
        counters: &[half.kept.counter],
        // A password alone makes no context known.
        context: credential_type.map(|_| context),
        challenge: None,
        entries: &entries,
    };
    instance.store.complete_sign_in(&done, now)
}

/// An event of the directory about a person's own devices (IAM Identity Center User Guide, "Identity store API
/// operations").
pub fn directory_event(
    instance: &Instance,
    name: &str,
    user: &User,
    session: Option<&SignInSession>,
    details: serde_json::Value,
) -> AuditEntry {
    let event =
        Event { source: audit::DIRECTORY, name, user: Some(user), session, details, ..Event::default() };
    instance.entry(&event)
}

/// One sign-in, for its events.
pub struct Step<'a> {
    /// Who.
    pub user: &'a User,
    /// The session, once there is one.
    pub session: Option<&'a SignInSession>,
    /// What joins them.
    pub workflow: &'a str,
}

impl Step<'_> {
    /// `CredentialChallenge`, `CredentialVerification` or `UserAuthentication` (IAM Identity Center User Guide,
    /// "Understanding sign-in events").
    pub fn event(&self, instance: &Instance, name: &str, outcome: &str, credential_type: &str) -> AuditEntry {
        self.entry(instance, name, outcome, credential_type, None)
    }

    /// What was brought for verification was wrong.
    pub fn failed_verification(
        &self,
        instance: &Instance,
        credential_type: &str,
        wrong: Unproven,
    ) -> AuditEntry {
        self.entry(instance, "CredentialVerification", "Failure", credential_type, wrong.reason())
    }

    fn entry(
        &self,
        instance: &Instance,
        name: &str,
        outcome: &str,
        credential_type: &str,
        reason: Option<&str>,
    ) -> AuditEntry {
        let mut additional = json!({
            "AuthWorkflowID": self.workflow,
            "CredentialType": credential_type,
            "LoginTo": instance.addresses.start_url(),
        });
        if let Some(reason) = reason {
            additional["Reason"] = reason.into();
        }
        instance.entry(&Event {
            source: audit::SIGNIN,
            name,
            user: Some(self.user),
            session: self.session,
            details: json!({ name: outcome }),
            additional,
            ..Event::default()
        })
    }
}
