//! AttachManagedPolicyToPermissionSet.

use super::super::conflict;
use crate::admin::{Call, Outcome};

/// Adds an AWS managed policy.
pub fn attach_managed_policy_to_permission_set(call: &Call<'_>) -> Outcome {
    let arn = super::managed(call.body())?;
    super::check_exists(arn)?;
    call.edit_permission_set(|set| {
        if set.policies.managed.iter().any(|known| known == arn) {
            return Err(conflict(format!(
                "ManagedPolicy with arn {arn} is already attached to PermissionSet."
            )));
        }
        set.policies.managed.push(arn.to_owned());
        super::check_room(&set.policies)
    })
}
