//! UpdateUser: all operations or none.

use serde_json::{Value, json};

use super::{Kind, attributes, check_revision, taken};
use crate::{
    admin::{
        Call, Outcome,
        body::{Body, missing},
        wire::AdminError,
    },
    store::{Edited, UserRecord},
};

/// Changes a user's attributes.
pub fn update_user(call: &Call<'_>) -> Outcome {
    let (store, body) = (call.identity_store()?, call.body());
    let id = Kind::User.id(body, "UserId")?;
    let operations = body.list("Operations", 1..=100)?.ok_or_else(|| missing("Operations"))?;
    let change = |record: &mut UserRecord| {
        check_revision(body, record.revision)?;
        for operation in operations.iter().map(Body) {
            let path = attributes::camel(operation.need("AttributePath")?);
            attributes::set(record, &path, operation.0.get("AttributeValue"))?;
        }
        Ok::<(), AdminError>(())
    };
    let entry = call.entry(json!({ "user_id": id }));
    match call.instance.store.edit_user(&id, call.instance.now(), &entry, change)? {
        Edited::Done(revision) => Ok::<Value, _>(json!({
            "IdentityStoreId": store,
            "UserId": id,
            "UserArn": Kind::User.arn(&id),
            "Revision": revision.to_string(),
        })),
        Edited::Missing => Err(Kind::User.not_found(&id)),
        Edited::Taken => Err(taken("UserName or Email")),
        Edited::Refused(error) => Err(error),
    }
}
