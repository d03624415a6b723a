//! PatchGroup: PATCH `/Groups/{id}`, all operations or none; up to 100 members come and go.

use serde_json::json;

use super::{
    Call, Outcome, group, patch,
    wire::{Answer, ScimError, settled},
};
use crate::store::{By, ProvisionedGroup};

/// Changes a group and who is in it.
pub fn patch_group(call: &Call<'_>) -> Outcome {
    let operations = patch::operations(&call.body)?;
    let change = |found: &mut ProvisionedGroup| {
        let mut changes = Vec::new();
        for operation in &operations {
            group::apply(call, found, operation, &mut changes)?;
        }
        Ok::<_, ScimError>(changes)
    };
    let entry = call.entry(json!({ "group_id": call.id }));
    let (store, now) = (&call.instance.store, call.instance.now());
    settled(store.reprovision_group(By::Provisioning, &call.id, now, &entry, change)?, "Group")?;
    Ok(Answer::done())
}

/// PutGroup, which AWS does not have: it would name all members.
pub fn put_group(_: &Call<'_>) -> Outcome {
    Err(ScimError::not_implemented("PUT of groups is not supported. Send PATCH."))
}
