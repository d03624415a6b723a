//! Security keys and built-in authenticators, through the library's ceremonies. Each has two halves: options
//! for the browser with a state to keep, and the browser's answer to be held against that state.
//!
//! Every key pair is stored as one shape, `{"cred": …}`, that the library's types for passkeys and for
//! security keys share. Whether the person must be verified stands in it and in the ceremony's state.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, SecurityKey, SecurityKeyAuthentication,
    SecurityKeyRegistration, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::device::{Device, Kind};
use crate::{instance::Instance, organisation::User};

/// Through what a person speaks with us. Each writes an origin of its own into what an authenticator signs, so
/// that an answer given to one is worth nothing at the other (`NATIVE.md`, "Origin and RP ID").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Our own pages; browsers write the page's origin.
    Browser,
    /// A program on the person's computer; it writes [`app_origin`].
    App,
}

/// What a program writes as the origin of its ceremonies: a scheme that no page can have, and whom it spoke with.
pub fn app_origin(instance: &Instance) -> String {
    format!("latchkey-app:{}", instance.addresses.origin())
}

/// The RP ID of this server, if its address has one.
pub fn rp_id(instance: &Instance) -> Option<String> {
    Url::parse(&instance.addresses.origin()).ok()?.domain().map(str::to_owned)
}

/// Why a ceremony did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The server's address is no domain name, and WebAuthn knows nothing else.
    #[error("security keys need a server address with a host name")]
    NoDomain,
    /// What came from the browser, or was stored, is not what it should be.
    #[error("not what a browser sends")]
    Malformed,
    /// The answer was given through another door.
    #[error("signed for another origin")]
    OtherOrigin,
    /// The library says no.
    #[error("refused: {0}")]
    Refused(WebauthnError),
    /// The key counts less than it did (WebAuthn §6.1.1).
    #[error("its counter went back: there may be a copy of it")]
    Copied,
}

fn refused(error: WebauthnError) -> KeyError {
    match error {
        WebauthnError::CredentialPossibleCompromise => KeyError::Copied,
        other => KeyError::Refused(other),
    }
}

type Result<T> = std::result::Result<T, KeyError>;

/// The first half of a ceremony.
#[derive(Debug)]
pub struct Ceremony {
    /// For the browser: JSON, with bytes in base64url.
    pub options: String,
    /// To be kept here.
    pub state: String,
}

/// A new key pair.
#[derive(Debug)]
pub struct NewKey {
    /// Its id.
    pub credential: Vec<u8>,
    /// What to store.
    pub data: Vec<u8>,
}

/// A key pair that proved who its owner is.
#[derive(Debug)]
pub struct Proof {
    /// Which device.
    pub device: String,
    /// Its data as it was looked at.
    pub before: Vec<u8>,
    /// What to store in place of it: the authenticator counts its answers.
    pub data: Vec<u8>,
}

/// Makes a new key pair's options. A person's key pairs of before are not made twice.
///
/// # Errors
/// [`KeyError`].
pub fn start_registration(
    instance: &Instance,
    user: &User,
    kind: Kind,
    devices: &[Device],
) -> Result<Ceremony> {
    let library = library(instance)?;
    let id = user_handle(instance, user)?;
    let (name, display) = (&user.username, &user.display_name);
    let known: Vec<CredentialID> = devices.iter().filter_map(|device| device.credential.clone()).collect();
    let (mut options, state) = if kind == Kind::SecurityKey {
        let (options, state) = library
            .start_securitykey_registration(id, name, display, Some(known), None, None)
            .map_err(KeyError::Refused)?;
        (value(&options)?, text(&state)?)
    } else {
        let (options, state) =
            library.start_passkey_registration(id, name, display, Some(known)).map_err(KeyError::Refused)?;
        (value(&options)?, text(&state)?)
    };
    // The library asks for no discoverable key pairs, without which there is no sign-in by passkey alone; what
    // it checks of the answer stays the same.
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("preferred");
    // Browsers refuse to protect a key pair by verification that is only preferred.
    if kind == Kind::SecurityKey
        && let Some(extensions) = options["publicKey"]["extensions"].as_object_mut()
    {
        extensions.retain(|name, _| name == "credProps");
    }
    let selection = &mut options["publicKey"]["authenticatorSelection"];
    selection["authenticatorAttachment"] =
        json!(if kind == Kind::BuiltIn { "platform" } else { "cross-platform" });
    Ok(Ceremony { options: options.to_string(), state })
}

