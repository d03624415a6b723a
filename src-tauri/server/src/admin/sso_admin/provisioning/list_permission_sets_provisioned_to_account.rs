//! ListPermissionSetsProvisionedToAccount.

use serde_json::json;

use super::super::{account_id, status};
use crate::{
    admin::{Call, Outcome, wire::AdminError},
    store::Provisioned,
};

/// A page of the permission sets in an account.
pub fn list_permission_sets_provisioned_to_account(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let (account, page) = (account_id(call.body(), "AccountId")?, call.page()?);
    let outdated = status::wants_outdated(call.body())?;
    let position = |known: &Provisioned| known.permission_set.clone();
    let found = page.filtered(
        |after, limit| Ok::<_, AdminError>(call.instance.store.provisioned_sets(account, after, limit)?),
        position,
        |known| outdated.is_none_or(|outdated| known.is_outdated == outdated),
    )?;
    Ok(page.answer("PermissionSets", found, position, |known| json!(known.permission_set)))
}
