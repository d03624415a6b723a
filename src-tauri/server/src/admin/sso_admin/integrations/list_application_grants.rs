//! ListApplicationGrants.

use crate::{
    admin::{Call, Outcome},
    store::Permission,
};

/// A page of grants, by type.
pub fn list_application_grants(call: &Call<'_>) -> Outcome {
    call.list_permissions(Permission::Grant, "Grants", super::written_grant)
}
