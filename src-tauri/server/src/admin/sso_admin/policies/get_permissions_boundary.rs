//! GetPermissionsBoundaryForPermissionSet.

use serde_json::json;

use super::super::not_found;
use crate::{
    admin::{Call, Outcome},
    organisation::Boundary,
};

/// The permissions boundary.
pub fn get_permissions_boundary(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let set = call.permission_set()?;
    let written = match &set.policies.boundary {
        Some(Boundary::Managed(arn)) => json!({ "ManagedPolicyArn": arn }),
        Some(Boundary::CustomerManaged(reference)) => {
            json!({ "CustomerManagedPolicyReference": super::written(reference) })
        }
        None => return Err(not_found("Permissions boundary of PermissionSet", &set.arn)),
    };
    Ok(json!({ "PermissionsBoundary": written }))
}
