//! GetApplicationGrant.

use serde_json::json;

use crate::{
    admin::{Call, Outcome},
    store::Permission,
};

/// Tells a grant.
pub fn get_application_grant(call: &Call<'_>) -> Outcome {
    call.integrated()?;
    let (name, _) = call.grant_type()?;
    Ok(json!({ "Grant": call.permission(Permission::Grant, name)? }))
}
