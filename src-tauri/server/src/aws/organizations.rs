//! Accounts and organizational units from AWS Organizations.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_organizations::{Client, types::ChildType};
use serde_json::json;

use super::{Aws, AwsError, Failure, failure};
use crate::{
    audit::{self, Event},
    instance::Shared,
    organisation::{Account, ROOT},
    store::{Organization, Synced},
};

/// How deep units stand at AWS (AWS Organizations User Guide, quotas), and one more that ends a walk in a circle.
const DEEPEST: usize = 6;

/// Reads AWS Organizations and takes over what it has; what came and went.
///
/// # Errors
/// [`AwsError`] if it cannot be read, which is remembered, or not be kept.
pub async fn sync(instance: &Shared, aws: &Arc<Aws>) -> Result<Synced, AwsError> {
    let management = instance.settings().management_account.clone();
    let read = read(&aws.clients.organizations(), &management).await;
    let taken = Shared::clone(instance).run(move |instance| {
        let (id, now) = (instance.chance.uuid(), instance.now());
        let organization = match read {
            Ok(organization) => organization,
            Err(failure) => {
                instance.store.add_failed_sync(&id, now, &failure.to_string())?;
                return Err(AwsError::from(failure));
            }
        };
        let record = |synced: &Synced| {
            let details = json!({ "Came": synced.came, "Went": synced.went, "Changed": synced.changed });
            let name = "SyncOrganization";
            instance.entry(&Event { source: audit::ORGANIZATIONS, name, details, ..Event::default() })
        };
        Ok(instance.store.take_organization(&organization, &id, now, &record)?)
    });
    let synced = taken.await?;
    // An account that is back may have roles to be made.
    aws.roles_wanted.notify_one();
    Ok(synced)
}

async fn read(client: &Client, management: &str) -> Result<Organization, Failure> {
    let described = client.describe_organization().send().await;
    let described = described.map_err(failure::of("organizations:DescribeOrganization"))?;
    let master = described.organization.and_then(|it| it.master_account_id).unwrap_or_default();
    if master != management {
        let text = format!(
            "the credentials lead to the organization of account {master}, but this server's organisation says that \
             its management account is {management}"
        );
        return Err(Failure::own("organizations:DescribeOrganization", "OtherOrganization", text));
    }
    let doing = "organizations:ListRoots";
    let pages = failure::all(doing, client.list_roots().into_paginator().send()).await?;
    let root = pages.into_iter().flat_map(|page| page.roots.unwrap_or_default()).find_map(|root| root.id);
    let root = root.ok_or_else(|| Failure::own(doing, "NoRoot", "the organization has no root"))?;
    let mut organization = Organization::default();
    organization.units.insert(String::new(), root.clone());
    let mut unit_of: BTreeMap<String, String> = BTreeMap::new();
    let mut left = vec![(root, String::new(), 0)];
    while let Some((parent, path, depth)) = left.pop() {
        for child in children(client, &parent, &ChildType::Account).await? {
            unit_of.insert(child, path.clone());
        }
        if depth >= DEEPEST {
            continue;
        }
        for (id, name) in units(client, &parent).await? {
            let below = if path.is_empty() { name } else { format!("{path}/{name}") };
            organization.units.insert(below.clone(), id.clone());
            left.push((id, below, depth + 1));
        }
    }
    let pages = client.list_accounts().into_paginator().send();
    let pages = failure::all("organizations:ListAccounts", pages).await?;
    for account in pages.into_iter().flat_map(|page| page.accounts.unwrap_or_default()) {
        let Some(id) = account.id else { continue };
        let path = unit_of.remove(&id).filter(|path| !path.is_empty());
        let status = account.status.map(|status| status.as_str().to_owned());
        let is_suspended = status.is_some_and(|status| status != "ACTIVE");
        let account = Account {
            name: account.name.unwrap_or_else(|| id.clone()),
            email: account.email.unwrap_or_default(),
            ou: path.unwrap_or_else(|| ROOT.to_owned()),
            id,
        };
        organization.accounts.push((account, is_suspended));
    }
    Ok(organization)
}

async fn children(client: &Client, parent: &str, kind: &ChildType) -> Result<Vec<String>, Failure> {
    let pages = client.list_children().parent_id(parent).child_type(kind.clone()).into_paginator().send();
    let pages = failure::all("organizations:ListChildren", pages).await?;
    let all = pages.into_iter().flat_map(|page| page.children.unwrap_or_default());
    Ok(all.filter_map(|child| child.id).collect())
}

/// Ids and names. A name may have slashes, which part the units of a path here.
async fn units(client: &Client, parent: &str) -> Result<Vec<(String, String)>, Failure> {
    let pages = client.list_organizational_units_for_parent().parent_id(parent).into_paginator().send();
    let pages = failure::all("organizations:ListOrganizationalUnitsForParent", pages).await?;
    let all = pages.into_iter().flat_map(|page| page.organizational_units.unwrap_or_default());
    let named = all.filter_map(|unit| Some((unit.id?, unit.name?.replace('/', "-"))));
    Ok(named.collect())
}
