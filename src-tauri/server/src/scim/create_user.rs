//! CreateUser: POST `/Users`. Who is made here signs in at the identity provider, and has no password here.

use serde_json::json;

use super::{
    Call, Outcome, attributes, user,
    wire::{Answer, ScimError},
};
use crate::{
    admin::blank_user,
    store::{Provision, ProvisionedUser},
};

/// Makes a user.
pub fn create_user(call: &Call<'_>) -> Outcome {
    let wanted = attributes::read(&call.body)?;
    let id = call.instance.ids().random();
    let mut made = ProvisionedUser { record: blank_user(id.clone(), call.instance.now()), external_id: None };
    user::change(&mut made, &wanted)?;
    let entry = call.entry(json!({ "user_id": id }));
    match call.instance.store.provision_user(&made, &entry)? {
        Provision::Taken(what) => Err(ScimError::taken(what)),
        _ => Ok(Answer::created(user::written(call, &made))),
    }
}
