//! UpdateGroup: all operations or none.

use serde_json::{Value, json};

use super::{
    Kind,
    attributes::{camel, check_reserved},
    bad_path, check_revision, taken,
};
use crate::{
    admin::{
        Call, Outcome,
        body::{Body, invalid, missing},
        wire::AdminError,
    },
    store::{Edited, GroupRecord},
};

/// Changes a group's name or description.
pub fn update_group(call: &Call<'_>) -> Outcome {
    let (store, body) = (call.identity_store()?, call.body());
    let id = Kind::Group.id(body, "GroupId")?;
    let operations = body.list("Operations", 1..=100)?.ok_or_else(|| missing("Operations"))?;
    let change = |record: &mut GroupRecord| {
        check_revision(body, record.revision)?;
        for operation in operations.iter().map(Body) {
            let path = camel(operation.need("AttributePath")?);
            let value = operation.sized("AttributeValue", 1..=1024)?;
            match path.as_str() {
                "displayName" => {
                    let name = value.ok_or_else(|| invalid("displayName", "Member must not be null"))?;
                    check_reserved("displayName", name)?;
                    record.group.name = name.to_owned();
                }
                "description" => record.group.description = value.unwrap_or_default().to_owned(),
                _ => return Err(bad_path(&path)),
            }
        }
        Ok::<(), AdminError>(())
    };
    let entry = call.entry(json!({ "group_id": id }));
    match call.instance.store.edit_group(&id, call.instance.now(), &entry, change)? {
        Edited::Done(revision) => Ok::<Value, _>(json!({
            "IdentityStoreId": store,
            "GroupId": id,
            "GroupArn": Kind::Group.arn(&id),
            "Revision": revision.to_string(),
        })),
        Edited::Missing => Err(Kind::Group.not_found(&id)),
        Edited::Taken => Err(taken("GroupDisplayName")),
        Edited::Refused(error) => Err(error),
    }
}
