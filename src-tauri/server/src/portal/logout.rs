//! Logout (SSO Portal API 2019-06-10): POST `/logout`, empty answer. Ends the sign-in session and so all its
//! tokens; role credentials that were issued live on (IAM Identity Center User Guide, sessions).

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{Call, wire::PortalError};

/// Signs the caller out.
pub fn logout(call: &Call<'_>) -> Result<Response, PortalError> {
    let event = call.event("Logout", Value::Null);
    call.instance.store.end_session(&call.caller.session.id, call.instance.now(), &event)?;
    Ok(StatusCode::OK.into_response())
}
