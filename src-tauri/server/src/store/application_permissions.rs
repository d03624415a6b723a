//! What applications of OAuth 2.0 may do.

use serde_json::Value;

use super::{AuditEntry, Result, Store, all, audit, execute, from_json, one, sql::params, to_json};

/// What a permission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// By which grant it gets tokens; the name is the grant's.
    Grant,
    /// How it proves itself; the name is `IAM`.
    Authentication,
    /// What its tokens are good for; the name is the scope.
    Scope,
}

impl Permission {
    fn kind(self) -> &'static str {
        match self {
            Self::Grant => "GRANT",
            Self::Authentication => "AUTHENTICATION",
            Self::Scope => "SCOPE",
        }
    }
}

impl Store {
    /// What an application may, by name.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_permission(
        &self,
        application_id: &str,
        permission: Permission,
        name: &str,
    ) -> Result<Option<Value>> {
        self.read("find what an application may", |c| {
            let sql = "SELECT value FROM application_permission
                       WHERE application_id = ?1 AND kind = ?2 AND name = ?3";
            one(c, sql, params![application_id, permission.kind(), name], |row| from_json(row, "value"))
        })
    }

    /// Up to `limit` of them after this name, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_permissions(
        &self,
        application_id: &str,
        permission: Permission,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, Value)>> {
        self.read("list what an application may", |c| {
            let sql = "SELECT name, value FROM application_permission
                       WHERE application_id = ?1 AND kind = ?2 AND name > ?3 ORDER BY name LIMIT ?4";
            all(c, sql, params![application_id, permission.kind(), after, limit], |row| {
                Ok((row.get("name")?, from_json(row, "value")?))
            })
        })
    }

    /// Sets one; `false` if there is no such application.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_application_permission(
        &self,
        application_id: &str,
        permission: Permission,
        (name, value): (&str, &Value),
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.attempt("set what an application may", |tx| {
            let there = one(tx, "SELECT 1 FROM application WHERE id = ?1", [application_id], |_| Ok(()))?;
            if there.is_none() {
                return Ok((false, false));
            }
            let sql = "INSERT INTO application_permission (application_id, kind, name, value)
                       VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (application_id, kind, name) DO UPDATE SET value = ?4";
            execute(tx, sql, params![application_id, permission.kind(), name, to_json(value)?])?;
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }

    /// Takes one away; `false` if there is none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_application_permission(
        &self,
        application_id: &str,
        permission: Permission,
        name: &str,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.attempt("take from an application what it may", |tx| {
            let sql =
                "DELETE FROM application_permission WHERE application_id = ?1 AND kind = ?2 AND name = ?3";
            if execute(tx, sql, params![application_id, permission.kind(), name])? == 0 {
                return Ok((false, false));
            }
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }
}
