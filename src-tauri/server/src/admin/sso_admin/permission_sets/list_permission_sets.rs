//! ListPermissionSets.

use serde_json::json;

use crate::{
    admin::{Call, Outcome},
    organisation::PermissionSet,
};

/// A page of permission sets, by name.
pub fn list_permission_sets(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let page = call.page()?;
    let sets = call.instance.store.permission_sets(page.after(), page.wanted())?;
    Ok(page.answer("PermissionSets", sets, |set: &PermissionSet| set.name.clone(), |set| json!(set.arn)))
}
