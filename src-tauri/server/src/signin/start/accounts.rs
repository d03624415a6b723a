//! GET `/start`: the accounts a person has, each with its roles.

use std::collections::HashMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::{
    Tabs, applications,
    search::{Page, Query, UNFOLDED, groups},
    time_of_day,
};
use crate::{
    fields::Fields,
    instance::Instance,
    organisation::Account,
    signin::{Frame, PageError, SignedIn, Visit, frame::html_with_scripts},
    store::StoreError,
};

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    frame: Frame,
    until: String,
    tabs: Tabs,
    page: Page<AccountRow>,
    unfolded: bool,
    matching_applications: usize,
}

struct AccountRow {
    id: String,
    groups: Vec<String>,
    name: String,
    email: String,
    ou: String,
    production: bool,
    roles: Vec<String>,
    /// Roles that the person is not asked to confirm, and until when.
    unasked: Vec<(String, String)>,
}

impl AccountRow {
    /// Said after the account's name where colours are not seen.
    fn kind(&self) -> &'static str {
        if self.production { ", production" } else { "" }
    }

    /// Until when a role is not asked about.
    fn unasked_until(&self, role: &str) -> Option<&str> {
        self.unasked.iter().find(|(name, _)| name == role).map(|(_, until)| until.as_str())
    }
}

/// Shows them; `q` searches, `page` turns pages.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/start", fields, &["q", "page"])?;
    let query = Query::of(fields.get("q"));
    let accounts = accounts_of(instance, person)?;
    let applications = applications::of(instance, &person.user.id)?;
    let tabs = Tabs {
        is_accounts: true,
        accounts: accounts.len(),
        applications: applications.len(),
        query: query.text.clone(),
    };
    let matching_applications =
        if query.is_empty() { 0 } else { applications.iter().filter(|row| row.is_found_by(&query)).count() };
    let found: Vec<AccountRow> =
        accounts.into_iter().filter_map(|account| matching(account, &query)).collect();
    let page = StartPage {
        frame: Frame::of(instance, visit),
        until: time_of_day(person.session.ends),
        tabs,
        unfolded: found.len() <= UNFOLDED,
        page: Page::of(found, fields.get("page")),
        matching_applications,
    };
    Ok(html_with_scripts(StatusCode::OK, &page))
}

/// All accounts of a person with their roles, by name.
fn accounts_of(instance: &Instance, person: &SignedIn) -> Result<Vec<AccountRow>, StoreError> {
    let user_id = &person.user.id;
    let mut unasked: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for kept in instance.store.confirmations(&person.session.id, instance.now())? {
        unasked.entry(kept.account_id).or_default().push((kept.role, time_of_day(kept.ends)));
    }
    let mut roles: HashMap<String, Vec<String>> = HashMap::new();
    for (account, role) in instance.store.roles_of(user_id)? {
        roles.entry(account).or_default().push(role);
    }
    let row = |account: Account| AccountRow {
        roles: roles.remove(&account.id).unwrap_or_default(),
        unasked: unasked.remove(&account.id).unwrap_or_default(),
        production: account.is_production(),
        groups: groups(&account.id),
        id: account.id,
        name: account.name,
        email: account.email,
        ou: account.ou,
    };
    let mut rows: Vec<AccountRow> = instance.store.accounts_of(user_id)?.into_iter().map(row).collect();
    rows.sort_by_cached_key(|account| account.name.to_lowercase());
    Ok(rows)
}

/// The account with the roles that were searched for; with all if it was found by itself.
fn matching(mut account: AccountRow, query: &Query) -> Option<AccountRow> {
    let grouped = account.groups.join("-");
    let texts = [&*account.name, &*account.id, &*grouped, &*account.email, &*account.ou];
    if query.finds(&texts) {
        return Some(account);
    }
    let found: Vec<String> = account
        .roles
        .iter()
        .filter(|role| {
            let texts: Vec<&str> = texts.iter().copied().chain([role.as_str()]).collect();
            query.finds(&texts)
        })
        .cloned()
        .collect();
    if found.is_empty() {
        return None;
    }
    account.roles = found;
    Some(account)
}
