//! GET `/saml/assertion/{target}` with a portal token (undocumented; WTFender/aws-sso-extender): the response
//! for a program that posts it itself.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Target, application_named, response};
use crate::portal::{Call, PortalError};

/// One that is not the caller's is as one that is not there.
const UNKNOWN: PortalError = PortalError::NotFound("No such application instance");

/// The response for a person who is assigned to the application.
pub fn encoded_response(call: &Call<'_>) -> Result<Response, PortalError> {
    let encoded = call.path.strip_prefix("/saml/assertion/").unwrap_or_default();
    let encoded = percent_encoding::percent_decode_str(encoded).decode_utf8_lossy();
    let application = application_named(call.instance, &encoded)?;
    let target = application.as_ref().and_then(Target::of).ok_or(UNKNOWN)?;
    if !call.instance.store.is_for(target.application, &call.caller.user.id)? {
        call.record_refusal("Federate", json!({ "application": target.application.name }))?;
        return Err(UNKNOWN);
    }
    call.record("Federate", json!({ "application": target.application.name }))?;
    let person = (&call.caller.user, &call.caller.session);
    let made = response::issue(call.instance, target, person, None, target.saml.relay_state.as_deref())
        .map_err(|error| PortalError::failed(&error))?;
    let body = json!({
        "encodedResponse": made.encoded,
        "destination": target.saml.acs_url,
        "relayState": made.relay_state,
    });
    Ok(Json(body).into_response())
}
