//! AttachCustomerManagedPolicyReferenceToPermissionSet.

use super::super::conflict;
use crate::admin::{Call, Outcome};

/// Adds a policy that every account has for itself.
pub fn attach_customer_managed_policy_reference(call: &Call<'_>) -> Outcome {
    let reference = super::reference(call.body())?;
    call.edit_permission_set(|set| {
        if set.policies.customer_managed.contains(&reference) {
            return Err(conflict("The customer managed policy is already attached to the permission set."));
        }
        set.policies.customer_managed.push(reference);
        super::check_room(&set.policies)
    })
}
