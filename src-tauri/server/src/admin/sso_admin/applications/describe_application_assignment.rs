//! DescribeApplicationAssignment.

use super::super::not_found;
use crate::admin::{Call, Outcome};

/// Whether an application is a principal's own.
pub fn describe_application_assignment(call: &Call<'_>) -> Outcome {
    let (id, principal) = (call.application()?.application.id, call.principal()?);
    let store = &call.instance.store;
    let found = store.application_assignments_for(principal.id(), Some(&id), ["", ""], u32::MAX)?;
    let found = found.into_iter().find(|(_, known)| *known == principal);
    let found = found.ok_or_else(|| not_found("ApplicationAssignment of principal", principal.id()))?;
    Ok(super::written_assignment(call, &found))
}
