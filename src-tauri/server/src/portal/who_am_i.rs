//! whoAmI of the web portal (undocumented; WTFender/aws-sso-extender): GET `/token/whoAmI`. Its `expireDate`
//! tells when the sign-in session ends, which no documented call does.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Call, wire::PortalError};

/// Who is signed in, and from when till when (epoch milliseconds).
pub fn who_am_i(call: &Call<'_>) -> Result<Response, PortalError> {
    let body = json!({
        "accountId": call.instance.settings().management_account,
        "createDate": call.caller.session.began.as_millisecond(),
        "directoryId": call.instance.addresses.directory_id(),
        "expireDate": call.caller.session.ends.as_millisecond(),
        "firstName": call.caller.user.given_name(),
        "userIdentifier": call.caller.user.username,
    });
    Ok(Json(body).into_response())
}
