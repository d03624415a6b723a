//! CreateGroup.

use serde_json::json;

use super::{Kind, attributes::check_reserved, taken};
use crate::{
    admin::{Call, Outcome, body::missing},
    organisation::Group,
};

/// Makes a group.
pub fn create_group(call: &Call<'_>) -> Outcome {
    let (store, body) = (call.identity_store()?, call.body());
    let name = body.sized("DisplayName", 1..=1024)?.ok_or_else(|| missing("DisplayName"))?;
    let description = body.sized("Description", 1..=1024)?.unwrap_or_default();
    check_reserved("displayName", name)?;
    let (id, now) = (call.instance.ids().random(), call.instance.now());
    let group = Group {
        id: id.clone(),
        name: name.to_owned(),
        description: description.to_owned(),
        created: now,
        updated: now,
    };
    let entry = call.entry(json!({ "group_id": id }));
    if !call.instance.store.put_group(&group, &entry)? {
        return Err(taken("GroupDisplayName"));
    }
    Ok(json!({ "IdentityStoreId": store, "GroupId": id, "GroupArn": Kind::Group.arn(&id), "Revision": "1" }))
}
