//! ListGroups: GET `/Groups`, all of them, those of a user, or the one that a filter names; with a group and a user,
//! whether the one is in the other.

use super::{
    Call, Outcome, group,
    list::{Asked, text},
    path::Condition,
    wire::{Kind, ScimError},
};
use crate::store::ProvisionedGroup;

/// A page of groups.
pub fn list_groups(call: &Call<'_>) -> Outcome {
    let (asked, store) = (Asked::read(&call.query)?, &call.instance.store);
    let write = |found: &ProvisionedGroup| group::written(call, found);
    if asked.filter.is_empty() {
        let (wanted, limit) = asked.wanted();
        let found = store.provisioned_groups(wanted, limit)?;
        let total = store.directory_size(true)?;
        return Ok(asked.answer(found, Some(total), |group| &group.record.group.name, write));
    }
    for condition in &asked.filter {
        if !["id", "displayname", "externalid", "members", "members.value"]
            .contains(&name(condition).as_str())
        {
            let words = format!("Groups cannot be filtered by {}.", super::path::short(&condition.attribute));
            return Err(ScimError::bad(Kind::InvalidFilter, words));
        }
    }
    let by = |names: &[&str]| asked.filter.iter().find(|condition| names.contains(&name(condition).as_str()));
    let one = if let Some(id) = by(&["id"]) {
        store.provisioned_group(&text(id)?.to_lowercase())?
    } else if let Some(called) = by(&["displayname"]) {
        store.provisioned_group_by("displayName", text(called)?)?
    } else if let Some(external_id) = by(&["externalid"]) {
        store.provisioned_group_by("externalId", text(external_id)?)?
    } else {
        let [member] = asked.filter.as_slice() else {
            return Err(ScimError::bad(Kind::InvalidFilter, "members can be asked for once."));
        };
        let user = text(member)?.to_lowercase();
        let (wanted, limit) = asked.wanted_of(&user);
        let found = store.provisioned_groups(wanted, limit)?;
        return Ok(asked.answer(found, None, |group| &group.record.group.id, write));
    };
    let mut found = Vec::new();
    if let Some(one) = one
        && is_meant(call, &one, &asked.filter)?
    {
        found.push(one);
    }
    Ok(asked.answer(found, None, |group| &group.record.group.name, write))
}

fn name(condition: &Condition) -> String {
    condition.attribute.to_ascii_lowercase()
}

fn is_meant(call: &Call<'_>, group: &ProvisionedGroup, filter: &[Condition]) -> Result<bool, ScimError> {
    let inner = &group.record.group;
    for condition in filter {
        let value = text(condition)?;
        let same = match name(condition).as_str() {
            "id" => inner.id.eq_ignore_ascii_case(value),
            "displayname" => inner.name == value,
            "externalid" => group.external_id.as_deref() == Some(value),
            _ => call.instance.store.membership_of(&inner.id, &value.to_lowercase())?.is_some(),
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}
