//! A person as attribute mappings see them.

use super::mapping::Attributes;
use crate::{instance::Instance, organisation::User};

/// What is known of a person.
pub fn attributes_of(instance: &Instance, user: &User) -> Attributes {
    Attributes {
        subject: user.username.clone(),
        email: user.email.clone(),
        name: user.display_name.clone(),
        given_name: user.given_name().to_owned(),
        family_name: user.family_name().to_owned(),
        preferred_username: user.username.clone(),
        groups: user.groups.clone(),
        group_ids: user.groups.iter().map(|group| group_id(instance, group)).collect(),
        ..Attributes::default()
    }
}

/// A group's stable id, in the form of a UUID.
fn group_id(instance: &Instance, group: &str) -> String {
    let hex = instance.key.public_id("group id", &[group], 32);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
