//! UpdatePermissionSet: what is not given stays. Accounts have the old one until it is provisioned.

use crate::admin::{Call, Outcome};

/// Changes a permission set.
pub fn update_permission_set(call: &Call<'_>) -> Outcome {
    call.edit_permission_set(|set| super::change(set, call.body()))
}
