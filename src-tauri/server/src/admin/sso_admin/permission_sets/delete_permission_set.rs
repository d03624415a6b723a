//! DeletePermissionSet.

use serde_json::json;

use super::super::conflict;
use crate::admin::{Call, Outcome};

/// Forgets a permission set that nobody has.
pub fn delete_permission_set(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let set = call.permission_set()?;
    let entry = call.entry(json!({ "role_name": set.name }));
    if !call.instance.store.delete_permission_set(&set.arn, &entry)? {
        return Err(conflict("The permission set is assigned; delete its assignments first."));
    }
    Ok(json!({}))
}
