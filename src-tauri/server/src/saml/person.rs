//! A person as attribute mappings see them.

use super::mapping::Attributes;
use crate::{instance::Instance, organisation::User, store::StoreError};

/// What is known of a person. Groups are named by the ids that they have in the directory: one that is made anew
/// under an old name is another, and opens nothing that the old one opened.
///
/// # Errors
/// [`StoreError`] if their groups cannot be looked up.
pub fn attributes_of(instance: &Instance, user: &User) -> Result<Attributes, StoreError> {
    let (groups, group_ids) = instance.store.groups_of(&user.id)?.into_iter().unzip();
    Ok(Attributes {
        subject: user.username.clone(),
        email: user.email.clone(),
        name: user.display_name.clone(),
        given_name: user.given_name().to_owned(),
        family_name: user.family_name().to_owned(),
        preferred_username: user.username.clone(),
        groups,
        group_ids,
        ..Attributes::default()
    })
}
