//! The identity store's API, 2020-06-15: users, groups and who is in them.

pub mod attributes;
mod create_group;
mod create_group_membership;
pub mod create_user;
mod delete_group;
mod delete_group_membership;
mod delete_user;
mod describe_group;
mod describe_group_membership;
mod describe_identity_store;
mod describe_user;
mod get_group_id;
mod get_group_membership_id;
mod get_user_id;
mod is_member_in_groups;
mod list_group_memberships;
mod list_group_memberships_for_member;
mod list_groups;
mod list_identity_stores;
mod list_users;
#[cfg(test)]
mod tests;
mod update_group;
mod update_user;

use serde_json::{Map, Value, json};

use super::{Call, Known, Operation, body, body::Body, wire::AdminError};
use crate::store::{GroupRecord, Membership};

pub(super) const OPERATIONS: &[Known] = &[
    of("CreateGroup", create_group::create_group),
    of("CreateGroupMembership", create_group_membership::create_group_membership),
    of("CreateUser", create_user::create_user),
    of("DeleteGroup", delete_group::delete_group),
    of("DeleteGroupMembership", delete_group_membership::delete_group_membership),
    of("DeleteUser", delete_user::delete_user),
    of("DescribeGroup", describe_group::describe_group),
    of("DescribeGroupMembership", describe_group_membership::describe_group_membership),
    of("DescribeIdentityStore", describe_identity_store::describe_identity_store),
    of("DescribeUser", describe_user::describe_user),
    of("GetGroupId", get_group_id::get_group_id),
    of("GetGroupMembershipId", get_group_membership_id::get_group_membership_id),
    of("GetUserId", get_user_id::get_user_id),
    of("IsMemberInGroups", is_member_in_groups::is_member_in_groups),
    of("ListGroupMemberships", list_group_memberships::list_group_memberships),
    of("ListGroupMembershipsForMember", list_group_memberships_for_member::list_group_memberships_for_member),
    of("ListGroups", list_groups::list_groups),
    of("ListIdentityStores", list_identity_stores::list_identity_stores),
    of("ListUsers", list_users::list_users),
    of("UpdateGroup", update_group::update_group),
    of("UpdateUser", update_user::update_user),
];

const fn of(name: &'static str, run: Operation) -> Known {
    let (target, service) = ("AWSIdentityStore", "identitystore");
    Known { target, name, service, source: "identitystore.amazonaws.com", shown, run }
}

/// What people are called and where they live is not written down (CloudTrail, IAM Identity Center User Guide).
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
const SHOWN: [&str; 7] =
    ["IdentityStoreId", "UserId", "GroupId", "MembershipId", "GroupIds", "AttributePath", "Revision"];

fn shown(request: &Value) -> Value {
    match request {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let bare = SHOWN.contains(&name.as_str());
                (name.clone(), if bare { value.clone() } else { shown(value) })
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(members) => members.iter().map(shown).collect(),
        Value::String(_) => json!(HIDDEN),
        other => other.clone(),
    }
}

/// `ResourceType` of what is not there.
#[derive(Debug, Clone, Copy)]
enum Kind {
    User,
    Group,
    Membership,
}

impl Kind {
    fn resource_type(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Group => "GROUP",
            Self::Membership => "GROUP_MEMBERSHIP",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Membership => "membership",
        }
    }

    /// Its ARN without the id.
    fn prefix(self) -> String {
        format!("arn:aws:identitystore:::{}/", self.word())
    }

    fn arn(self, id: &str) -> String {
        format!("{}{id}", self.prefix())
    }

    fn not_found(self, id: &str) -> AdminError {
        let words = format!("{} not found.", self.resource_type());
        not_found(words, self.resource_type(), id)
    }

    /// The id under a member that has to be there, which may be an ARN.
    fn id(self, body: Body<'_>, member: &str) -> Result<String, AdminError> {
        let said = body.need(member)?;
        let id = said.strip_prefix(&self.prefix()).unwrap_or(said);
        // Identity stores of older AWS instances put their own id before.
        let bare = id.split_once('-').filter(|(first, _)| first.len() == 10).map_or(id, |(_, rest)| rest);
        if !body::is_uuid(bare) {
            let words =
                "([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}";
            return Err(body::pattern(member, words));
        }
        Ok(id.to_lowercase())
    }
}

fn not_found(words: impl Into<String>, kind: &str, id: &str) -> AdminError {
    AdminError::modelled("ResourceNotFoundException", words).with("ResourceType", kind).with("ResourceId", id)
}

fn conflict(words: &str, reason: &str) -> AdminError {
    AdminError::modelled("ConflictException", words).with("Reason", reason)
}

fn taken(what: &str) -> AdminError {
    conflict(&format!("Duplicate {what}"), "UNIQUENESS_CONSTRAINT_VIOLATION")
}

/// Whether the revision that the client knows, if it says one, is the newest.
fn check_revision(body: Body<'_>, revision: i64) -> Result<(), AdminError> {
    match body.text("Revision")? {
        Some(known) if known != revision.to_string() => {
            let words = "The resource was changed since the revision that was given.";
            Err(conflict(words, "CONCURRENT_MODIFICATION"))
        }
        _ => Ok(()),
    }
}

