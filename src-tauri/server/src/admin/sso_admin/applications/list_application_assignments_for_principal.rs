//! ListApplicationAssignmentsForPrincipal. For a user, what their groups have is told too, under the group's id.

use crate::{
    admin::{Call, Outcome},
    store::ApplicationAssignment,
};

/// A page of the applications that a principal has.
pub fn list_application_assignments_for_principal(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let (principal, page, filter) = (call.principal()?, call.page()?, call.body().object("Filter")?);
    let only = filter.map(|filter| filter.text("ApplicationArn")).transpose()?.flatten();
    let only = only.map(|arn| call.application_at(arn)).transpose()?.map(|record| record.application.id);
    let mut parts = page.after().split(' ');
    let after = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let store = &call.instance.store;
    let found = store.application_assignments_for(principal.id(), only.as_deref(), after, page.wanted())?;
    let position = |(id, principal): &ApplicationAssignment| format!("{id} {}", principal.id());
    Ok(page.answer("ApplicationAssignments", found, position, |known| super::written_assignment(call, known)))
}
