//! DeleteInlinePolicyFromPermissionSet.

use super::super::not_found;
use crate::admin::{Call, Outcome};

/// Takes the inline policy away.
pub fn delete_inline_policy_from_permission_set(call: &Call<'_>) -> Outcome {
    call.edit_permission_set(|set| match set.policies.inline.take() {
        Some(_) => Ok(()),
        None => Err(not_found("Inline policy of PermissionSet", &set.arn)),
    })
}
