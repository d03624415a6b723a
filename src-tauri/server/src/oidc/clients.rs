//! Who asks: a registered client with its secret.

use subtle::ConstantTimeEq;

use super::wire::{Kind, OidcError};
use crate::{instance::Instance, secret::Digest, store::Client};

/// The grant type of the device flow (RFC 8628).
pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The grant type of `/authorize`.
pub const AUTHORIZATION_CODE: &str = "authorization_code";
/// The grant type of a refresh.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// Finds the client and checks its secret and its age.
///
/// # Errors
/// `InvalidClient` for an unknown client, a wrong secret or an expired registration alike.
pub fn authenticate(instance: &Instance, id: &str, secret: &str) -> Result<Client, OidcError> {
    let refused = || Kind::InvalidClient.because("Invalid client provided");
    let client = instance.store.client(id)?.ok_or_else(refused)?;
    let right = bool::from(Digest::of(secret).as_bytes().ct_eq(client.secret.as_bytes()));
    if right && instance.now() < client.ends { Ok(client) } else { Err(refused()) }
}

/// Refuses a grant type that the registration does not cover. A registration without grant types covers the
/// device flow and refreshing (SSO-OIDC API, RegisterClient: the CLI's device flow omits the field).
///
/// # Errors
/// `UnauthorizedClient`.
pub fn must_cover(client: &Client, grant_type: &str) -> Result<(), OidcError> {
    if covers(client, grant_type) {
        Ok(())
    } else {
        Err(Kind::UnauthorizedClient.because("The client is not registered for this grant type"))
    }
}

/// Whether the registration covers a grant type.
pub fn covers(client: &Client, grant_type: &str) -> bool {
    if client.grant_types.is_empty() {
        grant_type != AUTHORIZATION_CODE
    } else {
        client.grant_types.iter().any(|known| known == grant_type)
    }
}
