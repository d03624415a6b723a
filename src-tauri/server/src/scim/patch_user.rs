//! PatchUser: PATCH `/Users/{id}`, all operations or none.

use serde_json::json;

use super::{
    Call, Outcome, get_user, patch, user,
    wire::{Answer, ScimError},
};
use crate::store::{Provision, ProvisionedUser};

/// Changes some of a user's attributes.
pub fn patch_user(call: &Call<'_>) -> Outcome {
    let change = |found: &mut ProvisionedUser| {
        let mut wanted = user::attributes(found);
        patch::patch(&mut wanted, &call.body)?;
        user::change(found, &wanted)
    };
    let entry = call.entry(json!({ "user_id": call.id }));
    match call.instance.store.reprovision_user(&call.id, call.instance.now(), &entry, change)? {
        Provision::Taken(what) => Err(ScimError::taken(what)),
        Provision::OfAdministrator(what) => Err(ScimError::of_administrator(what)),
        Provision::Refused(error) => Err(error),
        Provision::Missing => Err(ScimError::not_found("User")),
        _ => Ok(Answer::of(user::written(call, &get_user::find(call)?))),
    }
}
