//! Who may use which permission set in which account. What a person has is found from their id: their own
//! assignments and, by their memberships, those of their groups.

use jiff::Timestamp;

use super::{
    Result, Store,
    accounts::{self, account_from},
    all, execute, millis, one,
    permission_sets::set_from,
    seconds,
    sql::{self, Connection, Row, params},
};
use crate::organisation::{Account, Assignment, PermissionSet, Principal};

/// The person `?1` and their groups, if they are enabled. Each table after it is entered by its key.
const PRINCIPALS: &str = "WITH principal (id) AS MATERIALIZED (
        SELECT id FROM user WHERE id = ?1 AND enabled
        UNION ALL SELECT m.group_id FROM membership m JOIN user u ON u.id = m.user_id WHERE u.id = ?1 AND u.enabled
    )";

/// Whether the set was edited since, or its role at AWS is not as it should be.
const OUTDATED: &str = "(v.revision < s.revision OR EXISTS (SELECT 1 FROM aws_role r
    WHERE r.account_id = v.account_id AND r.permission_set = v.permission_set AND r.state <> 'APPLIED'))";

/// A permission set in an account, and which of its revisions is in force there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// The permission set's ARN.
    pub permission_set: String,
    /// 12 digits.
    pub account_id: String,
    /// Whether the set was edited since (`OUTDATED`, else `LATEST_PERMISSION_SET_PROVISIONED`; sso-admin API,
    /// `ProvisioningStatus`).
    pub is_outdated: bool,
}

pub(super) fn assignment_from(row: &Row<'_>) -> sql::Result<Assignment> {
    let (kind, id): (String, String) = (row.get("principal_type")?, row.get("principal_id")?);
    Ok(Assignment {
        account_id: row.get("account_id")?,
        permission_set: row.get("permission_set")?,
        principal: if kind == "GROUP" { Principal::Group(id) } else { Principal::User(id) },
    })
}

/// Assigns; the set is provisioned to the account if it was not there. `false` if it was assigned already.
pub(super) fn add(
    c: &Connection,
    assignment: &Assignment,
    now: Timestamp,
    declared: bool,
) -> sql::Result<bool> {
    let Assignment { account_id, permission_set, principal } = assignment;
    let added = execute(
        c,
        "INSERT INTO assignment
             (principal_id, account_id, permission_set, principal_type, created, declared)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        params![principal.id(), account_id, permission_set, principal.kind(), millis(now), declared],
    )? == 1;
    if !added && declared {
        let sql = "UPDATE assignment SET declared = TRUE
                   WHERE principal_id = ?1 AND account_id = ?2 AND permission_set = ?3";
        execute(c, sql, params![principal.id(), account_id, permission_set])?;
    }
    let sql = "INSERT INTO provisioned (account_id, permission_set, revision, session_seconds)
               SELECT ?1, arn, revision, session_seconds FROM permission_set WHERE arn = ?2
               ON CONFLICT DO NOTHING";
    execute(c, sql, [account_id, permission_set])?;
    Ok(added)
}

/// Revokes; with the last assignment the set leaves the account. `false` if it was not assigned.
pub(super) fn remove(c: &Connection, assignment: &Assignment) -> sql::Result<bool> {
    let Assignment { account_id, permission_set, principal } = assignment;
    let sql = "DELETE FROM assignment WHERE principal_id = ?1 AND account_id = ?2 AND permission_set = ?3";
    let found = execute(c, sql, params![principal.id(), account_id, permission_set])? == 1;
    let sql = "DELETE FROM provisioned WHERE account_id = ?1 AND permission_set = ?2 AND NOT EXISTS (
                   SELECT 1 FROM assignment a WHERE a.account_id = ?1 AND a.permission_set = ?2)";
    execute(c, sql, [account_id, permission_set])?;
    Ok(found)
}

/// Revokes everything that a principal itself has.
pub(super) fn remove_all_of(c: &Connection, principal_id: &str) -> sql::Result<()> {
    let sql = "SELECT * FROM assignment WHERE principal_id = ?1";
    for assignment in all(c, sql, [principal_id], assignment_from)? {
        remove(c, &assignment)?;
    }
    Ok(())
}

