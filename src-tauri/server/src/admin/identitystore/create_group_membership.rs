//! CreateGroupMembership.

use serde_json::json;

use super::{Kind, taken};
use crate::admin::{Call, Outcome};

/// Puts a user into a group.
pub fn create_group_membership(call: &Call<'_>) -> Outcome {
    let store = call.identity_store()?;
    let (group, user) = (call.group()?.group.id, call.member()?);
    let id = call.instance.ids().random();
    let entry = call.entry(json!({ "user_id": user, "group_id": group }));
    if !call.instance.store.add_membership(&id, &group, &user, &entry)? {
        return Err(taken("membership: the member is in the group already"));
    }
    Ok(json!({ "IdentityStoreId": store, "MembershipId": id, "MembershipArn": Kind::Membership.arn(&id) }))
}
