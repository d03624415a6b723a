//! CreatePermissionSet.

use jiff::SignedDuration;
use serde_json::json;

use super::super::{conflict, tags};
use crate::{
    admin::{Call, Outcome},
    organisation::{PermissionSet, Policies},
};

/// Makes a permission set, without a policy.
pub fn create_permission_set(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let body = call.body();
    let name = super::name(body)?;
    let mut set = PermissionSet {
        arn: call.instance.ids().random_permission_set(),
        name: name.to_owned(),
        description: String::new(),
        relay_state: None,
        requires_key: false,
        session_duration: SignedDuration::from_hours(1),
        tags: tags::given(body)?,
        policies: Policies::default(),
        revision: 1,
        created: call.instance.now(),
    };
    super::change(&mut set, body)?;
    if !call.instance.store.put_permission_set(&set, &call.entry(json!({ "role_name": name })))? {
        return Err(conflict(format!("PermissionSet with name {name} already exists.")));
    }
    Ok(json!({ "PermissionSet": super::written(&set) }))
}
