//! Roles of accounts that are assumed, not assigned.

use std::collections::BTreeMap;

use super::{
    Result, Store, all, execute, from_json, one,
    sql::{self, Connection, params},
    to_json,
};
use crate::organisation::Role;

pub(super) fn by_arn(c: &Connection) -> sql::Result<BTreeMap<String, Role>> {
    let roles =
        all(c, "SELECT arn, role FROM iam_role", [], |row| Ok((row.get(0)?, from_json(row, "role")?)))?;
    Ok(roles.into_iter().collect())
}

pub(super) fn put(c: &Connection, arn: &str, role: &Role) -> sql::Result<()> {
    let sql = "INSERT INTO iam_role (arn, role) VALUES (?1, ?2) ON CONFLICT (arn) DO UPDATE SET role = ?2";
    execute(c, sql, params![arn, to_json(role)?]).map(drop)
}

pub(super) fn remove(c: &Connection, arn: &str) -> sql::Result<()> {
    execute(c, "DELETE FROM iam_role WHERE arn = ?1", [arn]).map(drop)
}

impl Store {
    /// The role with this ARN.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn iam_role(&self, arn: &str) -> Result<Option<Role>> {
        self.read("find a role", |c| {
            one(c, "SELECT role FROM iam_role WHERE arn = ?1", [arn], |row| from_json(row, "role"))
        })
    }
}
