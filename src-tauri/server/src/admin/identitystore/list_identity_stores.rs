//! ListIdentityStores.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// The instance's only identity store.
pub fn list_identity_stores(call: &Call<'_>) -> Outcome {
    let id = call.instance.addresses.directory_id().to_owned();
    let write = |id: &String| json!({ "IdentityStoreId": id, "IdentityStoreArn": call.identity_store_arn() });
    Ok(call.page()?.of("IdentityStores", [id], String::clone, write))
}
