//! A group as provisioning tells it: without its members, as AWS has it. Who is in a group is asked with a filter.

use serde_json::{Value, json};

use super::{
    Call,
    attributes::{Attributes, member},
    patch::{Operation, Verb},
    path::{GROUP, Path, short},
    wire::{Kind, ScimError},
};
use crate::{
    admin::check_reserved_name,
    store::{MemberChange, ProvisionedGroup},
};

/// As AWS has it (SCIM guide, CreateGroup and PatchGroup).
pub const MOST_MEMBERS: usize = 100;
const LONGEST_NAME: usize = 1024;

/// The whole resource.
pub fn written(call: &Call<'_>, group: &ProvisionedGroup) -> Value {
    let inner = &group.record.group;
    let mut written = json!({
        "schemas": [GROUP],
        "id": inner.id,
        "meta": call.meta("Group", "Groups", &inner.id, inner.created, inner.updated),
        "displayName": inner.name,
    });
    if let Some(external_id) = &group.external_id {
        written["externalId"] = json!(external_id);
    }
    written
}

/// Names a group.
///
/// # Errors
/// `invalidValue` if it cannot be called so.
pub fn set_name(group: &mut ProvisionedGroup, value: Option<&Value>) -> Result<(), ScimError> {
    let name = value.and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ScimError::value("displayName is required."))?;
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(ScimError::value(
            "displayName can have 1024 characters, none of them a control character.",
        ));
    }
    check_reserved_name("displayName", name)?;
    name.clone_into(&mut group.record.group.name);
    Ok(())
}

/// The same, from elsewhere than a request.
///
/// # Errors
/// [`ScimError`] if it cannot be called that.
pub fn rename(group: &mut ProvisionedGroup, name: &str) -> Result<(), ScimError> {
    set_name(group, Some(&Value::from(name)))
}

/// Sets what the provider calls a group.
///
/// # Errors
/// `invalidValue` if that is no text.
pub fn set_external_id(group: &mut ProvisionedGroup, value: Option<&Value>) -> Result<(), ScimError> {
    let id = match value {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if id.chars().count() <= 256 => Some(id.clone()).filter(|id| !id.is_empty()),
        Some(_) => return Err(ScimError::value("externalId must be a string of up to 256 characters.")),
    };
    group.external_id = id;
    Ok(())
}

/// The ids in a list of members.
///
/// # Errors
/// `invalidValue` if it is something else.
pub fn members(value: &Value) -> Result<Vec<String>, ScimError> {
    let wrong = || ScimError::value("members must be a list of objects with a value, the id of a user.");
    let one = |member: &Value| match member {
        Value::String(id) => Ok(id.to_lowercase()),
        Value::Object(parts) => {
            let id = self::member(parts, "value").and_then(Value::as_str);
            id.map(str::to_lowercase).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    };
    match value {
        Value::Array(listed) => listed.iter().map(one).collect(),
        Value::Object(_) => Ok(vec![one(value)?]),
        _ => Err(wrong()),
    }
}

/// Does one operation to a group; who comes and goes is added to the changes.
///
/// # Errors
/// [`ScimError`] if it cannot be done.
pub fn apply(
    call: &Call<'_>,
    group: &mut ProvisionedGroup,
    operation: &Operation<'_>,
    changes: &mut Vec<MemberChange>,
) -> Result<(), ScimError> {
    let Operation { verb, path, value } = *operation;
    let value = value.unwrap_or(&Value::Null);
    let Some(path) = path else {
        let members: &Attributes = value
            .as_object()
            .ok_or_else(|| ScimError::value("Without a path the value must be an object."))?;
        for (name, value) in members {
            // Okta sends the id along; what is not known here is not kept.
            let known = ["displayName", "externalId", "members"].iter().any(|n| n.eq_ignore_ascii_case(name));
            if known {
                change(call, group, verb, &Path::read(name)?, value, changes)?;
            }
        }
        return Ok(());
    };
    change(call, group, verb, &Path::read(path)?, value, changes)
}

fn change(
    call: &Call<'_>,
    group: &mut ProvisionedGroup,
    verb: Verb,
    path: &Path,
    value: &Value,
    changes: &mut Vec<MemberChange>,
) -> Result<(), ScimError> {
    let name = path.attribute.as_deref().unwrap_or_default();
    let is = |known: &str| !path.extension && name.eq_ignore_ascii_case(known);
    if is("displayName") {
        return match verb {
            Verb::Remove => {
                Err(ScimError::bad(Kind::Mutability, "displayName is required and cannot be removed."))
            }
            _ => set_name(group, Some(value)),
        };
    }
    if is("externalId") {
        return set_external_id(group, Some(value).filter(|_| verb != Verb::Remove));
    }
    if !is("members") {
        let words = format!("The attribute {} of groups is not supported.", short(name));
        return Err(ScimError::bad(Kind::InvalidPath, words));
    }
    let all = |words: &str| Err(ScimError::bad(Kind::Mutability, words));
    let named = match (verb, &path.filter) {
        (Verb::Remove, Some(filter)) => match filter.as_slice() {
            [one] if one.attribute.eq_ignore_ascii_case("value") => members(&json!([one.value]))?,
            _ => return Err(ScimError::bad(Kind::InvalidFilter, "Members are picked by value eq.")),
        },
        (_, Some(_)) => return Err(ScimError::bad(Kind::InvalidPath, "Members are added by a list.")),
        (Verb::Remove, None) if value.is_null() => {
            return all("Not all members can be removed at once. Name up to 100 of them.");
        }
        (Verb::Replace, None) => {
            return all("All members cannot be replaced at once. Add and remove up to 100 of them.");
        }
        (_, None) => members(value)?,
    };
    for user in named {
        changes.push(match verb {
            Verb::Remove => MemberChange::Remove(user),
            _ => MemberChange::Add { membership: call.instance.ids().random(), user },
        });
    }
    if changes.len() > MOST_MEMBERS {
        return Err(ScimError::bad(Kind::TooMany, "A request can add and remove 100 members."));
    }
    Ok(())
}
