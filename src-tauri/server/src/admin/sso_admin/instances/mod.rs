//! The instance itself.

pub mod create_instance;
pub mod delete_instance;
pub mod describe_instance;
pub mod list_instances;
pub mod update_instance;

use serde_json::{Value, json};

use crate::admin::Call;

fn written(call: &Call<'_>) -> Value {
    let settings = call.instance.settings();
    json!({
        "InstanceArn": call.instance_arn(),
        "IdentityStoreId": call.instance.addresses.directory_id(),
        "IdentityStoreArn": call.identity_store_arn(),
        "OwnerAccountId": settings.management_account,
        "Name": settings.name,
        "Status": "ACTIVE",
        "PrimaryRegion": settings.region,
    })
}
