//! ListCustomerManagedPolicyReferencesInPermissionSet.

use crate::{
    admin::{Call, Outcome},
    organisation::PolicyReference,
};

/// A page of a permission set's policies that every account has for itself.
pub fn list_customer_managed_policy_references(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let (set, page) = (call.permission_set()?, call.page()?);
    let position = |reference: &PolicyReference| format!("{}{}", reference.path, reference.name);
    let references = set.policies.customer_managed;
    Ok(page.of("CustomerManagedPolicyReferences", references, position, super::written))
}
