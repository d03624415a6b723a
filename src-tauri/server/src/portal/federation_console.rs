//! The web portal's way to a console (undocumented; WTFender/aws-sso-extender): GET `/federation/console`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Call, wire::PortalError};
use crate::federation;

/// A sign-in token for a role the caller is assigned to, and where to take it.
pub fn federation_console(call: &Call<'_>) -> Result<Response, PortalError> {
    let account = call.need_account_id()?;
    let role = call.need("role_name")?;
    let assigned = call.instance.store.assigned(&call.caller.user.id, account, role)?;
    let (account, set) = assigned.ok_or_else(|| call.forbidden("Federate", account, role))?;
    call.need_open("Federate", &account, &set)?;
    let event = call.event("Federate", json!({ "account_id": account.id, "role_name": set.name }));
    let token = federation::signin_token_for(
        call.instance,
        (&call.caller.user, &call.caller.session.id),
        &account,
        &set,
        &event,
    )?;
    let body = json!({
        "signInToken": token.expose(),
        "signInFederationLocation": federation::location(call.instance),
        "destination": "",
    });
    Ok(Json(body).into_response())
}
