//! DeleteUser. Sessions, tokens and assignments end with the user.

use serde_json::json;

use super::{Kind, check_revision};
use crate::admin::{Call, Outcome};

/// Forgets a user.
pub fn delete_user(call: &Call<'_>) -> Outcome {
    call.identity_store()?;
    let id = Kind::User.id(call.body(), "UserId")?;
    let store = &call.instance.store;
    let record = store.user_record(&id)?.ok_or_else(|| Kind::User.not_found(&id))?;
    check_revision(call.body(), record.revision)?;
    let entry = call.entry(json!({ "user_id": id }));
    if !store.delete_user(&id, call.instance.now(), &entry)? {
        return Err(Kind::User.not_found(&id));
    }
    Ok(json!({}))
}
