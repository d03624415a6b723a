//! PutUser: PUT `/Users/{id}`, with all attributes. Who is not said to be active or not stays as they are.

use serde_json::json;

use super::{
    Call, Outcome, attributes, get_user, user,
    wire::{Answer, ScimError},
};
use crate::store::Provision;

/// Replaces a user's attributes.
pub fn put_user(call: &Call<'_>) -> Outcome {
    let wanted = attributes::read(&call.body)?;
    let entry = call.entry(json!({ "user_id": call.id }));
    let (store, now) = (&call.instance.store, call.instance.now());
    match store.reprovision_user(&call.id, now, &entry, |found| user::change(found, &wanted))? {
        Provision::Taken(what) => Err(ScimError::taken(what)),
        Provision::OfAdministrator(what) => Err(ScimError::of_administrator(what)),
        Provision::Refused(error) => Err(error),
        Provision::Missing => Err(ScimError::not_found("User")),
        _ => Ok(Answer::of(user::written(call, &get_user::find(call)?))),
    }
}
