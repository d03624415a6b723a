//! GetCallerIdentity: whose key signed this request.

use axum::response::Response;

use super::{Request, verify, wire};
use crate::instance::Instance;

/// Answers with the caller's assumed-role ARN.
pub fn get_caller_identity(instance: &Instance, request: &Request) -> Result<Response, wire::StsError> {
    let key = verify::verify(instance, request)?;
    let user_id = format!("{}:{}", key.role_id, key.session_name);
    Ok(wire::caller_identity(&key.session_arn(), &user_id, &key.account_id))
}
