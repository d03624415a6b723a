//! DescribeIdentityStore.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// The instance's only identity store.
pub fn describe_identity_store(call: &Call<'_>) -> Outcome {
    let id = call.identity_store()?;
    Ok(json!({ "IdentityStoreId": id, "IdentityStoreArn": call.identity_store_arn() }))
}
