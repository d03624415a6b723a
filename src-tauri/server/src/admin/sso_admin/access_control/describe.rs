//! DescribeInstanceAccessControlAttributeConfiguration.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// What is configured.
pub fn describe(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let store = &call.instance.store;
    if !store.has_access_control_configuration()? {
        return Err(super::none(call));
    }
    let attributes = super::written(&store.access_control_attributes()?);
    Ok(json!({
        "Status": "ENABLED",
        "InstanceAccessControlAttributeConfiguration": { "AccessControlAttributes": attributes },
    }))
}
