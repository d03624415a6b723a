//! GetApplicationSessionConfiguration.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// Whether people's sessions go on in the background for an application: never here.
pub fn get_application_session_configuration(call: &Call<'_>) -> Outcome {
    call.application()?;
    Ok(json!({ "UserBackgroundSessionApplicationStatus": super::status(false) }))
}
