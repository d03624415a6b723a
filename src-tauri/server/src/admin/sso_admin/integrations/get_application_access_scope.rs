//! GetApplicationAccessScope.

use crate::{
    admin::{Call, Outcome},
    store::Permission,
};

/// Tells a scope.
pub fn get_application_access_scope(call: &Call<'_>) -> Outcome {
    call.integrated()?;
    let scope = call.scope()?;
    Ok(super::written_scope(scope, &call.permission(Permission::Scope, scope)?))
}