/// Takes a new key pair.
///
/// # Errors
/// [`KeyError`].
pub fn finish_registration(
    instance: &Instance,
    door: Door,
    kind: Kind,
    answer: &str,
    state: &str,
) -> Result<NewKey> {
    let library = library_at(instance, door, answer)?;
    let answer: RegisterPublicKeyCredential = parse(answer)?;
    let (credential, data) = if kind == Kind::SecurityKey {
        let state: SecurityKeyRegistration = parse(state)?;
        let key = library.finish_securitykey_registration(&answer, &state).map_err(KeyError::Refused)?;
        (key.cred_id().to_vec(), text(&key)?)
    } else {
        let state: PasskeyRegistration = parse(state)?;
        let key = library.finish_passkey_registration(&answer, &state).map_err(KeyError::Refused)?;
        (key.cred_id().to_vec(), text(&key)?)
    };
    Ok(NewKey { credential, data: data.into_bytes() })
}

/// Asks for an answer of one of these devices.
///
/// # Errors
/// [`KeyError`].
pub fn start_authentication(instance: &Instance, devices: &[&Device]) -> Result<Ceremony> {
    let keys = devices.iter().map(|device| stored(device)).collect::<Result<Vec<SecurityKey>>>()?;
    let (options, state) =
        library(instance)?.start_securitykey_authentication(&keys).map_err(KeyError::Refused)?;
    let mut options = value(&options)?;
    // Its hint is for security keys alone, and built-in authenticators are asked as well.
    if let Some(options) = options["publicKey"].as_object_mut() {
        options.remove("hints");
    }
    Ok(Ceremony { options: options.to_string(), state: text(&state)? })
}

/// Takes the answer of one of these devices.
///
/// # Errors
/// [`KeyError`].
pub fn finish_authentication(
    instance: &Instance,
    door: Door,
    devices: &[&Device],
    answer: &str,
    state: &str,
) -> Result<Proof> {
    let library = library_at(instance, door, answer)?;
    let answer: PublicKeyCredential = parse(answer)?;
    let state: SecurityKeyAuthentication = parse(state)?;
    let result = library.finish_securitykey_authentication(&answer, &state).map_err(refused)?;
    let id: &[u8] = result.cred_id().as_ref();
    let device =
        devices.iter().find(|device| device.credential.as_deref() == Some(id)).ok_or(KeyError::Malformed)?;
    // The state knows the count of when the ceremony began; the key may have answered elsewhere since.
    let counted = counted(device)?;
    if counted > 0 && u64::from(result.counter()) <= counted {
        return Err(KeyError::Copied);
    }
    let mut key: SecurityKey = stored(device)?;
    key.update_credential(&result);
    Ok(Proof { device: device.id.clone(), before: device.data.clone(), data: text(&key)?.into_bytes() })
}

/// Asks for any passkey of this server; who its owner is, the answer says.
///
/// # Errors
/// [`KeyError`].
pub fn start_passkey(instance: &Instance) -> Result<Ceremony> {
    let (options, state) =
        library(instance)?.start_discoverable_authentication().map_err(KeyError::Refused)?;
    Ok(Ceremony { options: value(&options)?.to_string(), state: text(&state)? })
}

