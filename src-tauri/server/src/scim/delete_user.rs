//! DeleteUser: DELETE `/Users/{id}`. All that was theirs goes with them.

use serde_json::json;

use super::{
    Call, Outcome,
    wire::{Answer, ScimError},
};

/// Forgets a user.
pub fn delete_user(call: &Call<'_>) -> Outcome {
    let entry = call.entry(json!({ "user_id": call.id }));
    if call.instance.store.deprovision_user(&call.id, call.instance.now(), &entry)? {
        Ok(Answer::done())
    } else {
        Err(ScimError::not_found("User"))
    }
}
