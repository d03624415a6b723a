//! GetGroupMembershipId.

use serde_json::json;

use super::Kind;
use crate::admin::{Call, Outcome};

/// Finds the membership of a user in a group.
pub fn get_group_membership_id(call: &Call<'_>) -> Outcome {
    let store = call.identity_store()?;
    let (group, user) = (call.group()?.group.id, call.member()?);
    let known = call.instance.store.membership_of(&group, &user)?;
    let id = known.ok_or_else(|| Kind::Membership.not_found(""))?.id;
    Ok(json!({ "IdentityStoreId": store, "MembershipId": id, "MembershipArn": Kind::Membership.arn(&id) }))
}
