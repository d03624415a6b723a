//! DeletePermissionsBoundaryFromPermissionSet.

use super::super::not_found;
use crate::admin::{Call, Outcome};

/// Takes the permissions boundary away.
pub fn delete_permissions_boundary(call: &Call<'_>) -> Outcome {
    call.edit_permission_set(|set| match set.policies.boundary.take() {
        Some(_) => Ok(()),
        None => Err(not_found("Permissions boundary of PermissionSet", &set.arn)),
    })
}
