//! ListInstances.

use serde_json::Value;

use crate::admin::{Call, Outcome};

/// The only instance.
pub fn list_instances(call: &Call<'_>) -> Outcome {
    Ok(call.page()?.of("Instances", [super::written(call)], |_| String::new(), Value::clone))
}
