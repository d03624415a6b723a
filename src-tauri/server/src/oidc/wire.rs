//! How SSO-OIDC speaks: camelCase JSON, and errors whose class stands in `x-amzn-ErrorType` while the body has
//! only `error` and `error_description` (captures in aws-cli issues 5878 and 5971; without the header
//! botocore stops polling).

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::{limits::Crowded, store::StoreError};

/// An error of the SSO-OIDC model.
#[derive(Debug)]
pub struct OidcError {
    kind: Kind,
    description: Cow<'static, str>,
    retry_after: Option<i64>,
}

/// The error classes this server uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The person has not decided yet.
    AuthorizationPending,
    /// Polls come too fast.
    SlowDown,
    /// The device code is over.
    ExpiredToken,
    /// The person refused.
    AccessDenied,
    /// A code or refresh token buys nothing.
    InvalidGrant,
    /// A parameter is missing or malformed.
    InvalidRequest,
    /// A scope is unknown.
    InvalidScope,
    /// The client or its secret is unknown or expired.
    InvalidClient,
    /// The registration is not acceptable.
    InvalidClientMetadata,
    /// A redirect URI is not acceptable.
    InvalidRedirectUri,
    /// The registration does not cover this.
    UnauthorizedClient,
    /// The grant type is unknown.
    UnsupportedGrantType,
    /// No signature.
    MissingAuthenticationToken,
    /// A signature that cannot be read.
    IncompleteSignature,
    /// A signature that does not match, or not now.
    InvalidSignature,
    /// A key that nobody has.
    UnrecognizedClient,
    /// A key whose time is over.
    ExpiredSecurityToken,
    /// The wrong verb (not in the model; in the words of the portal).
    MethodNotAllowed,
    /// The server failed.
    InternalServer,
}

impl Kind {
    /// Exception class, OAuth error code, status (captures in aws-cli issues 5878 and 5971).
    fn on_the_wire(self) -> (&'static str, &'static str, StatusCode) {
        let (bad, no) = (StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN);
        match self {
            Self::AuthorizationPending => ("AuthorizationPendingException", "authorization_pending", bad),
            Self::SlowDown => ("SlowDownException", "slow_down", bad),
            Self::ExpiredToken => ("ExpiredTokenException", "expired_token", bad),
            Self::AccessDenied => ("AccessDeniedException", "access_denied", bad),
            Self::InvalidGrant => ("InvalidGrantException", "invalid_grant", bad),
            Self::InvalidRequest => ("InvalidRequestException", "invalid_request", bad),
            Self::InvalidScope => ("InvalidScopeException", "invalid_scope", bad),
            Self::InvalidClient => ("InvalidClientException", "invalid_client", StatusCode::UNAUTHORIZED),
            Self::InvalidClientMetadata => ("InvalidClientMetadataException", "invalid_client_metadata", bad),
            Self::InvalidRedirectUri => ("InvalidRedirectUriException", "invalid_redirect_uri", bad),
            Self::UnauthorizedClient => ("UnauthorizedClientException", "unauthorized_client", bad),
            Self::UnsupportedGrantType => ("UnsupportedGrantTypeException", "unsupported_grant_type", bad),
            // What precedes every operation that is signed; AWS's REST services answer it with 403.
            Self::MissingAuthenticationToken => ("MissingAuthenticationTokenException", "invalid_client", no),
            Self::IncompleteSignature => ("IncompleteSignatureException", "invalid_client", no),
            Self::InvalidSignature => ("InvalidSignatureException", "invalid_client", no),
            Self::UnrecognizedClient => ("UnrecognizedClientException", "invalid_client", no),
            Self::ExpiredSecurityToken => ("ExpiredTokenException", "invalid_client", no),
            Self::MethodNotAllowed => {
                ("MethodNotAllowedException", "invalid_request", StatusCode::METHOD_NOT_ALLOWED)
            }
            Self::InternalServer => {
                ("InternalServerException", "server_error", StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// An error of this kind.
    pub fn because(self, description: impl Into<Cow<'static, str>>) -> OidcError {
        OidcError { kind: self, description: description.into(), retry_after: None }
    }
}

impl OidcError {
    /// The OAuth error code, for redirects.
    pub fn code(&self) -> &'static str {
        self.kind.on_the_wire().1
    }

    /// For people and logs.
    pub fn description(&self) -> &str {
        &self.description
    }
}

impl From<Crowded> for OidcError {
    fn from(Crowded { left }: Crowded) -> Self {
        let seconds = left.as_secs() + 1;
        let description = format!("Too many requests from this network; try again in {seconds} seconds");
        Self { retry_after: Some(seconds), ..Kind::SlowDown.because(description) }
    }
}

impl From<StoreError> for OidcError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "an SSO-OIDC operation failed");
        Kind::InternalServer.because("Internal server error")
    }
}

impl IntoResponse for OidcError {
    fn into_response(self) -> Response {
        let (class, error, status) = self.kind.on_the_wire();
        let body = json!({ "error": error, "error_description": self.description });
        let mut response = (status, Json(body)).into_response();
        // The suffix is what the real service sends; clients must cut at the colon.
        let kind = format!("{class}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/");
        if let Ok(value) = HeaderValue::from_str(&kind) {
            response.headers_mut().insert("x-amzn-errortype", value);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Reads a JSON body.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, OidcError> {
    // serde's message can repeat what was sent, a client secret among it: it says only what kind of mistake.
    serde_json::from_slice(body).map_err(|error| {
        let what =
            if error.is_data() { "a field is missing or has the wrong type" } else { "the body is not JSON" };
        Kind::InvalidRequest.because(what)
    })
}

/// Writes an answer or an error.
pub fn respond<T: Serialize>(outcome: Result<T, OidcError>) -> Response {
    match outcome {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => error.into_response(),
    }
}
