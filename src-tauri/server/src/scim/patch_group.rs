//! PatchGroup: PATCH `/Groups/{id}`, all operations or none; up to 100 members come and go.

use serde_json::json;

use super::{
    Call, Outcome, group, patch,
    wire::{Answer, ScimError},
};
use crate::store::{Provision, ProvisionedGroup};

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
    match call.instance.store.reprovision_group(&call.id, call.instance.now(), &entry, change)? {
        Provision::Done => Ok(Answer::done()),
        Provision::Missing => Err(ScimError::not_found("Group")),
        Provision::Taken(what) => Err(ScimError::taken(what)),
        Provision::NoSuchMember => Err(ScimError::not_found("A member")),
        Provision::OfAdministrator(what) => Err(ScimError::of_administrator(what)),
        Provision::Refused(error) => Err(error),
    }
}

/// PutGroup, which AWS does not have: it would name all members.
pub fn put_group(_: &Call<'_>) -> Outcome {
    Err(ScimError::not_implemented("PUT of groups is not supported. Send PATCH."))
}
