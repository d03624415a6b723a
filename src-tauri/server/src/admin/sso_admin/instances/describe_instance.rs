//! DescribeInstance.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// What is known of the instance.
pub fn describe_instance(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let mut written = super::written(call);
    written["PermissionSetsEnabled"] = json!(true);
    Ok(written)
}
