//! DeleteApplicationAccessScope.

use crate::{
    admin::{Call, Outcome},
    store::Permission,
};

/// Takes a scope away.
pub fn delete_application_access_scope(call: &Call<'_>) -> Outcome {
    call.integrated()?;
    call.delete_permission(Permission::Scope, call.scope()?)
}
