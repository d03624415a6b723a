//! A second step by the organisation's RADIUS servers: what a person typed goes to them, and they say whether it is
//! right, or what else they want.

use crate::{
    domain::lockout::Lockout,
    instance::Instance,
    origin::Origin,
    radius::{self, Answer, Asked, Heard, LONGEST_CODE, Problem},
    store::{RadiusChallenge, RadiusSource, StoreError},
};

use super::{Half, Step};

/// The word for the servers in `?with=`, and the id of this factor.
pub const WAY: &str = "radius";

/// What became of what a person typed.
#[derive(Debug)]
pub enum Told {
    /// It is right; the half sign-in is to be completed.
    Accepted,
    /// It is not, and this is recorded.
    Wrong {
        /// What the servers say to that; may be empty.
        message: String,
        /// How long nothing is looked at from now on.
        locked: Option<jiff::SignedDuration>,
    },
    /// Something else is to be typed; it is kept what.
    Asked,
    /// No server said anything; the attempt counts where one may have been asked.
    Unheard,
    /// Too many were wrong before.
    Locked(jiff::SignedDuration),
}

/// Whether somebody is asked by what they typed before.
pub fn challenge(half: &Half) -> Option<&RadiusChallenge> {
    half.kept.radius.as_ref()
}

/// Takes what a person typed to the servers. Nothing typed is a question, too: some servers answer with what they want,
/// or ask a phone. The thread waits meanwhile.
///
/// # Errors
/// [`StoreError`] if what comes of it cannot be kept.
pub fn answer(
    instance: &Instance,
    half: &Half,
    source: &RadiusSource,
    typed: &str,
) -> Result<Told, StoreError> {
    // An attempt that led to a challenge is not over before that is answered, so the answer is not one more; but from
    // then on, each is.
    let is_paid = challenge(half).is_some_and(|challenge| challenge.is_paid);
    let attempt = if is_paid {
        None
    } else {
        match instance.store.count_attempt(half.kept.counter, instance.now())? {
            Ok(attempt) => Some(attempt),
            Err(locked) => return Ok(Told::Locked(locked.left)),
        }
    };
    let challenge = instance.store.take_radius_challenge(half.cookie)?;
    let wrong = |message: String| -> Result<Told, StoreError> {
        record_failure(instance, half, None)?;
        let locked = attempt.and_then(|attempt| attempt.remaining(instance.now()));
        Ok(Told::Wrong { message, locked })
    };
    // Somebody answered it a moment ago, perhaps to be asked again: what was not counted is not looked at.
    let was_paid = challenge.as_ref().is_some_and(|challenge| challenge.is_paid);
    if (is_paid && !was_paid) || typed.len() > LONGEST_CODE {
        return wrong(String::new());
    }
    let Heard { server, answer } = match ask(instance, half, source, typed, challenge.as_ref()) {
        Ok(heard) => heard,
        Err(problem) => return unheard(instance, half, attempt, &problem),
    };
    match answer {
        Answer::Accept => Ok(Told::Accepted),
        Answer::Reject { message } => wrong(message),
        Answer::Challenge { state, message, is_hidden } => {
            let is_paid = challenge.is_none();
            let asked = RadiusChallenge { server, state, message, is_hidden, is_paid };
            let step = Step { user: &half.user, session: None, workflow: &half.kept.workflow };
            let event = step.event(instance, "CredentialChallenge", "Success", CREDENTIAL_TYPE);
            instance.store.keep_radius_challenge(half.cookie, &asked, &event)?;
            Ok(Told::Asked)
        }
    }
}

fn ask(
    instance: &Instance,
    half: &Half,
    source: &RadiusSource,
    typed: &str,
    challenge: Option<&RadiusChallenge>,
) -> Result<Heard, Problem> {
    let opened = radius::open(instance, source)?;
    let (asker, origin) = (instance.addresses.host(), Origin::current());
    let asked = Asked {
        user: &half.user.username,
        code: typed,
        state: challenge.and_then(|challenge| challenge.state.as_deref()),
        asker,
        from: &origin.source_ip,
    };
    let only = challenge.map(|challenge| challenge.server.as_str());
    radius::ask(&instance.radius, &opened, &instance.chance, &asked, only)
}

/// No server told whether it is right. Where nothing was sent, nobody looked at anything, which costs nothing. Else
/// one may have: a phone may have been asked, or a wrong code been answered too late, and that counts like one that is
/// wrong, or anybody who knows a password could try for as long as they like.
fn unheard(
    instance: &Instance,
    half: &Half,
    attempt: Option<Lockout>,
    problem: &Problem,
) -> Result<Told, StoreError> {
    tracing::warn!(%problem, "a second factor could not be looked at");
    let was_sent = matches!(problem, Problem::NoAnswer { was_sent: true, .. });
    if let Some(attempt) = attempt.filter(|_| !was_sent) {
        instance.store.take_back_attempt(half.kept.counter, &attempt)?;
    }
    record_failure(instance, half, Some("NO_RADIUS_SERVER_ANSWERS"))?;
    Ok(Told::Unheard)
}

/// What was typed did not prove anything.
fn record_failure(instance: &Instance, half: &Half, reason: Option<&str>) -> Result<(), StoreError> {
    let step = Step { user: &half.user, session: None, workflow: &half.kept.workflow };
    let proved = format!("{},{CREDENTIAL_TYPE}", half.kept.proved);
    instance.store.append_audit(&[
        step.entry(instance, "CredentialVerification", "Failure", CREDENTIAL_TYPE, reason),
        step.event(instance, "UserAuthentication", "Failure", &proved),
    ])
}

/// `CredentialType` of CloudTrail; AWS, which leaves RADIUS to AWS Directory Service, documents none for it.
pub const CREDENTIAL_TYPE: &str = "RADIUS";
