//! DescribeGroupMembership.

use super::{Kind, written_membership};
use crate::admin::{Call, Outcome};

/// Who is in which group by a membership.
pub fn describe_group_membership(call: &Call<'_>) -> Outcome {
    let store = call.identity_store()?;
    let id = Kind::Membership.id(call.body(), "MembershipId")?;
    let known = call.instance.store.membership(&id)?.ok_or_else(|| Kind::Membership.not_found(&id))?;
    Ok(written_membership(store, &known))
}
