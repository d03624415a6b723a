//! DeleteGroupMembership.

use serde_json::json;

use super::Kind;
use crate::admin::{Call, Outcome};

/// Takes a user out of a group.
pub fn delete_group_membership(call: &Call<'_>) -> Outcome {
    call.identity_store()?;
    let id = Kind::Membership.id(call.body(), "MembershipId")?;
    let store = &call.instance.store;
    let known = store.membership(&id)?.ok_or_else(|| Kind::Membership.not_found(&id))?;
    let entry = call.entry(json!({ "user_id": known.user_id, "group_id": known.group_id }));
    if !store.delete_membership(&id, &entry)? {
        return Err(Kind::Membership.not_found(&id));
    }
    Ok(json!({}))
}
