//! Permission sets.

use super::{
    AuditEntry, Result, Store, all, audit, execute, from_json, millis, moment, one, seconds,
    sql::{self, Connection, Row, params},
    to_json,
};
use crate::organisation::PermissionSet;

pub(super) fn set_from(row: &Row<'_>) -> sql::Result<PermissionSet> {
    Ok(PermissionSet {
        arn: row.get("arn")?,
        name: row.get("name")?,
        description: row.get("description")?,
        relay_state: row.get("relay_state")?,
        session_duration: seconds(row, "session_seconds")?,
        requires_key: row.get("requires_key")?,
        tags: from_json(row, "tags")?,
        policies: from_json(row, "policies")?,
        revision: row.get("revision")?,
        created: moment(row, "created")?,
    })
}

pub(super) fn find(c: &Connection, arn: &str) -> sql::Result<Option<PermissionSet>> {
    one(c, "SELECT * FROM permission_set WHERE arn = ?1", [arn], set_from)
}

pub(super) fn find_by_name(c: &Connection, name: &str) -> sql::Result<Option<PermissionSet>> {
    one(c, "SELECT * FROM permission_set WHERE name = ?1", [name], set_from)
}

/// Adds a set, or changes one and begins its next revision.
pub(super) fn put(c: &Connection, set: &PermissionSet, declared: bool) -> sql::Result<()> {
    execute(
        c,
        "INSERT INTO permission_set
             (arn, name, description, relay_state, session_seconds, tags, policies, revision, created, declared,
              requires_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10)
         ON CONFLICT (arn) DO UPDATE SET name = ?2, description = ?3, relay_state = ?4, session_seconds = ?5,
             tags = ?6, policies = ?7, revision = permission_set.revision + 1,
             declared = permission_set.declared OR ?9, requires_key = ?10",
        params![
            set.arn,
            set.name,
            set.description,
            set.relay_state,
            set.session_duration.as_secs(),
            to_json(&set.tags)?,
            to_json(&set.policies)?,
            millis(set.created),
            declared,
            set.requires_key
        ],
    )
    .map(drop)
}

pub(super) fn remove(c: &Connection, arn: &str) -> sql::Result<bool> {
    Ok(execute(c, "DELETE FROM permission_set WHERE arn = ?1", [arn])? == 1)
}

impl Store {
    /// Finds a permission set by its ARN.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn permission_set(&self, arn: &str) -> Result<Option<PermissionSet>> {
        self.read("find a permission set", |c| find(c, arn))
    }

    /// Finds a permission set by its name.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn permission_set_by_name(&self, name: &str) -> Result<Option<PermissionSet>> {
        self.read("find a permission set", |c| find_by_name(c, name))
    }

    /// Up to `limit` permission sets after this name, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn permission_sets(&self, after: &str, limit: u32) -> Result<Vec<PermissionSet>> {
        self.read("list permission sets", |c| {
            let sql = "SELECT * FROM permission_set WHERE name > ?1 ORDER BY name LIMIT ?2";
            all(c, sql, params![after, limit], set_from)
        })
    }

    /// Adds a permission set, or changes one: the accounts that have it are `OUTDATED` from then on. `false` if
    /// another has the name.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_permission_set(&self, set: &PermissionSet, entry: &AuditEntry) -> Result<bool> {
        self.write("keep a permission set", |tx| {
            if find_by_name(tx, &set.name)?.is_some_and(|other| other.arn != set.arn) {
                return Ok(false);
            }
            put(tx, set, false)?;
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Forgets a permission set; `false` if there is none, or if it is assigned to somebody, as AWS has it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_permission_set(&self, arn: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("delete a permission set", |tx| {
            let assigned =
                one(tx, "SELECT 1 FROM assignment WHERE permission_set = ?1 LIMIT 1", [arn], |_| Ok(()))?;
            let found = assigned.is_none() && remove(tx, arn)?;
            if found {
                audit::append(tx, entry)?;
            }
            Ok(found)
        })
    }
}
