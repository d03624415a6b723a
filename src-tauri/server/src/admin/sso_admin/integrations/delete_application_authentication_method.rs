//! DeleteApplicationAuthenticationMethod. From then on nobody is the application.

use crate::{
    admin::{Call, Outcome},
    domain::integration::IAM,
    store::Permission,
};

/// Takes it away.
pub fn delete_application_authentication_method(call: &Call<'_>) -> Outcome {
    call.integrated()?;
    let name = call.body().one_of("AuthenticationMethodType", &[IAM])?;
    call.delete_permission(Permission::Authentication, name)
}
