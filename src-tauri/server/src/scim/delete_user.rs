//! DeleteUser: DELETE `/Users/{id}`. All that was theirs goes with them.

use serde_json::json;

use super::{
    Call, Outcome,
    wire::{Answer, settled},
};

/// Forgets a user.
pub fn delete_user(call: &Call<'_>) -> Outcome {
    let entry = call.entry(json!({ "user_id": call.id }));
    settled(call.instance.store.deprovision_user(&call.id, call.instance.now(), &entry)?, "User")?;
    Ok(Answer::done())
}
