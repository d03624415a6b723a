//! DeleteGroup. Memberships and assignments end with the group.

use serde_json::json;

use super::{Kind, check_revision};
use crate::admin::{Call, Outcome};

/// Forgets a group.
pub fn delete_group(call: &Call<'_>) -> Outcome {
    call.identity_store()?;
    let record = call.group()?;
    check_revision(call.body(), record.revision)?;
    let id = &record.group.id;
    let entry = call.entry(json!({ "group_id": id }));
    if !call.instance.store.delete_group(id, &entry)? {
        return Err(Kind::Group.not_found(id));
    }
    Ok(json!({}))
}
