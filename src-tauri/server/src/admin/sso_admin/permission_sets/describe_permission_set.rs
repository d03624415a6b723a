//! DescribePermissionSet.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// What is known of a permission set.
pub fn describe_permission_set(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    Ok(json!({ "PermissionSet": super::written(&call.permission_set()?) }))
}
