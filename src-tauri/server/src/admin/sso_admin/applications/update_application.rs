//! UpdateApplication: what is not given stays.

use crate::admin::{Call, Outcome};

/// Changes an application.
pub fn update_application(call: &Call<'_>) -> Outcome {
    call.edit_application(|record| {
        super::change(record, call.body())?;
        super::check(record)
    })
}
