//! GetUser: GET `/Users/{id}`.

use super::{
    Call, Outcome, user,
    wire::{Answer, ScimError},
};
use crate::store::ProvisionedUser;

/// Tells of a user.
pub fn get_user(call: &Call<'_>) -> Outcome {
    let found = find(call)?;
    Ok(Answer::of(user::written(call, &found)))
}

/// The user of the path.
pub fn find(call: &Call<'_>) -> Result<ProvisionedUser, ScimError> {
    call.instance.store.provisioned_user(&call.id)?.ok_or_else(|| ScimError::not_found("User"))
}

/// `/Me`, which AWS does not have: whoever provisions is nobody in the directory (RFC 7644 §3.11).
pub fn get_me(_: &Call<'_>) -> Outcome {
    Err(ScimError::not_implemented("/Me is not supported."))
}
