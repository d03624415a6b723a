//! ListAccountRoles (SSO Portal API 2019-06-10): GET `/assignment/roles`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Call, pagination::page, wire::PortalError};

/// One page of the permission sets that the caller may use in an account.
pub fn list_account_roles(call: &Call<'_>) -> Result<Response, PortalError> {
    let account = call.need_account_id()?;
    let sets = call.instance.store.permission_sets_of(&call.caller.user.id, account)?;
    if sets.is_empty() {
        return Err(PortalError::Forbidden);
    }
    let (sets, next) = page(&call.fields, &format!("roles {account}"), sets, |set| &set.name)?;
    call.record("ListAccountRoles", json!({ "account_id": account }))?;
    let list: Vec<Value> =
        sets.iter().map(|set| json!({ "roleName": set.name, "accountId": account })).collect();
    Ok(Json(json!({ "roleList": list, "nextToken": next })).into_response())
}
