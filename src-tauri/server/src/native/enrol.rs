//! A first security key at sign-in, where the policy demands a second factor and the person has none. What else
//! could be set up takes the browser.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    devices,
    proof::seal,
    sign_in::{self, Challenge, Named, Step},
    wire::{Kind, NativeError},
};
use crate::{
    instance::Instance,
    mfa::{Ask, Device, Kind as DeviceKind, keys, sealing::Purpose},
    secret::Token,
    signin::mfa::{self, Half, Proved, directory_event},
    store::{Begun, NewDevice},
};

const PURPOSE: &str = "first key of the app";

/// A new key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Enrol {
    sign_in: String,
    name: String,
    state: String,
    credential: Value,
    context: Option<String>,
}

/// Whether a first key can be set up here.
pub fn is_offered(instance: &Instance) -> Result<bool, NativeError> {
    let counts = instance.store.mfa_policy()?.counts(DeviceKind::SecurityKey);
    Ok(counts && keys::rp_id(instance).is_some())
}

/// A sign-in under way whose person has nothing that counts, with what else they have.
pub fn half_of(instance: &Instance, secret: String) -> Result<(Half, Vec<Device>), NativeError> {
    let half = sign_in::half(instance, secret)?;
    // Who has a factor proves it, and adds others once they are in.
    if half.has_factor() {
        return Err(Kind::NotAdded.because("There is a second factor already: prove that"));
    }
    // The policy is asked here as well: it may have changed, or the devices that counted are gone.
    if mfa::ask(instance, None, &half.user, half.network())? == Ask::Block {
        mfa::block(instance, &half)?;
        return Err(sign_in::blocked());
    }
    let devices = devices::may_add(instance, half.user_id())?;
    Ok((half, devices))
}

/// POST `/native/v1/sign-in/enrol/challenge`.
pub fn challenge(instance: &Instance, request: Named) -> Result<Challenge, NativeError> {
    let (half, devices) = half_of(instance, request.sign_in)?;
    let ceremony = keys::start_registration(instance, &half.user, DeviceKind::SecurityKey, &devices)?;
    let event = directory_event(instance, "StartWebAuthnDeviceRegistration", &half.user, None, Value::Null);
    instance.store.append_audit(&[event])?;
    let state = seal(instance, PURPOSE, &hex::encode(half.cookie.as_bytes()), &ceremony.state)?;
    Challenge::new(&ceremony.options, Some(state))
}

/// POST `/native/v1/sign-in/enrol`: the key proves itself, which ends the sign-in.
pub fn enrol(instance: &Instance, request: Enrol) -> Result<Step, NativeError> {
    let (half, _) = half_of(instance, request.sign_in.clone())?;
    finish(instance, &half, request)
}

/// The same for a sign-in that was looked at: another one may have ended since.
pub fn finish(instance: &Instance, half: &Half, request: Enrol) -> Result<Step, NativeError> {
    let now = instance.now();
    instance.store.count_attempt(half.counter(), now)?.map_err(|locked| NativeError::locked(locked.left))?;
    let owner = hex::encode(half.cookie.as_bytes());
    let (state, _) = Purpose { name: PURPOSE, owner: &owner }
        .open_live(&instance.key, &request.state, now)
        .ok_or_else(|| Kind::ChallengeOver.because("This challenge is over"))?;
    let (answer, state) = (request.credential.to_string(), String::from_utf8_lossy(&state));
    let new = devices::new_key(instance, half.user_id(), &request.name, &answer, &state)?;
    let device = Device { last_used: Some(now), ..new };
    let details = json!({ "MfaDeviceId": device.id });
    let event = directory_event(instance, "CompleteWebAuthnDeviceRegistration", &half.user, None, details);
    let instead_of = instance.store.mfa_policy()?.kinds();
    let new = Proved::Enrolled(NewDevice { device: &device, instead_of: &instead_of, entry: &event });
    let (before, context) = (request.context.map(Token::new), instance.chance.token());
    let (session, cookie) = sign_in::begin(instance, &half.user, true);
    let proved = Some(DeviceKind::SecurityKey.credential_type());
    if mfa::conclude(
        instance,
        half,
        Some(new),
        proved,
        (before.as_ref(), &context),
        &Begun::new(&session, cookie),
    )? {
        return sign_in::complete(instance, &half.user, &session, half.back(), Some(&context));
    }
    // Over by now, or another device was set up at the same moment; else it is this key.
    half_of(instance, request.sign_in)?;
    Err(Kind::NotAdded.because("This key is registered here already"))
}
