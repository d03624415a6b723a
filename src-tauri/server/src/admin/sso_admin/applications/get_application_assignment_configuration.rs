//! GetApplicationAssignmentConfiguration.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// Whether an application is only for those it is assigned to.
pub fn get_application_assignment_configuration(call: &Call<'_>) -> Outcome {
    Ok(json!({ "AssignmentRequired": call.application()?.assignment_required }))
}
