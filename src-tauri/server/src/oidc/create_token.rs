//! CreateToken (SSO-OIDC API, CreateToken): POST `/token`.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    clients::{self, AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN},
    grants, refresh,
    wire::{Kind, OidcError},
};
use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    instance::Instance,
    secret::Token,
    store::{AuditEntry, Client, StoreError},
};

/// What a client sends. `scope` is accepted and ignored, as AWS does.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    client_id: String,
    client_secret: String,
    grant_type: String,
    device_code: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
}

/// What it gets; `expiresIn` in seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Tokens as they are handed out.
pub struct Issued {
    /// The bearer token of the portal.
    pub access: Token,
    /// Its life in seconds.
    pub seconds: i64,
    /// The refresh token, for registrations that get one.
    pub refresh: Option<Token>,
}

/// The event of an exchange, which goes into the trail together with it.
///
/// # Errors
/// [`StoreError`] if the person cannot be looked up.
pub fn event(
    instance: &Instance,
    client: &Client,
    grant_type: &str,
    session: &SignInSession,
) -> Result<AuditEntry, StoreError> {
    let user = instance.user(&session.user_id)?;
    Ok(instance.entry(&Event {
        source: audit::SSO,
        name: "CreateToken",
        user: user.as_ref(),
        session: Some(session),
        additional: json!({ "grantType": grant_type, "clientName": client.name }),
        ..Event::default()
    }))
}

/// Exchanges a device code, an authorization code or a refresh token.
///
/// # Errors
/// `InvalidClient`, `UnsupportedGrantType`, `UnauthorizedClient`, `InvalidRequest` for a missing field, and
/// what each grant refuses.
pub fn create_token(instance: &Instance, request: Request) -> Result<Answer, OidcError> {
    let client = clients::authenticate(instance, &request.client_id, &request.client_secret)?;
    let grant_type = request.grant_type.clone();
    let grant_type = grant_type.as_str();
    if ![DEVICE_CODE, AUTHORIZATION_CODE, REFRESH_TOKEN].contains(&grant_type) {
        return Err(Kind::UnsupportedGrantType.because("Grant type is not supported"));
    }
    clients::must_cover(&client, grant_type)?;
    let issued = exchange(instance, &client, grant_type, request).inspect_err(|error| {
        // Polls are none: the person has not decided yet, or the program asks too often.
        if matches!(error.code(), "invalid_grant" | "access_denied" | "expired_token") {
            let refused = Event {
                source: audit::SSO,
                name: "CreateToken",
                additional: json!({ "grantType": grant_type, "clientName": client.name }),
                error: Some((error.code(), error.description())),
                ..Event::default()
            };
            if let Err(error) = instance.record(&refused) {
                tracing::error!(%error, "a refusal could not be recorded");
            }
        }
    })?;
    Ok(Answer {
        access_token: issued.access.expose().to_owned(),
        token_type: "Bearer",
        expires_in: issued.seconds,
        refresh_token: issued.refresh.map(|token| token.expose().to_owned()),
    })
}

fn exchange(
    instance: &Instance,
    client: &Client,
    grant_type: &str,
    request: Request,
) -> Result<Issued, OidcError> {
    Ok(match grant_type {
        DEVICE_CODE => {
            grants::device_code(instance, client, need(request.device_code, "deviceCode")?.as_str())?
        }
        AUTHORIZATION_CODE => grants::authorization_code(
            instance,
            client,
            &need(request.code, "code")?,
            &need(request.redirect_uri, "redirectUri")?,
            &need(request.code_verifier, "codeVerifier")?,
        )?,
        _ => refresh::refresh(instance, client, &need(request.refresh_token, "refreshToken")?)?,
    })
}

fn need(value: Option<String>, name: &str) -> Result<String, OidcError> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Kind::InvalidRequest.because(format!("{name} is required for this grant type")))
}
