//! ListManagedPoliciesInPermissionSet.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// A page of a permission set's AWS managed policies.
pub fn list_managed_policies_in_permission_set(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let (set, page) = (call.permission_set()?, call.page()?);
    let write = |arn: &String| json!({ "Name": arn.rsplit('/').next(), "Arn": arn });
    Ok(page.of("AttachedManagedPolicies", set.policies.managed, String::clone, write))
}
