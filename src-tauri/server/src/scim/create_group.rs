//! CreateGroup: POST `/Groups`, with up to 100 members.

use serde_json::{Value, json};

use super::{
    Call, Outcome,
    attributes::member,
    group::{self, MOST_MEMBERS},
    wire::{Answer, Kind, ScimError, settled},
};
use crate::{
    organisation::Group,
    store::{By, GroupRecord, MemberChange, ProvisionedGroup},
};

/// Makes a group.
pub fn create_group(call: &Call<'_>) -> Outcome {
    let body =
        call.body.as_object().ok_or_else(|| ScimError::bad(Kind::InvalidSyntax, "The body is no object."))?;
    let (id, now) = (call.instance.ids().random(), call.instance.now());
    let blank =
        Group { id: id.clone(), name: String::new(), description: String::new(), created: now, updated: now };
    let mut made = ProvisionedGroup { record: GroupRecord { group: blank, revision: 1 }, external_id: None };
    group::set_name(&mut made, member(body, "displayName"))?;
    group::set_external_id(&mut made, member(body, "externalId"))?;
    let members = match member(body, "members") {
        None | Some(Value::Null) => Vec::new(),
        Some(members) => group::members(members)?,
    };
    if members.len() > MOST_MEMBERS {
        return Err(ScimError::bad(Kind::TooMany, "A group can be made with 100 members."));
    }
    let members: Vec<MemberChange> = members
        .into_iter()
        .map(|user| MemberChange::Add { membership: call.instance.ids().random(), user })
        .collect();
    let entry = call.entry(json!({ "group_id": id }));
    settled(call.instance.store.provision_group(By::Provisioning, &made, &members, &entry)?, "Group")?;
    Ok(Answer::created(group::written(call, &made)))
}
