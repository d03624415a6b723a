//! CreateApplicationAssignment.

use crate::admin::{Call, Outcome};

/// Gives an application to a principal.
pub fn create_application_assignment(call: &Call<'_>) -> Outcome {
    super::set_assigned(call, true)
}
