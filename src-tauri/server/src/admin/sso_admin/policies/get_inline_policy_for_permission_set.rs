//! GetInlinePolicyForPermissionSet.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// The inline policy; empty if there is none.
pub fn get_inline_policy_for_permission_set(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    Ok(json!({ "InlinePolicy": call.permission_set()?.policies.inline.unwrap_or_default() }))
}
