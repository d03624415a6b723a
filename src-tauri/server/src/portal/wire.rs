//! How the portal says no: `{"message", "__type"}` with a switchboard prefix (SSO Portal API 2019-06-10;
//! another style than SSO-OIDC's).

use std::error::Error;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    issuing::{IssuingError, Why},
    store::StoreError,
};

/// An error of the portal.
#[derive(Debug)]
pub enum PortalError {
    /// A parameter is missing or malformed.
    InvalidRequest(String),
    /// The token is unknown, expired or revoked.
    Unauthorized,
    /// The person is not assigned to it (not in the model, but what AWS sends: aws-sam-cli issue 2129).
    Forbidden,
    /// The role asks for a touch of a security key: where people copy its keys instead, if they have no app that
    /// asks for it.
    StepUpNeeded(String),
    /// There is no such thing.
    NotFound(&'static str),
    /// The wrong verb.
    MethodNotAllowed,
    /// Too fast.
    TooManyRequests,
    /// The server failed.
    Internal,
}

impl From<StoreError> for PortalError {
    fn from(error: StoreError) -> Self {
        Self::failed(&error)
    }
}

impl From<IssuingError> for PortalError {
    fn from(error: IssuingError) -> Self {
        match error.why() {
            Why::Failed => Self::failed(&error),
            Why::NoAccess => Self::Forbidden,
            Why::TooMany => Self::TooManyRequests,
        }
    }
}

impl PortalError {
    /// The server's own failure: told to the log, not to the client.
    pub fn failed(error: &dyn Error) -> Self {
        tracing::error!(error = %error, "a portal operation failed");
        Self::Internal
    }
}

impl IntoResponse for PortalError {
    fn into_response(self) -> Response {
        let needs_step_up = matches!(self, Self::StepUpNeeded(_));
        let (status, class, message) = match self {
            Self::InvalidRequest(message) => (StatusCode::BAD_REQUEST, "InvalidRequestException", message),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "UnauthorizedException",
                "Session token not found or invalid".to_owned(),
            ),
            Self::Forbidden => (StatusCode::FORBIDDEN, "ForbiddenException", "No access".to_owned()),
            // A class of AWS's own: programs that know no other show its message.
            Self::StepUpNeeded(portal) => (
                StatusCode::FORBIDDEN,
                "ForbiddenException",
                format!(
                    "This role requires a touch of a security key. Use Latchkey for it, or copy its access keys \
                     from the access portal at {portal}"
                ),
            ),
            Self::NotFound(what) => (StatusCode::NOT_FOUND, "ResourceNotFoundException", what.to_owned()),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", "Method not allowed".to_owned())
            }
            Self::TooManyRequests => (
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequestsException",
                "HTTP 429 Unknown Code".to_owned(),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerException",
                "Internal server error".to_owned(),
            ),
        };
        let kind = format!("com.amazonaws.switchboard.portal#{class}");
        let mut body = json!({ "message": message, "__type": kind });
        if needs_step_up {
            body["stepUp"] = json!({ "challenge": "/native/v1/step-up/challenge" });
        }
        (status, Json(body)).into_response()
    }
}
