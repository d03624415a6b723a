//! DeleteGroup: DELETE `/Groups/{id}`. What was assigned to it goes with it.

use serde_json::json;

use super::{
    Call, Outcome,
    wire::{Answer, settled},
};

/// Forgets a group.
pub fn delete_group(call: &Call<'_>) -> Outcome {
    let entry = call.entry(json!({ "group_id": call.id }));
    settled(call.instance.store.deprovision_group(&call.id, &entry)?, "Group")?;
    Ok(Answer::done())
}
