//! DeleteApplicationGrant. Tokens that it gave stay good until they end; they are not renewed.

use crate::{
    admin::{Call, Outcome},
    store::Permission,
};

/// Takes a grant away.
pub fn delete_application_grant(call: &Call<'_>) -> Outcome {
    call.integrated()?;
    let (name, _) = call.grant_type()?;
    call.delete_permission(Permission::Grant, name)
}
