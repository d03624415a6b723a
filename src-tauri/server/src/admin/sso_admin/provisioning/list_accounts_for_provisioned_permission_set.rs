//! ListAccountsForProvisionedPermissionSet.

use serde_json::json;

use super::super::status;
use crate::{
    admin::{Call, Outcome, wire::AdminError},
    store::Provisioned,
};

/// A page of the accounts that have a permission set.
pub fn list_accounts_for_provisioned_permission_set(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let (set, page) = (call.permission_set()?, call.page()?);
    let outdated = status::wants_outdated(call.body())?;
    let position = |known: &Provisioned| known.account_id.clone();
    let found = page.filtered(
        |after, limit| Ok::<_, AdminError>(call.instance.store.provisioned_accounts(&set.arn, after, limit)?),
        position,
        |known| outdated.is_none_or(|outdated| known.is_outdated == outdated),
    )?;
    Ok(page.answer("AccountIds", found, position, |known| json!(known.account_id)))
}
