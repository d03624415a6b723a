//! Who has which permission set in which account.

pub mod create_account_assignment;
pub mod delete_account_assignment;
pub mod describe_creation_status;
pub mod describe_deletion_status;
pub mod list_account_assignments;
pub mod list_account_assignments_for_principal;
pub mod list_creation_status;
pub mod list_deletion_status;

use serde_json::{Value, json};

use super::{account_id, status};
use crate::{
    admin::{Call, Outcome, wire::AdminError},
    organisation::Assignment,
    store::Wanted,
};

/// Keeps a request. What it names is looked for when it is its turn, but the permission set is now, as AWS does.
fn request(call: &Call<'_>, wanted: impl FnOnce(Assignment) -> Wanted, answer: &str) -> Outcome {
    call.own_instance()?;
    call.body().one_of("TargetType", &["AWS_ACCOUNT"])?;
    let account = account_id(call.body(), "TargetId")?;
    let (set, principal) = (call.permission_set()?, call.principal()?);
    let who = if principal.kind() == "USER" { "user_id" } else { "group_id" };
    let entry = call.entry(json!({ "role_name": set.name, "account_id": account, who: principal.id() }));
    let assignment = Assignment { account_id: account.to_owned(), permission_set: set.arn, principal };
    let request = call.instance.request_access(wanted(assignment), &entry)?;
    Ok::<Value, AdminError>(json!({ answer: status::written(&request) }))
}

fn written(assignment: &Assignment) -> Value {
    json!({
        "AccountId": assignment.account_id,
        "PermissionSetArn": assignment.permission_set,
        "PrincipalType": assignment.principal.kind(),
        "PrincipalId": assignment.principal.id(),
    })
}
