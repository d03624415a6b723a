//! What the portal lists for the person, and what was gained or lost since last time.

use super::{
    Timestamp,
    application::{AppChange, Applications},
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
    /// The complete sync before: it happened after that. `None` where that was not written down.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// Everything listed, as of the last complete sync; kept in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// Whose list it is, where the server tells; another person's is not compared with it.
    #[serde(default)]
    pub user: Option<String>,
    /// The server's own identifier of that person.
    #[serde(default)]
    pub user_id: Option<String>,
    /// The accounts, by name.
    pub accounts: Vec<Account>,
    /// The applications.
    #[serde(default)]
    pub applications: Applications,
    /// When the last complete sync ended.
    pub synced: Option<Timestamp>,
    /// Differences that the last complete sync found.
    pub changes: Vec<AccessChange>,
    /// As [`Self::changes`], of applications.
    #[serde(default)]
    pub app_changes: Vec<AppChange>,
}

/// What a sync that is not complete knows, to go on with after a failure or a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HalfSync {
    /// Whose list it is, where the server tells.
    pub user: Option<String>,
    /// The server's own identifier of that person.
    pub user_id: Option<String>,
    /// When it was begun.
    pub since: Timestamp,
    /// All accounts, those with roles that were asked for already.
    pub accounts: Vec<Account>,
    /// The applications, where it got that far.
    #[serde(default)]
    pub applications: Applications,
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
    /// The person paused it; goes on where it was when somebody asks for it.
    Paused {
        /// Accounts whose roles are known.
        done: usize,
        /// Accounts in all; 0 if the first page had not come.
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

/// What `new` has and `old` has not, and the other way round. Roles that were never known in `old`
/// (first sync, account not crawled) are no change.
#[must_use]
pub fn changes(old: &Portal, new: &[Account], noticed: Timestamp) -> Vec<AccessChange> {
    if old.synced.is_none() {
        return Vec::new();
    }
    let change = |gained, account: &Account, role: &RoleName| AccessChange {
        gained,
        account: account.id.clone(),
        account_name: account.name.clone(),
        role: role.clone(),
        noticed,
        since: old.synced,
    };
    let mut found = Vec::new();
    for account in new {
        let before = old.accounts.iter().find(|a| a.id == account.id);
        let known = match before {
            Some(b) => match &b.roles {
                Some(roles) => roles.as_slice(),
                None => continue,
            },
            None => &[],
        };
        for role in account.roles.iter().flatten().filter(|r| !known.contains(r)) {
            found.push(change(true, account, role));
        }
    }
    for account in &old.accounts {
        let now = new.iter().find(|a| a.id == account.id);
        let left = now.and_then(|a| a.roles.as_deref()).unwrap_or(&[]);
        for role in account.roles.iter().flatten().filter(|r| !left.contains(r)) {
            found.push(change(false, account, role));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, roles: Option<&[&str]>) -> Account {
        Account {
            id: AccountId::new(id),
            name: format!("account {id}"),
            email: None,
            roles: roles.map(|r| r.iter().map(|r| RoleName::new(*r)).collect()),
        }
    }

    fn check(old: &[Account], new: &[Account], expect: &[(bool, &str, &str)]) {
        let old = Portal { accounts: old.to_vec(), synced: Some(Timestamp::UNIX_EPOCH), ..Portal::default() };
        let found = changes(&old, new, Timestamp::UNIX_EPOCH);
        let found: Vec<_> = found.iter().map(|c| (c.gained, c.account.as_str(), c.role.as_str())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn gained_and_lost() {
        check(
            &[account("1", Some(&["A", "B"])), account("2", Some(&["A"]))],
            &[account("1", Some(&["B", "C"])), account("3", Some(&["A"]))],
            &[(true, "1", "C"), (true, "3", "A"), (false, "1", "A"), (false, "2", "A")],
        );
    }

    #[test]
    fn a_change_came_after_the_sync_before() {
        let old = Portal {
            accounts: vec![account("1", Some(&["A"]))],
            synced: Some(Timestamp::UNIX_EPOCH),
            ..Portal::default()
        };
        let noticed = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(1);
        let found = changes(&old, &[account("1", Some(&[]))], noticed);
        let moments: Vec<_> = found.iter().map(|c| (c.since, c.noticed)).collect();
        assert_eq!(moments, [(Some(Timestamp::UNIX_EPOCH), noticed)]);
    }

    #[test]
    fn what_was_never_known_is_no_news() {
        check(&[account("1", None)], &[account("1", Some(&["A"]))], &[]);
        assert!(changes(&Portal::default(), &[account("1", Some(&["A"]))], Timestamp::UNIX_EPOCH).is_empty());
    }
}
