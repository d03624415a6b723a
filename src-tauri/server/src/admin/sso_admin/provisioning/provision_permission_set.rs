//! ProvisionPermissionSet: a request, which acts when it says `SUCCEEDED`.

use serde_json::json;

use super::super::{account_id, status};
use crate::{
    admin::{Call, Outcome},
    store::Wanted,
};

/// Puts the newest permission set in force in one account, or wherever it is.
pub fn provision_permission_set(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let (set, body) = (call.permission_set()?, call.body());
    let target = match body.one_of("TargetType", &["AWS_ACCOUNT", "ALL_PROVISIONED_ACCOUNTS"])? {
        "AWS_ACCOUNT" => Some(account_id(body, "TargetId")?.to_owned()),
        _ => None,
    };
    let entry = call.entry(json!({ "role_name": set.name, "account_id": target }));
    let wanted = Wanted::Provision { permission_set: set.arn, account_id: target };
    let request = call.instance.request_access(wanted, &entry)?;
    Ok(json!({ "PermissionSetProvisioningStatus": status::written(&request) }))
}
