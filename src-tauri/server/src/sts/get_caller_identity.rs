//! GetCallerIdentity: whose key signed this request.

use super::{
    verify,
    wire::{Identity, StsError},
};
use crate::{instance::Instance, sigv4::SignedRequest};

/// Answers with the caller's assumed-role ARN.
pub fn get_caller_identity(instance: &Instance, request: &SignedRequest) -> Result<Identity, StsError> {
    let key = verify::verify(instance, request)?;
    let user_id = format!("{}:{}", key.role_id, key.session_name);
    Ok(Identity { arn: key.session_arn(), user_id, account: key.account_id })
}
