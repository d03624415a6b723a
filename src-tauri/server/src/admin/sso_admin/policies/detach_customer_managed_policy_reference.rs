//! DetachCustomerManagedPolicyReferenceFromPermissionSet.

use super::super::not_found;
use crate::admin::{Call, Outcome};

/// Takes a policy that every account has for itself away.
pub fn detach_customer_managed_policy_reference(call: &Call<'_>) -> Outcome {
    let reference = super::reference(call.body())?;
    call.edit_permission_set(|set| {
        let at = set.policies.customer_managed.iter().position(|known| *known == reference);
        let at = at.ok_or_else(|| not_found("Attached CustomerManagedPolicyReference", &reference.name))?;
        set.policies.customer_managed.remove(at);
        Ok(())
    })
}