impl Call<'_> {
    /// Whether a directory elsewhere keeps what the request would change (IAM Identity Center User Guide: with Active
    /// Directory as the source, users and groups are changed there).
    ///
    /// # Errors
    /// `ConflictException` if it does.
    pub(super) fn check_source(&self) -> Result<(), AdminError> {
        let store = &self.instance.store;
        let body = self.body();
        let kept = match self.known.name {
            "CreateUser" => crate::ldap::is_source(self.instance)?,
            "UpdateUser" | "DeleteUser" => store.is_of_directory(&Kind::User.id(body, "UserId")?)?,
            "UpdateGroup" | "DeleteGroup" | "CreateGroupMembership" => {
                store.is_of_directory(&Kind::Group.id(body, "GroupId")?)?
            }
            "DeleteGroupMembership" => {
                let known = store.membership(&Kind::Membership.id(body, "MembershipId")?)?;
                known.map(|known| store.is_of_directory(&known.group_id)).transpose()?.unwrap_or_default()
            }
            _ => false,
        };
        if kept {
            let words = "The directory that is the identity source keeps this. Change it there.";
            // AWS documents no reason of its own for it.
            return Err(conflict(words, "CONCURRENT_MODIFICATION"));
        }
        Ok(())
    }

    /// The id of the store, if that is the one that the request names.
    fn identity_store(&self) -> Result<&str, AdminError> {
        let own = self.instance.addresses.directory_id();
        let said = self.body().need("IdentityStoreId")?;
        let id = match said.rsplit_once('/') {
            Some(_) if said == self.identity_store_arn() => own,
            Some(_) => "",
            None => said,
        };
        if id == own {
            return Ok(own);
        }
        Err(not_found("IdentityStore not found.", "IDENTITY_STORE", said))
    }

    /// `IdentityStoreArn`
    pub(super) fn identity_store_arn(&self) -> String {
        let (account, id) =
            (&self.instance.settings().management_account, self.instance.addresses.directory_id());
        format!("arn:aws:identitystore::{account}:identitystore/{id}")
    }

    /// The user under `MemberId`.
    fn member(&self) -> Result<String, AdminError> {
        let id = Kind::User.id(self.body().need_object("MemberId")?, "UserId")?;
        self.instance.store.user(&id)?.ok_or_else(|| Kind::User.not_found(&id))?;
        Ok(id)
    }

    /// The group under `GroupId`.
    fn group(&self) -> Result<GroupRecord, AdminError> {
        let id = Kind::Group.id(self.body(), "GroupId")?;
        self.instance.store.group_record(&id)?.ok_or_else(|| Kind::Group.not_found(&id))
    }

    /// `Filters`, of which one may be given: its path, beginning in lower case, and its value.
    fn filter(&self) -> Result<Option<(String, &str)>, AdminError> {
        let filters = self.body().list("Filters", 0..=1)?.unwrap_or_default();
        let Some(filter) = filters.first().map(Body) else { return Ok(None) };
        Ok(Some((attributes::camel(filter.need("AttributePath")?), filter.need("AttributeValue")?)))
    }

    /// `AlternateIdentifier`: path, beginning in lower case, and value; `None` for an id of another directory.
    fn alternate_identifier(&self) -> Result<Option<(String, &str)>, AdminError> {
        let identifier = self.body().need_object("AlternateIdentifier")?;
        match (identifier.object("UniqueAttribute")?, identifier.object("ExternalId")?) {
            (Some(unique), None) => {
                let path = attributes::camel(unique.need("AttributePath")?);
                Ok(Some((path, unique.need("AttributeValue")?)))
            }
            (None, Some(external)) => {
                external.need("Issuer")?;
                external.need("Id")?;
                Ok(None)
            }
            _ => Err(AdminError::validation("AlternateIdentifier must have exactly one of its members.")),
        }
    }
}

fn bad_path(path: &str) -> AdminError {
    AdminError::validation(format!("The attribute path {path} is not supported here."))
}

fn written_group(store: &str, record: &GroupRecord) -> Value {
    let GroupRecord { group, revision } = record;
    let mut written = json!({
        "IdentityStoreId": store,
        "GroupId": group.id,
        "GroupArn": Kind::Group.arn(&group.id),
        "Revision": revision.to_string(),
        "DisplayName": group.name,
        "CreatedAt": seconds(group.created),
        "UpdatedAt": seconds(group.updated),
    });
    if !group.description.is_empty() {
        written["Description"] = json!(group.description);
    }
    written
}

fn written_membership(store: &str, membership: &Membership) -> Value {
    json!({
        "IdentityStoreId": store,
        "MembershipId": membership.id,
        "MembershipArn": Kind::Membership.arn(&membership.id),
        "GroupId": membership.group_id,
        "MemberId": { "UserId": membership.user_id },
    })
}

/// Epoch seconds with a fraction, as JSON 1.1 has moments.
pub(super) fn seconds(moment: jiff::Timestamp) -> f64 {
    moment.as_duration().as_secs_f64()
}
