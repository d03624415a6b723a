//! CreateUser: POST `/Users`. Who is made here signs in at the identity provider, and has no password here.

use serde_json::json;

use super::{
    Call, Outcome, attributes, user,
    wire::{Answer, settled},
};
use crate::{
    admin::blank_user,
    store::{By, ProvisionedUser},
};

/// Makes a user.
pub fn create_user(call: &Call<'_>) -> Outcome {
    let wanted = attributes::read(&call.body)?;
    let id = call.instance.ids().random();
    let mut made = ProvisionedUser { record: blank_user(id.clone(), call.instance.now()), external_id: None };
    user::change(&mut made, &wanted)?;
    let entry = call.entry(json!({ "user_id": id }));
    settled(call.instance.store.provision_user(By::Provisioning, &made, &entry)?, "User")?;
    Ok(Answer::created(user::written(call, &made)))
}
