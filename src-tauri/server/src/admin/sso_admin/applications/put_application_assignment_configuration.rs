//! PutApplicationAssignmentConfiguration. An application that requires no assignment is everybody's.

use crate::admin::{Call, Outcome, body::missing, wire::AdminError};

/// Sets whether an application is only for those it is assigned to.
pub fn put_application_assignment_configuration(call: &Call<'_>) -> Outcome {
    call.application()?;
    let required = call.body().get("AssignmentRequired").ok_or_else(|| missing("AssignmentRequired"))?;
    let required = required.as_bool().ok_or_else(AdminError::wrong_type)?;
    call.edit_application(|record| {
        record.assignment_required = required;
        Ok(())
    })
}
