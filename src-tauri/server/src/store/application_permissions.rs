//! What applications of OAuth 2.0 may do.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    AuditEntry, Result, Store, all, audit, execute, from_json, one,
    sql::{self, Connection, params},
    to_json,
};

/// What a permission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

    fn of(kind: &str) -> Self {
        match kind {
            "GRANT" => Self::Grant,
            "AUTHENTICATION" => Self::Authentication,
            _ => Self::Scope,
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
        self.read("find what an application may", |c| find(c, (application_id, permission, name)))
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
            if !is_there(tx, application_id)? {
                return Ok((false, false));
            }
            put(tx, (application_id, permission, name), value)?;
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
            if !delete(tx, (application_id, permission, name))? {
                return Ok((false, false));
            }
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }

    /// Makes one what `change` says of what is there: `None` in its answer changes nothing, and `None` in place of the
    /// value takes it away. `false` if nothing was changed, or there is no such application.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn edit_application_permission(
        &self,
        application_id: &str,
        permission: Permission,
        name: &str,
        change: impl FnOnce(Option<Value>) -> Option<(Option<Value>, AuditEntry)>,
    ) -> Result<bool> {
        let which = (application_id, permission, name);
        self.attempt("change what an application may", |tx| {
            if !is_there(tx, application_id)? {
                return Ok((false, false));
            }
            let Some((wanted, entry)) = change(find(tx, which)?) else { return Ok((false, false)) };
            match &wanted {
                Some(value) => put(tx, which, value)?,
                None => drop(delete(tx, which)?),
            }
            audit::append(tx, &entry)?;
            Ok((true, true))
        })
    }

    /// Up to `limit` applications, id and name, whose grant of this type names `text`, by name.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn applications_whose_grant_names(
        &self,
        grant: &str,
        text: &str,
        limit: u32,
    ) -> Result<Vec<(String, String)>> {
        self.read("list applications by a grant", |c| {
            let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
            let sql = "SELECT a.id, a.name FROM application_permission p
                       JOIN application a ON a.id = p.application_id
                       WHERE p.kind = 'GRANT' AND p.name = ?1 AND p.value LIKE ?2 ESCAPE '!'
                       ORDER BY a.name LIMIT ?3";
            all(c, sql, params![grant, format!("%{escaped}%"), limit], |row| {
                Ok((row.get("id")?, row.get("name")?))
            })
        })
    }
}

/// All that an application may: values by what they are about and name.
pub(super) type Permissions = BTreeMap<(Permission, String), Value>;

/// All that an application may.
pub(super) fn all_of(c: &Connection, application_id: &str) -> sql::Result<Permissions> {
    let sql = "SELECT kind, name, value FROM application_permission WHERE application_id = ?1";
    let rows = all(c, sql, [application_id], |row| {
        let kind: String = row.get("kind")?;
        Ok(((Permission::of(&kind), row.get("name")?), from_json(row, "value")?))
    })?;
    Ok(rows.into_iter().collect())
}

/// A permission: the application's id, what it is about, and its name.
pub(super) type Which<'a> = (&'a str, Permission, &'a str);

fn is_there(c: &Connection, application_id: &str) -> sql::Result<bool> {
    Ok(one(c, "SELECT 1 FROM application WHERE id = ?1", [application_id], |_| Ok(()))?.is_some())
}

fn find(c: &Connection, (id, permission, name): Which<'_>) -> sql::Result<Option<Value>> {
    let sql =
        "SELECT value FROM application_permission WHERE application_id = ?1 AND kind = ?2 AND name = ?3";
    one(c, sql, params![id, permission.kind(), name], |row| from_json(row, "value"))
}

pub(super) fn put(c: &Connection, (id, permission, name): Which<'_>, value: &Value) -> sql::Result<()> {
    let sql = "INSERT INTO application_permission (application_id, kind, name, value)
               VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (application_id, kind, name) DO UPDATE SET value = ?4";
    execute(c, sql, params![id, permission.kind(), name, to_json(value)?]).map(drop)
}

/// `false` if there is none.
pub(super) fn delete(c: &Connection, (id, permission, name): Which<'_>) -> sql::Result<bool> {
    let sql = "DELETE FROM application_permission WHERE application_id = ?1 AND kind = ?2 AND name = ?3";
    Ok(execute(c, sql, params![id, permission.kind(), name])? > 0)
}
