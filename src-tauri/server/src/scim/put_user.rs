//! PutUser: PUT `/Users/{id}`, with all attributes. Who is not said to be active or not stays as they are.

use serde_json::json;

use super::{
    Call, Outcome, attributes, get_user, user,
    wire::{Answer, settled},
};
use crate::store::{By, ProvisionedUser};

/// Replaces a user's attributes.
pub fn put_user(call: &Call<'_>) -> Outcome {
    let wanted = attributes::read(&call.body)?;
    let entry = call.entry(json!({ "user_id": call.id }));
    let (store, now) = (&call.instance.store, call.instance.now());
    let change = |found: &mut ProvisionedUser| user::change(found, &wanted);
    settled(store.reprovision_user(By::Provisioning, &call.id, now, &entry, change)?, "User")?;
    Ok(Answer::of(user::written(call, &get_user::find(call)?)))
}
