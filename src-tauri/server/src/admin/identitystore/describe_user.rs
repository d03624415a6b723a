//! DescribeUser.

use super::{Kind, attributes};
use crate::admin::{Call, Outcome};

/// What is known of a user.
pub fn describe_user(call: &Call<'_>) -> Outcome {
    let (store, body) = (call.identity_store()?, call.body());
    let id = Kind::User.id(body, "UserId")?;
    let extensions = body.list("Extensions", 1..=10)?.unwrap_or_default();
    let record = call.instance.store.user_record(&id)?.ok_or_else(|| Kind::User.not_found(&id))?;
    Ok(attributes::written(store, &record, extensions))
}
