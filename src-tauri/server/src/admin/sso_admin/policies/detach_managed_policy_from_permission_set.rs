//! DetachManagedPolicyFromPermissionSet.

use super::super::not_found;
use crate::admin::{Call, Outcome};

/// Takes an AWS managed policy away.
pub fn detach_managed_policy_from_permission_set(call: &Call<'_>) -> Outcome {
    let arn = super::managed(call.body())?;
    call.edit_permission_set(|set| {
        let at = set.policies.managed.iter().position(|known| known == arn);
        set.policies.managed.remove(at.ok_or_else(|| not_found("Attached ManagedPolicy", arn))?);
        Ok(())
    })
}
