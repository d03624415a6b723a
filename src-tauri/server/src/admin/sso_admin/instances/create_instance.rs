//! CreateInstance. An account has one instance at most, and this server is the one of its management account.

use crate::{
    admin::{Call, Outcome, body::pattern},
    organisation::is_name_byte,
};

/// Says that there is one, once what was asked for is something that could be made.
pub fn create_instance(call: &Call<'_>) -> Outcome {
    let body = call.body();
    let name = body.sized("Name", 0..=255)?.unwrap_or_default();
    if !name.bytes().all(is_name_byte) {
        return Err(pattern("Name", "[\\w+=,.@-]+"));
    }
    body.sized("ClientToken", 1..=64)?;
    Err(super::super::conflict(format!(
        "The account has an instance already: {}. Another one is another server.",
        call.instance_arn()
    )))
}
