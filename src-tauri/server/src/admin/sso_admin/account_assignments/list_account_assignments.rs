//! ListAccountAssignments.

use super::{account_id, written};
use crate::{
    admin::{Call, Outcome},
    organisation::Assignment,
};

/// A page of who has a permission set in an account.
pub fn list_account_assignments(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let (account, set, page) = (account_id(call.body(), "AccountId")?, call.permission_set()?, call.page()?);
    let found = call.instance.store.assignments_in(account, &set.arn, page.after(), page.wanted())?;
    let position = |assignment: &Assignment| assignment.principal.id().to_owned();
    Ok(page.answer("AccountAssignments", found, position, written))
}
