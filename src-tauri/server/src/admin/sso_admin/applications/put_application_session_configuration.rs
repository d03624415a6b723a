//! PutApplicationSessionConfiguration. This server has no sessions that go on in the background.

use crate::admin::{Call, Outcome, wire::AdminError};

/// Takes what is so anyway.
pub fn put_application_session_configuration(call: &Call<'_>) -> Outcome {
    call.application()?;
    if super::is_enabled(call.body(), "UserBackgroundSessionApplicationStatus")? == Some(true) {
        return Err(AdminError::validation(
            "Sessions that go on in the background are not supported here: UserBackgroundSessionApplicationStatus \
             can only be DISABLED.",
        ));
    }
    call.edit_application(|_| Ok(()))
}
