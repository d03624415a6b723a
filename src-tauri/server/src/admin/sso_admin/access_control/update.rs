//! UpdateInstanceAccessControlAttributeConfiguration.

use serde_json::{Value, json};

use crate::admin::{Call, Outcome};

/// Puts other attributes in the place of those configured.
pub fn update(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let wanted = super::wanted(call.body().need_object("InstanceAccessControlAttributeConfiguration")?)?;
    let entry = call.entry(Value::Null);
    if !call.instance.store.configure_access_control(true, Some(&wanted), &entry)? {
        return Err(super::none(call));
    }
    Ok(json!({}))
}
