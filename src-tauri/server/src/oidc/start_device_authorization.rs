//! StartDeviceAuthorization (SSO-OIDC API, StartDeviceAuthorization): POST `/device_authorization`.

use serde::{Deserialize, Serialize};

use super::{
    clients::{self, DEVICE_CODE},
    wire::{Kind, OidcError},
};
use crate::{
    domain::device_grant::{Facts, INTERVAL, LIFETIME, Pending, user_code_digest},
    instance::Instance,
    limits::What,
};

/// What a client sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    client_id: String,
    client_secret: String,
    start_url: String,
}

/// What it gets; durations are seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: i64,
    interval: i64,
}

/// Begins a device authorization.
///
/// # Errors
/// `InvalidClient`, `UnauthorizedClient`, `InvalidRequest` for a start URL that is not this instance's, and `SlowDown`
/// if too many were begun from one place.
pub fn start_device_authorization(instance: &Instance, request: Request) -> Result<Answer, OidcError> {
    let Request { client_id, client_secret, start_url } = request;
    let client = clients::authenticate(instance, &client_id, &client_secret)?;
    clients::must_cover(&client, DEVICE_CODE)?;
    if !instance.addresses.is_our_start_url(&start_url) {
        return Err(Kind::InvalidRequest.because("startUrl is not a portal of this server"));
    }
    instance.count(What::DeviceAuthorizations)?.keep();
    let now = instance.now();
    let device_code = instance.chance.token();
    let user_code = instance.chance.user_code();
    let pending = Pending(Facts {
        code: device_code.digest(),
        user_code: user_code_digest(&instance.key, &user_code),
        client_id: client.id,
        scopes: client.scopes,
        ends: now.checked_add(LIFETIME).unwrap_or(now),
    });
    instance.store.add_device_grant(&pending, now)?;
    let verification_uri = instance.addresses.url("/device");
    Ok(Answer {
        device_code: device_code.expose().to_owned(),
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        user_code,
        verification_uri,
        expires_in: LIFETIME.as_secs(),
        interval: INTERVAL.as_secs(),
    })
}
