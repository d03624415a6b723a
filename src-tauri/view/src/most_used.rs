//! What is opened most, for orders and for the menu.

use crate::account::account_of;
use engine::{
    Snapshot,
    model::{
        environment::{Environment, Sensitivity, sensitivity},
        frecency::most_used,
        ids::{AccountId, AppRef, Grant, OrgId, Target},
    },
};
use std::collections::HashMap;

/// Accounts by how much their consoles are opened, the most first. Privileged roles in production do not
/// count: use must not bring what is dangerous to the top.
pub(crate) fn accounts(s: &Snapshot) -> Vec<(OrgId, AccountId)> {
    let mut harmless: HashMap<&Grant, bool> = HashMap::new();
    let launches = s.launched.iter().filter_map(|(target, at)| {
        let grant = target.role()?;
        let counts = *harmless.entry(grant).or_insert_with(|| {
            sensitivity(grant.role.as_str()) != Sensitivity::Privileged
                || account_of(s, grant).1 != Environment::Production
        });
        counts.then(|| ((grant.org.clone(), grant.account.clone()), *at))
    });
    most_used(launches.collect::<Vec<_>>(), s.at)
}

/// Applications by how much they are opened, the most first.
pub(crate) fn apps(s: &Snapshot) -> Vec<AppRef> {
    let launches = s.launched.iter().filter_map(|(target, at)| match target {
        Target::App(app) => Some((app.clone(), *at)),
        Target::Role(_) => None,
    });
    most_used(launches, s.at)
}
