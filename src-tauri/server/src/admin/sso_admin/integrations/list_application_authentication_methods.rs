//! ListApplicationAuthenticationMethods.

use crate::{
    admin::{Call, Outcome},
    store::Permission,
};

/// A page of them: one at most.
pub fn list_application_authentication_methods(call: &Call<'_>) -> Outcome {
    call.list_permissions(Permission::Authentication, "AuthenticationMethods", super::written_method)
}
