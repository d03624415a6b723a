//! DeleteInstance. A server does not take itself away: whoever runs it stops it and removes its data.

use crate::admin::{Call, Outcome};

/// Says what has to be done instead.
pub fn delete_instance(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    Err(super::super::conflict(
        "The instance is a server that people sign in at. To delete it, stop the server and remove its data.",
    ))
}
