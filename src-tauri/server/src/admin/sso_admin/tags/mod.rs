//! Tags of the instance, permission sets and applications.

pub mod list_tags_for_resource;
pub mod tag_resource;
pub mod untag_resource;

use serde_json::json;

use super::{concluded, not_found, too_many};
use crate::{
    admin::{
        Call, Outcome,
        body::{self, Body, missing},
        wire::AdminError,
    },
    organisation::Tags,
};

/// AWS's user tags of one resource (IAM Identity Center User Guide, tagging).
const MOST: usize = 50;

/// `Tags` of a request.
///
/// # Errors
/// [`AdminError`] if one cannot be a tag.
pub fn given(body: Body<'_>) -> Result<Tags, AdminError> {
    let mut tags = Tags::new();
    for tag in body.list("Tags", 0..=75)?.unwrap_or_default().iter().map(Body) {
        let key = tag.sized("Key", 1..=128)?.ok_or_else(|| missing("Key"))?;
        let value = tag.sized("Value", 0..=256)?.ok_or_else(|| missing("Value"))?;
        let good = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
        if !key.chars().all(good) {
            return Err(body::pattern("Key", "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)"));
        }
        if !value.chars().all(good) {
            return Err(body::pattern("Value", "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)"));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(AdminError::validation("Tag keys that begin with aws: are reserved."));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(AdminError::validation(format!("The tag key {key} is there twice.")));
        }
    }
    check_room(&tags)?;
    Ok(tags)
}

fn check_room(tags: &Tags) -> Result<(), AdminError> {
    if tags.len() > MOST {
        return Err(too_many(format!("A resource has at most {MOST} tags.")));
    }
    Ok(())
}

/// What has tags, and what it is called in events.
enum Resource<'v> {
    PermissionSet(&'v str, String),
    Other(&'v str),
}

fn resource<'c>(call: &'c Call<'_>) -> Result<Resource<'c>, AdminError> {
    if call.body().get("InstanceArn").is_some() {
        call.own_instance()?;
    }
    let arn = call.body().need("ResourceArn")?;
    if arn.starts_with("arn:aws:sso:::permissionSet/") {
        let set = call.instance.store.permission_set(arn)?.ok_or_else(|| not_found("PermissionSet", arn))?;
        return Ok(Resource::PermissionSet(arn, set.name));
    }
    if arn.starts_with("arn:aws:sso:::instance/") {
        call.is_own_instance(arn)?;
        return Ok(Resource::Other(arn));
    }
    if arn.contains(":trustedTokenIssuer/") {
        call.trusted_issuer_at(arn)?;
        return Ok(Resource::Other(arn));
    }
    if arn.contains(":application/") {
        call.application_at(arn)?;
        return Ok(Resource::Other(arn));
    }
    Err(not_found("Resource", arn))
}

fn edit(call: &Call<'_>, change: impl FnOnce(&mut Tags) -> Result<(), AdminError>) -> Outcome {
    let store = &call.instance.store;
    match resource(call)? {
        Resource::PermissionSet(arn, name) => {
            let entry = call.entry(json!({ "role_name": name }));
            concluded(store.edit_permission_set_tags(arn, &entry, change)?, arn)
        }
        Resource::Other(arn) => {
            let entry = call.entry(json!({ "resource": arn }));
            concluded(store.edit_tags(arn, &entry, change)?, arn)
        }
    }
}
