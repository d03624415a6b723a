//! An account as a row needs it: name and environment.

use engine::{
    Snapshot,
    model::{
        environment::{Classified, Environment, classify},
        ids::Grant,
    },
};

/// The name and class of a grant's account; its number where the portal does not list it.
pub(crate) fn account_of(s: &Snapshot, grant: &Grant) -> (String, Environment) {
    let (name, classified) = classified(s, grant);
    (name, classified.environment)
}

/// The name and class of a grant's account, with the reason.
pub(crate) fn classified(s: &Snapshot, grant: &Grant) -> (String, Classified) {
    let org = s.organisations.iter().find(|o| o.organisation.id == grant.org);
    let account = org.and_then(|o| o.portal.accounts.iter().find(|a| a.id == grant.account));
    let label = org.and_then(|o| o.labels.get(&grant.account).copied());
    // A profile remembers its account's name when the portal lists it no more.
    let remembered =
        || s.profiles.iter().find(|p| p.kept.grant.account == grant.account).map(|p| p.account_name.clone());
    let name = match account {
        Some(account) => account.name.clone(),
        None => remembered().unwrap_or_else(|| crate::words::group_account_id(grant.account.as_str())),
    };
    let found =
        classify(&name, grant.account.as_str(), account.and_then(|a| a.email.as_deref()), label, &s.rules);
    (name, found)
}
