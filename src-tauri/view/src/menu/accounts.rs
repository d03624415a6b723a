//! The submenu of accounts: favourites' accounts first in line, then those used most, shown A-Z.

use super::{Entry, Intent, label, opens};
use crate::most_used;
use engine::{
    Snapshot,
    model::{
        environment::{Sensitivity, classify, sensitivity},
        ids::{AccountId, Grant, OrgId},
        portal::Account,
    },
    request::Show,
    snapshot::OrganisationNow,
};
use std::collections::HashMap;

/// Roles of one account.
const ROLES: usize = 12;

pub(super) fn submenu(s: &Snapshot) -> Entry {
    let all: Vec<(&OrganisationNow, &Account)> =
        s.organisations.iter().flat_map(|o| o.portal.accounts.iter().map(move |a| (o, a))).collect();
    // A rank, not a search for each account: a thousand accounts must not slow the menu down.
    let starred = s.favourites.iter().filter_map(|t| t.role()).map(|g| (g.org.clone(), g.account.clone()));
    let mut used: HashMap<(OrgId, AccountId), usize> = HashMap::new();
    for (place, account) in starred.chain(most_used::accounts(s)).enumerate() {
        used.entry(account).or_insert(place);
    }
    let rank = |(o, a): &(&OrganisationNow, &Account)| {
        used.get(&(o.organisation.id.clone(), a.id.clone())).copied().unwrap_or(usize::MAX)
    };
    let mut shown = all.clone();
    shown.sort_by_cached_key(|row| (rank(row), row.1.name.to_lowercase()));
    // With the row for all of them.
    shown.truncate(s.settings.tray.accounts() - 1);
    shown.sort_by_key(|(_, a)| (a.name.to_lowercase(), a.id.clone()));
    let mut rows: Vec<Entry> = shown
        .iter()
        .map(|(o, a)| {
            let alike = |(other, b): &&(&OrganisationNow, &Account)| {
                other.organisation.id != o.organisation.id && a.name == b.name
            };
            account(s, o, a, shown.iter().any(|row| alike(&row)).then_some(o.organisation.name.as_str()))
        })
        .collect();
    if !rows.is_empty() {
        let text = match (all.len(), s.chosen().filter(|_| s.organisations.len() > 1)) {
            (1, _) => "Show in Latchkey...".to_owned(),
            (n, None) => format!("All {n} accounts..."),
            // The window shows one organisation.
            (_, Some(o)) => label::around(&o.organisation.name, |name| format!("All accounts of {name}...")),
        };
        rows.push(Entry::item("accounts/all", &text, Intent::Show(Show::Search(String::new()))));
    }
    Entry::submenu("accounts", "Accounts", rows)
}

fn account(s: &Snapshot, o: &OrganisationNow, a: &Account, of: Option<&str>) -> Entry {
    let label_given = o.labels.get(&a.id).copied();
    let environment = classify(&a.name, a.id.as_str(), a.email.as_deref(), label_given, &s.rules).environment;
    let id = format!("account/{}/{}", o.organisation.id, a.id);
    let grant = |role: &engine::model::ids::RoleName| Grant {
        org: o.organisation.id.clone(),
        account: a.id.clone(),
        role: role.clone(),
    };
    // By its number, which no other account has.
    let in_window = Intent::ShowOf(o.organisation.id.clone(), Show::Search(a.id.to_string()));
    match a.roles.as_deref() {
        Some([only]) => {
            let text = label::account_and_role(&a.name, environment, only.as_str(), of);
            opens(s, format!("{id}/{only}"), &text, &grant(only))
        }
        Some(roles) if !roles.is_empty() => {
            let mut rows: Vec<Entry> = roles
                .iter()
                .take(ROLES)
                .map(|role| {
                    let privileged = sensitivity(role.as_str()) == Sensitivity::Privileged;
                    let text = label::role(role.as_str(), privileged);
                    opens(s, format!("{id}/{role}"), &text, &grant(role))
                })
                .collect();
            if roles.len() > ROLES {
                rows.push(Entry::item(format!("{id}/more"), "More...", in_window));
            }
            Entry::submenu(id, &label::account(&a.name, environment, of), rows)
        }
        // Roles not loaded yet, or none: the window knows more.
        _ => Entry::item(id, &label::account(&a.name, environment, of), in_window),
    }
}
