//! A second factor now, for who signed in a while ago and wants to change what lets them in.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    sign_in::{Challenge, copied_key, wrong_code, wrong_key},
    wire::{Kind, NativeError},
};
use crate::{
    audit::{self, Event},
    instance::Instance,
    mfa::{
        Device, Kind as DeviceKind,
        keys::{self, Door},
        sealing::Purpose,
    },
    portal::Caller,
    secret::Digest,
    signin::{
        known_browser,
        mfa::{
            challenge::{self, Unproven},
            devices,
        },
    },
    store::{AuditEntry, Used},
};

/// How long ago a person may have signed in, or proved a factor, to change their devices; as in the pages.
pub const FRESH: SignedDuration = devices::FRESH;
/// How long a person may look for their key.
pub const ASKS_FOR: SignedDuration = SignedDuration::from_mins(5);
const PURPOSE: &str = "proof of a signed-in person";

/// Nothing: whose keys are asked for, the token says.
#[derive(Deserialize)]
pub struct Ask {}

/// A key's answer, or an app's code.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brought {
    state: Option<String>,
    credential: Option<Value>,
    /// The device's id.
    factor: Option<String>,
    code: Option<String>,
}

/// Until when it counts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proved {
    /// Epoch milliseconds.
    fresh_until: i64,
}

/// Whether the person proved who they are a short while ago.
pub fn need(instance: &Instance, caller: &Caller) -> Result<(), NativeError> {
    let now = instance.now();
    let anew = instance.store.proved_anew(&caller.session.id)?;
    let proved = caller.session.authenticated;
    let last = anew.map_or(proved, |anew| anew.max(proved));
    // A password on a computer that is known is not enough to change what is asked for everywhere else.
    if now.duration_since(last) < FRESH && devices::has_proved_all(instance, &caller.session)? {
        return Ok(());
    }
    Err(Kind::ProofNeeded.because(
        "The sign-in is older than ten minutes, or no second factor was proved in it: prove one, or sign in again",
    ))
}

/// The devices that count.
fn counting(instance: &Instance, caller: &Caller) -> Result<Vec<Device>, NativeError> {
    let policy = instance.store.mfa_policy()?;
    let mut devices = instance.store.mfa_devices(&caller.session.user_id)?;
    devices.retain(|device| policy.counts(device.kind));
    Ok(devices)
}

/// POST `/native/v1/proof/challenge`.
pub fn challenge(instance: &Instance, caller: &Caller, _: Ask) -> Result<Challenge, NativeError> {
    let devices = counting(instance, caller)?;
    let keys: Vec<&Device> = devices.iter().filter(|device| device.kind != DeviceKind::Totp).collect();
    if keys.is_empty() {
        return Err(Kind::NoSuchFactor.because("There is no key to ask"));
    }
    let ceremony = keys::start_authentication(instance, &keys)?;
    instance.store.append_audit(&[event(
        instance,
        caller,
        "CredentialChallenge",
        "Success",
        ("WEBAUTHN", None),
    )])?;
    let state = seal(instance, PURPOSE, &caller.session.id, &ceremony.state)?;
    Challenge::new(&ceremony.options, Some(state))
}

/// Seals a ceremony's state for who brings it back.
pub fn seal(instance: &Instance, name: &str, owner: &str, state: &str) -> Result<String, NativeError> {
    let ends = instance.now().checked_add(ASKS_FOR).unwrap_or(instance.now());
    Purpose { name, owner }
        .seal_until(&instance.key, &instance.chance, state.as_bytes(), ends)
        .ok_or_else(|| Kind::Internal.because("Internal server error"))
}

/// POST `/native/v1/proof`.
pub fn prove(instance: &Instance, caller: &Caller, brought: Brought) -> Result<Proved, NativeError> {
    let now = instance.now();
    let devices = counting(instance, caller)?;
    // A stolen token guesses at codes as a stranger does.
    let name = known_browser::counter(instance, None, &caller.user.username);
    let counter = Digest::of(&format!("second step {}", hex::encode(name.as_bytes())));
    let lockout =
        instance.store.count_attempt(counter, now)?.map_err(|locked| NativeError::locked(locked.left))?;
    let mut reason = None;
    let (used, challenge, kind, why) = match brought {
        Brought { state: Some(state), credential: Some(credential), .. } => {
            let purpose = Purpose { name: PURPOSE, owner: &caller.session.id };
            let (state, ends) = purpose
                .open_live(&instance.key, &state, now)
                .ok_or_else(|| Kind::ChallengeOver.because("This challenge is over"))?;
            let (credential, state) = (credential.to_string(), String::from_utf8_lossy(&state).into_owned());
            let keys: Vec<&Device> =
                devices.iter().filter(|device| device.kind != DeviceKind::Totp).collect();
            let proof = keys::finish_authentication(instance, Door::App, &keys, &credential, &state);
            let wrong = proof.as_ref().err().map(|error| Unproven::of(instance, error, &state));
            let why = match wrong.transpose()? {
                Some(Unproven::Copied) => {
                    reason = Unproven::Copied.reason();
                    copied_key()
                }
                _ => wrong_key(&devices, &credential),
            };
            let used = proof.ok();
            let used =
                used.map(|proof| Used::Key { device: proof.device, before: proof.before, data: proof.data });
            (used, Some((Digest::of(&state), ends)), "WEBAUTHN", why)
        }
        Brought { factor: Some(factor), code: Some(code), .. } => {
            let app = devices.iter().find(|device| device.kind == DeviceKind::Totp && device.id == factor);
            let app = app.ok_or_else(|| Kind::NoSuchFactor.because("There is no such authenticator app"))?;
            (challenge::code(instance, app, &code), None, "TOTP", wrong_code(instance, app, &code))
        }
        _ => {
            return Err(
                Kind::InvalidRequest.because("a key's answer with its state, or a factor with its code")
            );
        }
    };
    let proved = event(instance, caller, "CredentialVerification", "Success", (kind, None));
    if let Some(used) = used
        && instance.store.prove_anew(&caller.session.id, &used, challenge, counter, now, &proved)?
    {
        let until = now.checked_add(FRESH).unwrap_or(now);
        return Ok(Proved { fresh_until: until.as_millisecond() });
    }
    instance.store.append_audit(&[event(
        instance,
        caller,
        "CredentialVerification",
        "Failure",
        (kind, reason),
    )])?;
    Err(lockout.remaining(now).map_or(why, NativeError::locked))
}

fn event(
    instance: &Instance,
    caller: &Caller,
    name: &str,
    outcome: &str,
    (kind, reason): (&str, Option<&str>),
) -> AuditEntry {
    let mut additional = json!({ "CredentialType": kind });
    if let Some(reason) = reason {
        additional["Reason"] = reason.into();
    }
    instance.entry(&Event {
        source: audit::SIGNIN,
        name,
        user: Some(&caller.user),
        session: Some(&caller.session),
        details: json!({ name: outcome }),
        additional,
        ..Event::default()
    })
}
