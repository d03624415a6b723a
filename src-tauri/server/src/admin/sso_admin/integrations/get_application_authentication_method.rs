//! GetApplicationAuthenticationMethod.

use serde_json::json;

use crate::{
    admin::{Call, Outcome},
    domain::integration::IAM,
    store::Permission,
};

/// Tells who may be the application.
pub fn get_application_authentication_method(call: &Call<'_>) -> Outcome {
    call.integrated()?;
    let name = call.body().one_of("AuthenticationMethodType", &[IAM])?;
    Ok(json!({ "AuthenticationMethod": call.permission(Permission::Authentication, name)? }))
}
