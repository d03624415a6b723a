//! ListGroupMembershipsForMember.

use super::written_membership;
use crate::{
    admin::{Call, Outcome},
    store::Membership,
};

/// A page of the groups that a user is in.
pub fn list_group_memberships_for_member(call: &Call<'_>) -> Outcome {
    let (store, user, page) = (call.identity_store()?, call.member()?, call.page()?);
    let groups = call.instance.store.memberships_of(&user, page.after(), page.wanted())?;
    let group = |(id, group_id)| Membership { id, group_id, user_id: user.clone() };
    let groups = groups.into_iter().map(group).collect();
    let position = |membership: &Membership| membership.group_id.clone();
    Ok(page.answer("GroupMemberships", groups, position, |known| written_membership(store, known)))
}
