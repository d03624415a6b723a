//! ListApplicationAssignments.

use crate::{
    admin::{Call, Outcome},
    store::ApplicationAssignment,
};

/// A page of whose an application is.
pub fn list_application_assignments(call: &Call<'_>) -> Outcome {
    let (id, page) = (call.application()?.application.id, call.page()?);
    let found = call.instance.store.application_assignments(&id, page.after(), page.wanted())?;
    let position = |(_, principal): &ApplicationAssignment| principal.id().to_owned();
    Ok(page.answer("ApplicationAssignments", found, position, |known| super::written_assignment(call, known)))
}
