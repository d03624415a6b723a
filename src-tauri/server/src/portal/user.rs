//! The web portal's user record (undocumented; WTFender/aws-sso-extender): GET `/user`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Call, wire::PortalError};

/// The caller's record in the identity store.
pub fn user(call: &Call<'_>) -> Result<Response, PortalError> {
    let (instance, user) = (call.instance, &call.caller.user);
    let id = instance.user_id(user);
    let body = json!({
        "accountId": instance.settings().management_account,
        "managedActiveDirectoryId": instance.addresses.directory_id(),
        "ssoInstanceId": instance.addresses.instance_id(),
        "identityStoreUserId": id,
        "userId": id,
        "subject": id,
        "preferredUsername": user.username,
        "email": user.email,
        "name": user.display_name,
        "givenName": user.given_name(),
        "familyName": user.family_name(),
        "groups": user.groups,
        "originSessionId": call.caller.session.id,
    });
    Ok(Json(body).into_response())
}
