//! ListGroupMemberships.

use super::written_membership;
use crate::{
    admin::{Call, Outcome},
    store::Membership,
};

/// A page of who is in a group.
pub fn list_group_memberships(call: &Call<'_>) -> Outcome {
    let (store, group, page) = (call.identity_store()?, call.group()?.group.id, call.page()?);
    let members = call.instance.store.members(&group, page.after(), page.wanted())?;
    let member = |(id, user_id)| Membership { id, group_id: group.clone(), user_id };
    let members = members.into_iter().map(member).collect();
    let position = |membership: &Membership| membership.user_id.clone();
    Ok(page.answer("GroupMemberships", members, position, |known| written_membership(store, known)))
}
