//! GetGroupId: by name.

use serde_json::json;

use super::{Kind, bad_path};
use crate::admin::{Call, Outcome};

/// Finds a group.
pub fn get_group_id(call: &Call<'_>) -> Outcome {
    let id = call.identity_store()?;
    let found = match call.alternate_identifier()? {
        // Ids of other directories come with provisioning, which this server does not take.
        None => None,
        Some((path, value)) if path == "displayName" => call.instance.store.group_by_name(value)?,
        Some((path, _)) => return Err(bad_path(&path)),
    };
    let group = found.ok_or_else(|| Kind::Group.not_found(""))?;
    Ok(json!({ "IdentityStoreId": id, "GroupId": group.id, "GroupArn": Kind::Group.arn(&group.id) }))
}
