//! IsMemberInGroups.

use serde_json::json;

use super::Kind;
use crate::admin::{
    Call, Outcome,
    body::{Body, missing},
};

/// Whether a user is in each of these groups.
pub fn is_member_in_groups(call: &Call<'_>) -> Outcome {
    call.identity_store()?;
    let (user, store) = (call.member()?, &call.instance.store);
    let groups = call.body().list("GroupIds", 1..=100)?.ok_or_else(|| missing("GroupIds"))?;
    let mut results = Vec::new();
    for group in groups {
        let group = Kind::Group.id(Body(&json!({ "GroupIds": group })), "GroupIds")?;
        store.group(&group)?.ok_or_else(|| Kind::Group.not_found(&group))?;
        let exists = store.membership_of(&group, &user)?.is_some();
        results.push(json!({ "GroupId": group, "MemberId": { "UserId": user }, "MembershipExists": exists }));
    }
    Ok(json!({ "Results": results }))
}
