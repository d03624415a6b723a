//! ListTagsForResource.

use serde_json::json;

use super::{Resource, resource};
use crate::admin::{Call, Outcome};

/// A page of a resource's tags.
pub fn list_tags_for_resource(call: &Call<'_>) -> Outcome {
    let store = &call.instance.store;
    let tags = match resource(call)? {
        Resource::PermissionSet(arn, _) => store.permission_set(arn)?.map(|set| set.tags).unwrap_or_default(),
        Resource::Other(arn) => store.tags(arn)?,
    };
    let write = |(key, value): &(String, String)| json!({ "Key": key, "Value": value });
    Ok(call.page()?.of("Tags", tags, |(key, _)| key.clone(), write))
}
