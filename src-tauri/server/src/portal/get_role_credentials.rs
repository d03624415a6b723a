//! GetRoleCredentials (SSO Portal API 2019-06-10): GET `/federation/credentials`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Call, wire::PortalError};

/// Credentials for a role the caller is assigned to; `expiration` is in epoch milliseconds.
pub fn get_role_credentials(call: &Call<'_>) -> Result<Response, PortalError> {
    let account = call.need_account_id()?;
    let role = call.need("role_name")?;
    let assigned = call.instance.store.assigned(&call.caller.user.id, account, role)?;
    let (account, set) = assigned.ok_or_else(|| call.forbidden("GetRoleCredentials", account, role))?;
    call.need_open("GetRoleCredentials", &account, &set)?;
    let event = call.event("GetRoleCredentials", json!({ "account_id": account.id, "role_name": set.name }));
    let issued = call.instance.issuer.issue(
        &call.caller.user,
        &account,
        &call.instance.lasting(&set),
        call.instance.session_tags(&call.caller.user, Some(&call.caller.session.id))?,
        &event,
        call.instance.now(),
    )?;
    let body = json!({
        "roleCredentials": {
            "accessKeyId": issued.access_key_id,
            "secretAccessKey": issued.secret_access_key.expose(),
            "sessionToken": issued.session_token.expose(),
            "expiration": issued.ends.as_millisecond(),
        }
    });
    Ok(Json(body).into_response())
}
