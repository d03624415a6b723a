//! DeleteGroup: DELETE `/Groups/{id}`. What was assigned to it goes with it.

use serde_json::json;

use super::{
    Call, Outcome,
    wire::{Answer, ScimError},
};

/// Forgets a group.
pub fn delete_group(call: &Call<'_>) -> Outcome {
    let entry = call.entry(json!({ "group_id": call.id }));
    if call.instance.store.delete_group(&call.id, &entry)? {
        Ok(Answer::done())
    } else {
        Err(ScimError::not_found("Group"))
    }
}
