//! PutInlinePolicyToPermissionSet.

use crate::admin::{Call, Outcome};

/// Sets the inline policy.
pub fn put_inline_policy_to_permission_set(call: &Call<'_>) -> Outcome {
    let policy = call.body().need("InlinePolicy")?;
    super::check_inline(policy)?;
    call.edit_permission_set(|set| {
        set.policies.inline = Some(policy.to_owned());
        Ok(())
    })
}
