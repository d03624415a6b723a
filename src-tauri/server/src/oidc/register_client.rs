//! RegisterClient (SSO-OIDC API, RegisterClient): POST `/client/register`.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    clients::{AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN},
    wire::{Kind, OidcError},
};
use crate::{
    domain::{redirect_uri, token_family::ACCOUNT_ACCESS},
    instance::Instance,
    limits::What,
    store::Client,
};

/// How long a registration is good (AWS SDKs reference, SSO credentials).
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Shown to people at consent, so of a readable length.
const LONGEST_NAME: usize = 128;
const MOST_ENTRIES: usize = 10;
const LONGEST_URI: usize = 512;

/// What a client sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    client_name: String,
    client_type: String,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    redirect_uris: Option<Vec<String>>,
    #[serde(default)]
    grant_types: Option<Vec<String>>,
    issuer_url: Option<String>,
}

/// What it gets; times are epoch seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    client_id: String,
    client_secret: String,
    client_id_issued_at: i64,
    client_secret_expires_at: i64,
    authorization_endpoint: String,
    token_endpoint: String,
}

/// Registers a public client.
///
/// # Errors
/// As AWS names them: `InvalidClientMetadata`, `InvalidScope`, `InvalidRedirectUri`, `UnsupportedGrantType`,
/// `InvalidRequest` for an issuer that is not this instance; `SlowDown` if too many were registered from one place.
pub fn register_client(instance: &Instance, request: Request) -> Result<Answer, OidcError> {
    let name = request.client_name.trim();
    if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Kind::InvalidClientMetadata.because("clientName must be printable and at most 128 bytes"));
    }
    if request.client_type != "public" {
        return Err(Kind::InvalidClientMetadata.because("clientType must be public"));
    }
    let scopes = request.scopes.unwrap_or_default();
    if scopes.iter().any(|scope| scope != ACCOUNT_ACCESS) {
        return Err(Kind::InvalidScope.because("The only scope of this server is sso:account:access"));
    }
    let grant_types = request.grant_types.unwrap_or_default();
    let known = [AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE];
    if grant_types.len() > MOST_ENTRIES || grant_types.iter().any(|grant| !known.contains(&grant.as_str())) {
        return Err(Kind::UnsupportedGrantType.because("A grant type is not supported"));
    }
    let redirect_uris = request.redirect_uris.unwrap_or_default();
    let acceptable = |uri: &String| {
        uri.len() <= LONGEST_URI && !uri.contains(' ') && redirect_uri::parse_loopback(uri).is_some()
    };
    if redirect_uris.len() > MOST_ENTRIES || !redirect_uris.iter().all(acceptable) {
        return Err(
            Kind::InvalidRedirectUri.because("Redirect URIs must be http URLs of the loopback interface")
        );
    }
    if grant_types.iter().any(|grant| grant == AUTHORIZATION_CODE) && redirect_uris.is_empty() {
        return Err(Kind::InvalidRedirectUri.because("authorization_code needs a redirect URI"));
    }
    if request.issuer_url.is_some_and(|url| !instance.addresses.is_our_start_url(&url)) {
        return Err(Kind::InvalidRequest.because("issuerUrl is not a portal of this server"));
    }

    instance.count(What::Registrations)?.keep();
    let now = instance.now();
    let ends = now.checked_add(LIFETIME).unwrap_or(now);
    // No secret: it stands in the address of `/authorize`.
    let id = instance.chance.hex(32);
    let secret = instance.chance.token();
    let mut unique_scopes = scopes;
    unique_scopes.dedup();
    instance.store.add_client(&Client {
        id: id.clone(),
        secret: secret.digest(),
        name: name.to_owned(),
        scopes: unique_scopes,
        redirect_uris,
        grant_types,
        ends,
    })?;
    Ok(Answer {
        client_id: id.clone(),
        client_secret: secret.expose().to_owned(),
        client_id_issued_at: now.as_second(),
        client_secret_expires_at: ends.as_second(),
        authorization_endpoint: instance.addresses.url("/authorize"),
        token_endpoint: instance.addresses.url("/token"),
    })
}
