//! ListAccountAssignmentsForPrincipal. For a user, what their groups have is told too, under the group's id.

use super::{account_id, written};
use crate::{
    admin::{Call, Outcome},
    organisation::Assignment,
};

/// A page of what a principal has.
pub fn list_account_assignments_for_principal(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let (principal, page, filter) = (call.principal()?, call.page()?, call.body().object("Filter")?);
    let account = match filter.filter(|filter| filter.get("AccountId").is_some()) {
        Some(filter) => Some(account_id(filter, "AccountId")?),
        None => None,
    };
    let mut parts = page.after().split(' ');
    let after = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let found = call.instance.store.assignments_for(principal.id(), account, after, page.wanted())?;
    let position = |assignment: &Assignment| {
        [&assignment.account_id, assignment.permission_set.as_str(), assignment.principal.id()].join(" ")
    };
    Ok(page.answer("AccountAssignments", found, position, written))
}
