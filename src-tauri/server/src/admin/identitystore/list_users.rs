//! ListUsers: by user name, or the one that a filter names.

use super::{attributes, bad_path};
use crate::{
    admin::{Call, Outcome},
    store::UserRecord,
};

/// A page of users.
pub fn list_users(call: &Call<'_>) -> Outcome {
    let (id, body, store) = (call.identity_store()?, call.body(), &call.instance.store);
    let page = call.page()?;
    let extensions = body.list("Extensions", 1..=10)?.unwrap_or_default();
    let users = match call.filter()? {
        None => store.user_records(page.after(), page.wanted())?,
        Some((path, value)) => match path.as_str() {
            "userName" => {
                let found = store.user_by_login(value)?;
                let found = found.filter(|user| user.username == value.to_lowercase());
                found.map(|user| store.user_record(&user.id)).transpose()?.flatten().into_iter().collect()
            }
            // Ids of other directories are found by SCIM.
            "externalId" => Vec::new(),
            _ => return Err(bad_path(&path)),
        },
    };
    let position = |record: &UserRecord| record.user.username.clone();
    Ok(page.answer("Users", users, position, |record| attributes::written(id, record, extensions)))
}
