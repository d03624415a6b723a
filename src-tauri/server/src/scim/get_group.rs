//! GetGroup: GET `/Groups/{id}`.

use super::{
    Call, Outcome, group,
    wire::{Answer, ScimError},
};

/// Tells of a group, without who is in it.
pub fn get_group(call: &Call<'_>) -> Outcome {
    let found = call.instance.store.provisioned_group(&call.id)?;
    let found = found.ok_or_else(|| ScimError::not_found("Group"))?;
    Ok(Answer::of(group::written(call, &found)))
}
