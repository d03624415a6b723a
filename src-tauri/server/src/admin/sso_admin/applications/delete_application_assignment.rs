//! DeleteApplicationAssignment.

use crate::admin::{Call, Outcome};

/// Takes an application from a principal.
pub fn delete_application_assignment(call: &Call<'_>) -> Outcome {
    super::set_assigned(call, false)
}
