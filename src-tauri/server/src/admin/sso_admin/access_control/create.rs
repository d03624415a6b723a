//! CreateInstanceAccessControlAttributeConfiguration.

use serde_json::{Value, json};

use super::super::conflict;
use crate::admin::{Call, Outcome};

/// Configures attributes where there is no configuration yet.
pub fn create(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let wanted = super::wanted(call.body().need_object("InstanceAccessControlAttributeConfiguration")?)?;
    let entry = call.entry(Value::Null);
    if !call.instance.store.configure_access_control(false, Some(&wanted), &entry)? {
        return Err(conflict("The instance already has an access control attribute configuration."));
    }
    Ok(json!({}))
}
