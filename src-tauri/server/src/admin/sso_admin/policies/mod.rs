//! What the roles of a permission set may do.

pub mod attach_customer_managed_policy_reference;
pub mod attach_managed_policy_to_permission_set;
pub mod delete_inline_policy_from_permission_set;
pub mod delete_permissions_boundary;
pub mod detach_customer_managed_policy_reference;
pub mod detach_managed_policy_from_permission_set;
pub mod get_inline_policy_for_permission_set;
pub mod get_permissions_boundary;
pub mod list_customer_managed_policy_references;
pub mod list_managed_policies_in_permission_set;
pub mod put_inline_policy_to_permission_set;
pub mod put_permissions_boundary;

use serde_json::{Value, json};

use super::too_many;
use crate::{
    admin::{
        body::{self, Body, missing},
        wire::AdminError,
    },
    domain::{inline_policy, managed_policies, policies},
    organisation::{Policies, PolicyReference},
};

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

/// `ManagedPolicyArn`
///
/// # Errors
/// [`AdminError`] if it is none of AWS's own policies.
pub fn managed<'v>(body: Body<'v>) -> Result<&'v str, AdminError> {
    let arn = body.sized("ManagedPolicyArn", 20..=2048)?.ok_or_else(|| missing("ManagedPolicyArn"))?;
    let path = arn.strip_prefix("arn:aws:iam::aws:policy/");
    if !path.is_some_and(|path| path.split('/').all(is_name)) {
        let words = "arn:aws(-[a-z]{1,5}){0,3}:iam::aws:policy((/[A-Za-z0-9\\.,\\+@=_-]+)*)/([A-Za-z0-9\\.,\\+=@_-]+)";
        return Err(body::pattern("ManagedPolicyArn", words));
    }
    Ok(arn)
}

/// Whether AWS may have a policy with this ARN: one that stands elsewhere is not there. A name that is on no list here
/// may be newer than the list.
///
/// # Errors
/// [`AdminError`] if it has none.
pub fn check_exists(arn: &str) -> Result<(), AdminError> {
    let name = arn.rsplit_once('/').map_or(arn, |(_, name)| name);
    if managed_policies::path_of(name).is_none() || managed_policies::is_known(arn) {
        return Ok(());
    }
    let words = format!("Policy does not exist with ARN: {arn}");
    Err(AdminError::modelled("ResourceNotFoundException", words))
}

/// `CustomerManagedPolicyReference`
///
/// # Errors
/// [`AdminError`] if it cannot be one.
pub fn reference(body: Body<'_>) -> Result<PolicyReference, AdminError> {
    let said = body.need_object("CustomerManagedPolicyReference")?;
    let name = said.sized("Name", 1..=128)?.ok_or_else(|| missing("Name"))?;
    let path = said.sized("Path", 1..=512)?.unwrap_or("/");
    if !is_name(name) {
        return Err(body::pattern("Name", "[\\w+=,.@-]+"));
    }
    let inner = path.strip_prefix('/').map(|path| path.strip_suffix('/').unwrap_or(path));
    let good = path == "/" || (path.ends_with('/') && inner.is_some_and(|path| path.split('/').all(is_name)));
    if !good {
        return Err(body::pattern("Path", "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/"));
    }
    Ok(PolicyReference { name: name.to_owned(), path: path.to_owned() })
}

fn written(reference: &PolicyReference) -> Value {
    json!({ "Name": reference.name, "Path": reference.path })
}

/// Whether a permission set may have all of its managed policies.
fn check_room(set: &Policies) -> Result<(), AdminError> {
    policies::check_count(set).map_err(too_many)
}

/// Whether an inline policy is one.
///
/// # Errors
/// [`AdminError`] with the place of the mistake.
pub fn check_inline(text: &str) -> Result<(), AdminError> {
    inline_policy::check(text)
        .map_err(|mistake| AdminError::validation(format!("The inline policy is not valid: {mistake}")))
}
