//! A person's own devices: the list of their page, and security keys that the app registers.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    proof,
    sign_in::Challenge,
    wire::{Kind, NativeError},
};
use crate::{
    instance::Instance,
    mfa::{
        Device, Kind as DeviceKind, device,
        keys::{self, Door},
        sealing::Purpose,
    },
    portal::Caller,
    signin::mfa::{devices::demanded, directory_event},
};

const PURPOSE: &str = "new device of the app";

/// All of them, last used first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Devices {
    devices: Vec<Row>,
    /// How many keys there may be.
    most_keys: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    name: String,
    /// `totp`, `security_key` or `built_in`.
    kind: &'static str,
    /// Whether the organisation takes it as a second factor.
    counts: bool,
    /// Epoch milliseconds.
    added_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<i64>,
    /// By which the app knows the key in hand again; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_id: Option<String>,
}

/// Nothing.
#[derive(Deserialize)]
pub struct Begin {}

/// A new key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finish {
    name: String,
    state: String,
    credential: Value,
}

/// Another name.
#[derive(Deserialize)]
pub struct Rename {
    name: String,
}

/// What was added or changed.
#[derive(Serialize)]
pub struct Changed {
    id: String,
}

/// GET `/native/v1/devices`.
pub fn list(instance: &Instance, caller: &Caller) -> Result<Devices, NativeError> {
    let policy = instance.store.mfa_policy()?;
    let row = |device: Device| Row {
        kind: device.kind.word(),
        counts: policy.counts(device.kind),
        added_at: device.added.as_millisecond(),
        last_used_at: device.last_used.map(|at| at.as_millisecond()),
        credential_id: device.credential.map(|id| BASE64_URL_SAFE_NO_PAD.encode(id)),
        id: device.id,
        name: device.name,
    };
    let devices = instance.store.mfa_devices(&caller.session.user_id)?;
    Ok(Devices { devices: devices.into_iter().map(row).collect(), most_keys: device::MOST_KEYS })
}

/// POST `/native/v1/devices/challenge`.
pub fn begin(instance: &Instance, caller: &Caller, _: Begin) -> Result<Challenge, NativeError> {
    proof::need(instance, caller)?;
    let devices = may_add(instance, &caller.session.user_id)?;
    let ceremony = keys::start_registration(instance, &caller.user, DeviceKind::SecurityKey, &devices)?;
    let event = directory_event(
        instance,
        "StartWebAuthnDeviceRegistration",
        &caller.user,
        Some(&caller.session),
        Value::Null,
    );
    instance.store.append_audit(&[event])?;
    let state = proof::seal(instance, PURPOSE, &caller.session.id, &ceremony.state)?;
    Challenge::new(&ceremony.options, Some(state))
}

/// The devices there are, if one more key may be added.
pub fn may_add(instance: &Instance, user_id: &str) -> Result<Vec<Device>, NativeError> {
    let devices = instance.store.mfa_devices(user_id)?;
    let factor = DeviceKind::SecurityKey.factor();
    let alike = devices.iter().filter(|device| device.kind.factor() == factor).count();
    if !instance.store.mfa_policy()?.counts(DeviceKind::SecurityKey) {
        return Err(Kind::NotAdded.because("The organisation takes no security keys"));
    }
    if alike >= DeviceKind::SecurityKey.most() {
        return Err(Kind::NotAdded.because("There are as many keys as there may be"));
    }
    Ok(devices)
}

/// POST `/native/v1/devices`.
pub fn finish(
    instance: &Instance,
    caller: &Caller,
    Finish { name, state, credential }: Finish,
) -> Result<Changed, NativeError> {
    proof::need(instance, caller)?;
    may_add(instance, &caller.session.user_id)?;
    let now = instance.now();
    let purpose = Purpose { name: PURPOSE, owner: &caller.session.id };
    let (state, _) = purpose
        .open_live(&instance.key, &state, now)
        .ok_or_else(|| Kind::ChallengeOver.because("This challenge is over"))?;
    let (answer, state) = (credential.to_string(), String::from_utf8_lossy(&state));
    let device = new_key(instance, &caller.session.user_id, &name, &answer, &state)?;
    let event = changed(instance, caller, "CompleteWebAuthnDeviceRegistration", &device.id);
    if instance.store.add_mfa_device(&device, &event)? {
        instance.store.note_factor(&caller.session.id)?;
        return Ok(Changed { id: device.id });
    }
    Err(Kind::NotAdded.because("This key is registered here already, or there are as many as there may be"))
}

/// A key of this name by its answer, which is not stored yet.
pub fn new_key(
    instance: &Instance,
    user_id: &str,
    name: &str,
    answer: &str,
    state: &str,
) -> Result<Device, NativeError> {
    let name = named(name)?;
    let key = keys::finish_registration(instance, Door::App, DeviceKind::SecurityKey, answer, state)
        .map_err(|error| {
            tracing::info!(%error, "a new security key was not taken");
            Kind::KeyRefused.because("The key's answer does not fit what was asked")
        })?;
    Ok(Device {
        id: instance.chance.uuid(),
        user_id: user_id.to_owned(),
        name,
        kind: DeviceKind::SecurityKey,
        credential: Some(key.credential),
        data: key.data,
        last_step: None,
        drift: 0,
        added: instance.now(),
        last_used: None,
    })
}

/// POST `/native/v1/devices/{id}`.
pub fn rename(
    instance: &Instance,
    caller: &Caller,
    id: &str,
    Rename { name }: Rename,
) -> Result<Changed, NativeError> {
    let name = named(&name)?;
    let event = changed(instance, caller, "UpdateMfaDeviceForUser", id);
    if instance.store.rename_mfa_device(&caller.session.user_id, id, &name, &event)? {
        return Ok(Changed { id: id.to_owned() });
    }
    Err(gone())
}

/// DELETE `/native/v1/devices/{id}`.
pub fn remove(instance: &Instance, caller: &Caller, id: &str) -> Result<Changed, NativeError> {
    proof::need(instance, caller)?;
    let user_id = &caller.session.user_id;
    let event = changed(instance, caller, "DeleteMfaDeviceForUser", id);
    if instance.store.remove_mfa_device(user_id, id, &demanded(instance)?, &event)? {
        return Ok(Changed { id: id.to_owned() });
    }
    if instance.store.mfa_devices(user_id)?.iter().any(|device| device.id == id) {
        return Err(
            Kind::LastDevice.because("The organisation demands a second factor, and this is the last")
        );
    }
    Err(gone())
}

fn named(typed: &str) -> Result<String, NativeError> {
    device::name(typed).ok_or_else(|| Kind::InvalidRequest.because("a device's name has 1 to 64 characters"))
}

fn gone() -> NativeError {
    Kind::NoSuchDevice.because("There is no such device")
}

fn changed(instance: &Instance, caller: &Caller, name: &str, id: &str) -> crate::store::AuditEntry {
    let details = json!({ "MfaDeviceId": id });
    directory_event(instance, name, &caller.user, Some(&caller.session), details)
}
