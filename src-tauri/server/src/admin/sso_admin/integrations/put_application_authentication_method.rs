//! PutApplicationAuthenticationMethod. Who may ask for tokens as the application.

use serde_json::json;

use crate::{
    admin::{Call, Outcome, body::missing},
    domain::integration::IAM,
    store::Permission,
};

/// Sets who may be the application.
pub fn put_application_authentication_method(call: &Call<'_>) -> Outcome {
    call.integrated()?;
    let name = call.body().one_of("AuthenticationMethodType", &[IAM])?;
    let method = call.body().need_object("AuthenticationMethod")?.need_object("Iam")?;
    let policy = method.get("ActorPolicy").ok_or_else(|| missing("ActorPolicy"))?;
    super::check_policy(policy)?;
    call.put_permission(Permission::Authentication, name, &json!({ "Iam": { "ActorPolicy": policy } }))
}
