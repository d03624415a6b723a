//! PatchUser: PATCH `/Users/{id}`, all operations or none.

use serde_json::json;

use super::{
    Call, Outcome, get_user, patch, user,
    wire::{Answer, settled},
};
use crate::store::{By, ProvisionedUser};

/// Changes some of a user's attributes.
pub fn patch_user(call: &Call<'_>) -> Outcome {
    let change = |found: &mut ProvisionedUser| {
        let mut wanted = user::attributes(found);
        patch::patch(&mut wanted, &call.body)?;
        user::change(found, &wanted)
    };
    let entry = call.entry(json!({ "user_id": call.id }));
    let (store, now) = (&call.instance.store, call.instance.now());
    settled(store.reprovision_user(By::Provisioning, &call.id, now, &entry, change)?, "User")?;
    Ok(Answer::of(user::written(call, &get_user::find(call)?)))
}
