//! ListAccounts (SSO Portal API 2019-06-10): GET `/assignment/accounts`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Call, pagination::page, wire::PortalError};

/// One page of the accounts that the caller is assigned to.
pub fn list_accounts(call: &Call<'_>) -> Result<Response, PortalError> {
    let accounts = call.instance.store.accounts_of(&call.caller.user.id)?;
    let (accounts, next) = page(&call.fields, "accounts", accounts, |account| &account.id)?;
    call.record("ListAccounts", Value::Null)?;
    let list: Vec<Value> = accounts
        .iter()
        .map(|account| {
            json!({ "accountId": account.id, "accountName": account.name, "emailAddress": account.email })
        })
        .collect();
    Ok(Json(json!({ "accountList": list, "nextToken": next })).into_response())
}
