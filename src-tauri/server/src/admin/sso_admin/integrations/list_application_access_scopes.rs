//! ListApplicationAccessScopes.

use crate::{
    admin::{Call, Outcome},
    store::Permission,
};

/// A page of scopes, by name.
pub fn list_application_access_scopes(call: &Call<'_>) -> Outcome {
    call.list_permissions(Permission::Scope, "Scopes", super::written_scope)
}