/// The id of the key pair that an answer comes from, unproven.
///
/// # Errors
/// [`KeyError::Malformed`].
pub fn claimed_credential(answer: &str) -> Result<Vec<u8>> {
    let answer: PublicKeyCredential = parse(answer)?;
    Ok(answer.get_credential_id().to_vec())
}

/// Takes a passkey's answer; `device` is the one of [`claimed_credential`].
///
/// # Errors
/// [`KeyError`].
pub fn finish_passkey(
    instance: &Instance,
    door: Door,
    device: &Device,
    answer: &str,
    state: &str,
) -> Result<Proof> {
    let library = library_at(instance, door, answer)?;
    let answer: PublicKeyCredential = parse(answer)?;
    let state: DiscoverableAuthentication = parse(state)?;
    let (owner, _) = library.identify_discoverable_authentication(&answer).map_err(KeyError::Refused)?;
    if owner.to_string() != device.user_id {
        return Err(KeyError::Malformed);
    }
    let mut passkey: Passkey = stored(device)?;
    let key = DiscoverableKey::from(&passkey);
    let result = library.finish_discoverable_authentication_v2(&answer, state, &key).map_err(refused)?;
    passkey.update_credential(&result);
    Ok(Proof { device: device.id.clone(), before: device.data.clone(), data: text(&passkey)?.into_bytes() })
}

fn library(instance: &Instance) -> Result<Webauthn> {
    build(instance, None)
}

/// The library for an answer through this door. It always takes our own origin, so that an app's is compared
/// here.
fn library_at(instance: &Instance, door: Door, answer: &str) -> Result<Webauthn> {
    if door == Door::Browser {
        return library(instance);
    }
    let app = app_origin(instance);
    if signed_origin(answer)? != app {
        return Err(KeyError::OtherOrigin);
    }
    build(instance, Some(&app))
}

fn build(instance: &Instance, app: Option<&str>) -> Result<Webauthn> {
    let origin = Url::parse(&instance.addresses.origin()).map_err(|_| KeyError::NoDomain)?;
    let domain = origin.domain().ok_or(KeyError::NoDomain)?;
    let name = instance.settings().name.clone();
    let mut builder = WebauthnBuilder::new(domain, &origin).map_err(KeyError::Refused)?.rp_name(&name);
    if let Some(app) = app {
        builder = builder.append_allowed_origin(&Url::parse(app).map_err(|_| KeyError::NoDomain)?);
    }
    builder.build().map_err(KeyError::Refused)
}

/// The origin in the client data of an answer, whose signature is still to be checked.
fn signed_origin(answer: &str) -> Result<String> {
    let answer: Value = parse(answer)?;
    let data = answer["response"]["clientDataJSON"].as_str().ok_or(KeyError::Malformed)?;
    let data = BASE64_URL_SAFE_NO_PAD.decode(data.trim_end_matches('=')).map_err(|_| KeyError::Malformed)?;
    let data: Value = serde_json::from_slice(&data).map_err(|_| KeyError::Malformed)?;
    data["origin"].as_str().map(str::to_owned).ok_or(KeyError::Malformed)
}

/// What authenticators know a person by.
fn user_handle(instance: &Instance, user: &User) -> Result<Uuid> {
    Uuid::parse_str(&instance.user_id(user)).map_err(|_| KeyError::Malformed)
}

fn stored<T: DeserializeOwned>(device: &Device) -> Result<T> {
    serde_json::from_slice(&device.data).map_err(|_| KeyError::Malformed)
}

/// How many answers a key has counted, as far as is known; 0 for one that does not count.
fn counted(device: &Device) -> Result<u64> {
    stored::<Value>(device)?["cred"]["counter"].as_u64().ok_or(KeyError::Malformed)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| KeyError::Malformed)
}

fn value(of: &impl Serialize) -> Result<Value> {
    serde_json::to_value(of).map_err(|_| KeyError::Malformed)
}

fn text(of: &impl Serialize) -> Result<String> {
    serde_json::to_string(of).map_err(|_| KeyError::Malformed)
}
