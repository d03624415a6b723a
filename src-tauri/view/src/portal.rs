//! The portal of one organisation as the window shows it.

use crate::{
    ui_portal::{UiAccount, UiChange, UiPortal, UiRole},
    words::{group_account_id, ui_environment, ui_sensitivity},
};
use engine::{
    Snapshot,
    model::{
        environment::{Act, classify, needs_confirm, sensitivity},
        ids::OrgId,
        portal::{AccessChange, Account},
    },
    snapshot::OrganisationNow,
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What an organisation's portal lists; `None` when there is no such organisation.
#[must_use]
pub fn ui_portal(s: &Snapshot, org: &OrgId) -> Option<UiPortal> {
    let o = s.organisations.iter().find(|o| o.organisation.id == *org)?;
    let mut accounts: Vec<UiAccount> = o.portal.accounts.iter().map(|a| account(o, a)).collect();
    accounts.sort_by_cached_key(|a| (a.name.to_lowercase(), a.id.clone()));
    Some(UiPortal {
        org: org.to_string(),
        revision: revision(o),
        accounts,
        changes: o.portal.changes.iter().map(|c| change(s, c)).collect(),
    })
}

/// Changes whenever [`ui_portal`] does: made from all that goes into it.
#[must_use]
pub fn revision(o: &OrganisationNow) -> String {
    let mut hash = DefaultHasher::new();
    for account in &o.portal.accounts {
        (&account.id, &account.name, &account.email, &account.roles).hash(&mut hash);
    }
    for change in &o.portal.changes {
        (change.gained, &change.account, &change.role, change.noticed.as_millisecond()).hash(&mut hash);
    }
    o.labels.hash(&mut hash);
    format!("{:016x}", hash.finish())
}

fn account(o: &OrganisationNow, a: &Account) -> UiAccount {
    let found = classify(&a.name, a.id.as_str(), a.email.as_deref(), o.labels.get(&a.id).copied());
    let roles = a.roles.as_ref().map(|roles| {
        roles
            .iter()
            .map(|role| {
                let level = sensitivity(role.as_str());
                let confirm = |act| needs_confirm(found.environment, level, act);
                UiRole {
                    name: role.to_string(),
                    sensitivity: ui_sensitivity(level),
                    confirm_console: confirm(Act::OpenConsole),
                    confirm_copy: confirm(Act::CopyKeys),
                    confirm_keep: confirm(Act::KeepFresh),
                    suggested_profile: suggested_profile(&a.name, role.as_str()),
                }
            })
            .collect()
    });
    UiAccount {
        id: a.id.to_string(),
        id_grouped: group_account_id(a.id.as_str()),
        name: a.name.clone(),
        email: a.email.clone(),
        environment: ui_environment(&found),
        roles,
    }
}

/// `payments-dev-poweruser`: letters, digits and dashes of the account's and the role's name.
fn suggested_profile(account: &str, role: &str) -> String {
    let text = format!("{account}-{role}").to_lowercase();
    let dashed: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn change(s: &Snapshot, c: &AccessChange) -> UiChange {
    let profile = s
        .profiles
        .iter()
        .find(|p| p.kept.grant.account == c.account && p.kept.grant.role == c.role)
        .map(|p| p.kept.profile.as_str());
    let (title, meaning) = if c.gained {
        (format!("New: {} in {}", c.role, c.account_name), "You can open it from now on.".to_owned())
    } else {
        let meaning = match profile {
            Some(name) => {
                format!(
                    "It was removed by an administrator. Profile \"{name}\" stops when its credentials expire."
                )
            }
            None => "It was removed by an administrator.".to_owned(),
        };
        (format!("You no longer have {} in {}", c.role, c.account_name), meaning)
    };
    UiChange {
        gained: c.gained,
        account: c.account.to_string(),
        role: c.role.to_string(),
        noticed: c.noticed.as_millisecond(),
        title,
        meaning,
    }
}
