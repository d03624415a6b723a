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
    mfa::{Device, Kind as DeviceKind, keys, sealing::Purpose},
    secret::Token,
    signin::mfa::{self, Half, directory_event},
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
fn half(instance: &Instance, secret: String) -> Result<(Half, Vec<Device>), NativeError> {
    let half = sign_in::half(instance, secret)?;
    // Who has a factor proves it, and adds others once they are in.
    if !half.devices().is_empty() {
        return Err(Kind::NotAdded.because("There is a second factor already: prove that"));
    }
    let devices = devices::may_add(instance, half.user_id())?;
    Ok((half, devices))
}

/// POST `/native/v1/sign-in/enrol/challenge`.
pub fn challenge(instance: &Instance, request: Named) -> Result<Challenge, NativeError> {
    let (half, devices) = half(instance, request.sign_in)?;
    let ceremony = keys::start_registration(instance, &half.user, DeviceKind::SecurityKey, &devices)?;
    let event = directory_event(instance, "StartWebAuthnDeviceRegistration", &half.user, None, Value::Null);
    instance.store.append_audit(&[event])?;
    let state = seal(instance, PURPOSE, &hex::encode(half.cookie.as_bytes()), &ceremony.state)?;
    Challenge::new(&ceremony.options, Some(state))
}

/// POST `/native/v1/sign-in/enrol`: the key proves itself, which ends the sign-in.
pub fn enrol(instance: &Instance, request: Enrol) -> Result<Step, NativeError> {
    let (half, _) = half(instance, request.sign_in)?;
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
    if !instance.store.add_mfa_device(&device, &event)? {
        return Err(Kind::NotAdded.because("This key is registered here already"));
    }
    let context = request.context.map_or_else(|| instance.chance.token(), Token::new);
    let (session, cookie) = sign_in::begin(instance, &half.user);
    let proved = Some(DeviceKind::SecurityKey.credential_type());
    if mfa::conclude(instance, &half, None, proved, &context, (&session, cookie))? {
        return sign_in::complete(instance, &half.user, &session, half.back(), Some(&context));
    }
    Err(sign_in::over())
}
