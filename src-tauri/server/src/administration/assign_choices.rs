//! What was chosen so far on the way to giving access; it travels along in the address.

use super::{Administrator, page::Field, users};
use crate::{
    fields::Fields,
    organisation::{Account, OrganizationalUnit, PermissionSet, Principal},
    signin::PageError,
};

/// What was chosen. What is not there any more is left out.
#[derive(Debug, Default)]
pub struct Choices {
    /// Accounts by themselves.
    pub accounts: Vec<Account>,
    /// Units, for all accounts in and below them.
    pub units: Vec<OrganizationalUnit>,
    /// Users and groups, and what they are called.
    pub principals: Vec<(Principal, String)>,
    /// Permission sets.
    pub sets: Vec<PermissionSet>,
}

/// A principal as the forms name it.
pub fn value_of(principal: &Principal) -> String {
    format!("{}:{}", principal.kind(), principal.id())
}

impl Choices {
    /// Reads them.
    ///
    /// # Errors
    /// [`PageError`] if the store cannot be asked.
    pub fn of(of: &Administrator<'_>, fields: &Fields) -> Result<Self, PageError> {
        let store = &of.instance.store;
        let mut choices = Self::default();
        for id in fields.all("account") {
            choices.accounts.extend(store.account(id)?);
        }
        let units: Vec<&str> = fields.all("unit").collect();
        if !units.is_empty() {
            let all = store.organizational_units()?;
            choices.units = all.into_iter().filter(|unit| units.contains(&unit.id.as_str())).collect();
        }
        for value in fields.all("principal") {
            let (kind, id) = value.split_once(':').unwrap_or_default();
            let label = match Principal::of(kind, id.to_owned()) {
                Some(Principal::User(id)) => {
                    store.user(&id)?.map(|user| format!("User {}", users::label(&user)))
                }
                Some(Principal::Group(id)) => store.group(&id)?.map(|group| format!("Group {}", group.name)),
                None => None,
            };
            choices.principals.extend(Principal::of(kind, id.to_owned()).zip(label));
        }
        for arn in fields.all("set") {
            choices.sets.extend(store.permission_set(arn)?);
        }
        Ok(choices)
    }

    /// All accounts that are meant, each once.
    ///
    /// # Errors
    /// [`PageError`] if the store cannot be asked.
    pub fn all_accounts(&self, of: &Administrator<'_>) -> Result<Vec<Account>, PageError> {
        let mut all = self.accounts.clone();
        for unit in &self.units {
            all.extend(of.instance.store.accounts_below(&unit.id)?);
        }
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all.dedup_by(|one, other| one.id == other.id);
        Ok(all)
    }

    /// The fields that carry them, but for those that the page itself offers.
    pub fn hidden(&self, offered: &[&str]) -> Vec<Field> {
        let accounts = self.accounts.iter().map(|account| ("account", account.id.clone()));
        let units = self.units.iter().map(|unit| ("unit", unit.id.clone()));
        let principals = self.principals.iter().map(|(principal, _)| ("principal", value_of(principal)));
        let sets = self.sets.iter().map(|set| ("set", set.arn.clone()));
        let all = accounts.chain(units).chain(principals).chain(sets);
        all.filter(|(name, _)| !offered.contains(name))
            .map(|(name, value)| Field::hidden(name, value))
            .collect()
    }
}
