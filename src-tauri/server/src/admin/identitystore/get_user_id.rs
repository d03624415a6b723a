//! GetUserId: by user name or email address.

use serde_json::json;

use super::{Kind, bad_path};
use crate::admin::{Call, Outcome};

/// Finds a user.
pub fn get_user_id(call: &Call<'_>) -> Outcome {
    let id = call.identity_store()?;
    let found = match call.alternate_identifier()? {
        // Ids of other directories come with provisioning, which this server does not take.
        None => None,
        Some((path, value)) => {
            let user = call.instance.store.user_by_login(value)?;
            match path.as_str() {
                "userName" => user.filter(|user| user.username == value.to_lowercase()),
                "emails.value" => user.filter(|user| user.email.to_lowercase() == value.to_lowercase()),
                _ => return Err(bad_path(&path)),
            }
        }
    };
    let user = found.ok_or_else(|| Kind::User.not_found(""))?;
    Ok(json!({ "IdentityStoreId": id, "UserId": user.id, "UserArn": Kind::User.arn(&user.id) }))
}
