//! DeleteInstanceAccessControlAttributeConfiguration.

use serde_json::{Value, json};

use crate::admin::{Call, Outcome};

/// Ends the configuration: sessions carry no attributes.
pub fn delete(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    if !call.instance.store.configure_access_control(true, None, &call.entry(Value::Null))? {
        return Err(super::none(call));
    }
    Ok(json!({}))
}
