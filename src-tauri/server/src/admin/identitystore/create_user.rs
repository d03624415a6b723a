//! CreateUser. Who is made here has no password yet; the administrator or a mail gives the first one.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Kind, attributes, taken};
use crate::{
    admin::{Call, Outcome, body::missing},
    organisation::{Profile, User},
    store::UserRecord,
};

const MEMBERS: [&str; 17] = [
    "UserName",
    "DisplayName",
    "Name",
    "NickName",
    "ProfileUrl",
    "Emails",
    "Addresses",
    "PhoneNumbers",
    "UserType",
    "Title",
    "PreferredLanguage",
    "Locale",
    "Timezone",
    "Photos",
    "Website",
    "Birthdate",
    "Roles",
];

/// A user of whom nothing is known yet.
pub fn blank(id: String, now: Timestamp) -> UserRecord {
    let user = User {
        id,
        username: String::new(),
        display_name: String::new(),
        email: String::new(),
        email_verified: false,
        groups: Vec::new(),
        enabled: true,
        profile: Profile::default(),
        created: now,
        updated: now,
    };
    UserRecord { user, more: Map::new(), revision: 1 }
}

/// Makes a user.
pub fn create_user(call: &Call<'_>) -> Outcome {
    let (store, body) = (call.identity_store()?, call.body());
    let id = call.instance.ids().random();
    let mut record = blank(id, call.instance.now());
    for required in ["UserName", "DisplayName"] {
        body.get(required).ok_or_else(|| missing(required))?;
    }
    for member in MEMBERS {
        if let Some(value) = body.get(member) {
            attributes::set(&mut record, &attributes::camel(member), Some(value))?;
        }
    }
    if let Some(extensions) = body.object("Extensions")? {
        for (name, value) in extensions.0.as_object().into_iter().flatten() {
            attributes::set(&mut record, name, Some(value))?;
        }
    }
    let id = &record.user.id;
    let entry = call.entry(json!({ "user_id": id }));
    if !call.instance.store.create_user(&record, &entry)? {
        return Err(taken("UserName or Email"));
    }
    Ok::<Value, _>(json!({
        "IdentityStoreId": store,
        "UserId": id,
        "UserArn": Kind::User.arn(id),
        "Revision": record.revision.to_string(),
    }))
}
