//! What the portal lists for the person, and what was gained or lost since last time.

use super::{
    Timestamp,
    code::Code,
    ids::{AccountId, RoleName},
};
use serde::{Deserialize, Serialize};

/// One account of `ListAccounts`, with the roles of `ListAccountRoles` once they are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The number.
    pub id: AccountId,
    /// The name.
    pub name: String,
    /// The account's address.
    pub email: Option<String>,
    /// The roles, or `None` while they have not been asked for yet.
    pub roles: Option<Vec<RoleName>>,
}

/// A role that appeared or went away between two syncs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessChange {
    /// True for gained, false for lost.
    pub gained: bool,
    /// The account.
    pub account: AccountId,
    /// Its name when it was seen.
    pub account_name: String,
    /// The role.
    pub role: RoleName,
    /// When it was noticed.
    pub noticed: Timestamp,
}

/// Everything listed, as of the last complete sync; kept in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// The accounts, by name.
    pub accounts: Vec<Account>,
    /// When the last complete sync ended.
    pub synced: Option<Timestamp>,
    /// Differences that the last complete sync found.
    pub changes: Vec<AccessChange>,
}

/// How the sync goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// Nothing under way.
    #[default]
    Idle,
    /// Under way.
    Running {
        /// Accounts whose roles are known.
        done: usize,
        /// Accounts in all; 0 until the first page came.
        total: usize,
    },
    /// The service limits requests; goes on by itself.
    Throttled {
        /// When it goes on.
        until: Timestamp,
        /// Accounts whose roles are known.
        done: usize,
        /// Accounts in all.
        total: usize,
    },
    /// It failed; tries again by itself where `retry` says so.
    Failed {
        /// Why.
        code: Code,
        /// When.
        at: Timestamp,
        /// The next try, if one is planned.
        retry: Option<Timestamp>,
    },
}
