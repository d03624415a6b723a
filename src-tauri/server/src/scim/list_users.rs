//! ListUsers: GET `/Users`, all of them, those in a group, or the one that a filter names.

use super::{
    Call, Outcome,
    list::{Asked, text},
    path::Condition,
    user,
    wire::{Kind, ScimError},
};
use crate::store::ProvisionedUser;

/// A page of users.
pub fn list_users(call: &Call<'_>) -> Outcome {
    let (asked, store) = (Asked::read(&call.query)?, &call.instance.store);
    let write = |found: &ProvisionedUser| user::written(call, found);
    if asked.filter.is_empty() {
        let (wanted, limit) = asked.wanted();
        let found = store.provisioned_users(wanted, limit)?;
        let total = store.directory_size(false)?;
        return Ok(asked.answer(found, Some(total), |user| &user.record.user.username, write));
    }
    for condition in &asked.filter {
        if !["id", "username", "externalid", "groups.value", "groups", "manager", "enterprise.manager"]
            .contains(&name(condition).as_str())
        {
            let words = format!("Users cannot be filtered by {}.", super::path::short(&condition.attribute));
            return Err(ScimError::bad(Kind::InvalidFilter, words));
        }
    }
    let by = |names: &[&str]| asked.filter.iter().find(|condition| names.contains(&name(condition).as_str()));
    let one = if let Some(id) = by(&["id"]) {
        store.provisioned_user(&text(id)?.to_lowercase())?
    } else if let Some(username) = by(&["username"]) {
        store.provisioned_user_by("userName", &text(username)?.to_lowercase())?
    } else if let Some(external_id) = by(&["externalid"]) {
        store.provisioned_user_by("externalId", text(external_id)?)?
    } else if let Some(group) = by(&["groups.value", "groups"]) {
        if asked.filter.len() > 1 {
            return Err(ScimError::bad(
                Kind::InvalidFilter,
                "groups can be joined with id, userName or externalId.",
            ));
        }
        let group = text(group)?.to_lowercase();
        let (wanted, limit) = asked.wanted_of(&group);
        let found = store.provisioned_users(wanted, limit)?;
        return Ok(asked.answer(found, None, |user| &user.record.user.id, write));
    } else {
        return Err(ScimError::bad(Kind::InvalidFilter, "manager is joined with id."));
    };
    let mut found = Vec::new();
    if let Some(one) = one
        && is_meant(call, &one, &asked.filter)?
    {
        found.push(one);
    }
    Ok(asked.answer(found, None, |user| &user.record.user.username, write))
}

fn name(condition: &Condition) -> String {
    condition.attribute.to_ascii_lowercase()
}

fn is_meant(call: &Call<'_>, user: &ProvisionedUser, filter: &[Condition]) -> Result<bool, ScimError> {
    let inner = &user.record.user;
    for condition in filter {
        let value = text(condition)?;
        let same = match name(condition).as_str() {
            "id" => inner.id.eq_ignore_ascii_case(value),
            "username" => inner.username.eq_ignore_ascii_case(value),
            "externalid" => user.external_id.as_deref() == Some(value),
            "manager" | "enterprise.manager" => inner.profile.manager.as_deref() == Some(value),
            _ => call.instance.store.membership_of(&value.to_lowercase(), &inner.id)?.is_some(),
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}