/// Puts the newest revision of a set in force where it is: in one account, or in all. How many those are.
pub(super) fn provision(c: &Connection, arn: &str, account: Option<&str>) -> sql::Result<usize> {
    let sql = "UPDATE provisioned SET (revision, session_seconds) =
                   (SELECT s.revision, s.session_seconds FROM permission_set s WHERE s.arn = ?1)
               WHERE permission_set = ?1 AND (account_id = ?2 OR ?2 IS NULL)";
    execute(c, sql, params![arn, account])
}

impl Store {
    /// The accounts in which a person has something, by id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn accounts_of(&self, user_id: &str) -> Result<Vec<Account>> {
        self.read("list a user's accounts", |c| {
            let sql = format!(
                "{PRINCIPALS} SELECT {} FROM (SELECT DISTINCT s.account_id FROM principal p
                     CROSS JOIN assignment s ON s.principal_id = p.id) x
                 CROSS JOIN account a ON a.id = x.account_id AND a.absent_since IS NULL
                 JOIN organizational_unit o ON o.id = a.ou_id
                 ORDER BY a.id",
                accounts::COLUMNS
            );
            all(c, &sql, [user_id], account_from)
        })
    }

    /// The permission sets that a person has in an account, by name, as they are in force there.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn permission_sets_of(&self, user_id: &str, account_id: &str) -> Result<Vec<PermissionSet>> {
        self.read("list a user's roles", |c| {
            let sql = format!(
                "{PRINCIPALS} SELECT s.*, v.session_seconds AS in_force
                 FROM (SELECT DISTINCT t.permission_set FROM principal p
                     CROSS JOIN assignment t ON t.principal_id = p.id AND t.account_id = ?2) x
                 CROSS JOIN permission_set s ON s.arn = x.permission_set
                 CROSS JOIN provisioned v ON v.account_id = ?2 AND v.permission_set = s.arn
                 CROSS JOIN account a ON a.id = ?2 AND a.absent_since IS NULL
                 ORDER BY s.name"
            );
            all(c, &sql, [user_id, account_id], |row| {
                Ok(PermissionSet { session_duration: seconds(row, "in_force")?, ..set_from(row)? })
            })
        })
    }

    /// All that a person has: account ids with names of permission sets, by both.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn roles_of(&self, user_id: &str) -> Result<Vec<(String, String)>> {
        self.read("list a user's roles", |c| {
            let sql = format!(
                "{PRINCIPALS} SELECT x.account_id, s.name
                 FROM (SELECT DISTINCT t.account_id, t.permission_set FROM principal p
                     CROSS JOIN assignment t ON t.principal_id = p.id) x
                 CROSS JOIN permission_set s ON s.arn = x.permission_set
                 CROSS JOIN account a ON a.id = x.account_id AND a.absent_since IS NULL
                 ORDER BY x.account_id, s.name"
            );
            all(c, &sql, [user_id], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// The account and the permission set, as it is in force there, if the person has them.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn assigned(
        &self,
        user_id: &str,
        account_id: &str,
        role_name: &str,
    ) -> Result<Option<(Account, PermissionSet)>> {
        self.read("find a user's role", |c| {
            let sql = format!(
                "{PRINCIPALS} SELECT s.*, v.session_seconds AS in_force
                 FROM permission_set s CROSS JOIN provisioned v ON v.account_id = ?2 AND v.permission_set = s.arn
                 CROSS JOIN account a ON a.id = ?2 AND a.absent_since IS NULL
                 WHERE s.name = ?3 AND EXISTS (SELECT 1 FROM principal p CROSS JOIN assignment t
                     ON t.principal_id = p.id AND t.account_id = ?2 AND t.permission_set = s.arn)"
            );
            let set = one(c, &sql, [user_id, account_id, role_name], |row| {
                Ok(PermissionSet { session_duration: seconds(row, "in_force")?, ..set_from(row)? })
            })?;
            let Some(set) = set else { return Ok(None) };
            Ok(accounts::find(c, account_id)?.map(|account| (account, set)))
        })
    }

    /// Everything that is assigned to a principal itself, by account and permission set.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn assignments_of(&self, principal: &Principal) -> Result<Vec<Assignment>> {
        self.read("list assignments", |c| {
            let sql = "SELECT * FROM assignment WHERE principal_id = ?1 AND principal_type = ?2
                       ORDER BY account_id, permission_set";
            all(c, sql, [principal.id(), principal.kind()], assignment_from)
        })
    }

    /// Up to `limit` assignments of a permission set in an account after this principal id, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn assignments_in(
        &self,
        account_id: &str,
        permission_set: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Assignment>> {
        self.read("list assignments", |c| {
            let sql = "SELECT * FROM assignment WHERE account_id = ?1 AND permission_set = ?2
                       AND principal_id > ?3 ORDER BY principal_id LIMIT ?4";
            all(c, sql, params![account_id, permission_set, after, limit], assignment_from)
        })
    }

    /// Whether a principal itself has this permission set in this account.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn is_assigned(&self, assignment: &Assignment) -> Result<bool> {
        self.read("look for an assignment", |c| {
            let sql = "SELECT 1 FROM assignment
                       WHERE principal_id = ?1 AND account_id = ?2 AND permission_set = ?3";
            let Assignment { account_id, permission_set, principal } = assignment;
            one(c, sql, [principal.id(), account_id, permission_set], |_| Ok(())).map(|found| found.is_some())
        })
    }

    /// Up to `limit` accounts that have this permission set, after this account id, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn provisioned_accounts(&self, arn: &str, after: &str, limit: u32) -> Result<Vec<Provisioned>> {
        self.read("list provisioned accounts", |c| {
            let sql = format!(
                "SELECT v.*, {OUTDATED} AS outdated FROM provisioned v
                       JOIN permission_set s ON s.arn = v.permission_set
                       WHERE v.permission_set = ?1 AND v.account_id > ?2 ORDER BY v.account_id LIMIT ?3"
            );
            all(c, &sql, params![arn, after, limit], provisioned_from)
        })
    }

    /// Up to `limit` assignments in an account after this one (by its set's ARN and its principal's id), in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn assignments_of_account(
        &self,
        account_id: &str,
        after: (&str, &str),
        limit: u32,
    ) -> Result<Vec<Assignment>> {
        self.read("list an account's assignments", |c| {
            let sql =
                "SELECT * FROM assignment WHERE account_id = ?1 AND (permission_set, principal_id) > (?2, ?3)
                       ORDER BY permission_set, principal_id LIMIT ?4";
            all(c, sql, params![account_id, after.0, after.1, limit], assignment_from)
        })
    }

    /// Whether a permission set is `OUTDATED` in any account.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn is_outdated(&self, arn: &str) -> Result<bool> {
        self.read("look for outdated permission sets", |c| {
            let sql = format!(
                "SELECT 1 FROM provisioned v JOIN permission_set s ON s.arn = v.permission_set
                 WHERE v.permission_set = ?1 AND {OUTDATED} LIMIT 1"
            );
            one(c, &sql, [arn], |_| Ok(())).map(|found| found.is_some())
        })
    }

    /// The names of the permission sets that are `OUTDATED` in an account, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn outdated_in(&self, account_id: &str) -> Result<Vec<String>> {
        self.read("list outdated permission sets", |c| {
            let sql = format!(
                "SELECT s.name FROM provisioned v JOIN permission_set s ON s.arn = v.permission_set
                 WHERE v.account_id = ?1 AND {OUTDATED} ORDER BY s.name"
            );
            all(c, &sql, [account_id], |row| row.get(0))
        })
    }

    /// Up to `limit` permission sets of an account, after this ARN, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn provisioned_sets(&self, account_id: &str, after: &str, limit: u32) -> Result<Vec<Provisioned>> {
        self.read("list provisioned permission sets", |c| {
            let sql = format!(
                "SELECT v.*, {OUTDATED} AS outdated FROM provisioned v
                       JOIN permission_set s ON s.arn = v.permission_set
                       WHERE v.account_id = ?1 AND v.permission_set > ?2 ORDER BY v.permission_set LIMIT ?3"
            );
            all(c, &sql, params![account_id, after, limit], provisioned_from)
        })
    }
}

fn provisioned_from(row: &Row<'_>) -> sql::Result<Provisioned> {
    Ok(Provisioned {
        permission_set: row.get("permission_set")?,
        account_id: row.get("account_id")?,
        is_outdated: row.get("outdated")?,
    })
}
