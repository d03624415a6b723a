//! What administrators' APIs need besides: edits of permission sets, tags, lists by principal.

use super::{
    AuditEntry, Edited, Result, Store, all, assignments, attributes, audit, execute, one, permission_sets,
    sql::{self, Connection, params},
    to_json,
};
use crate::organisation::{AccessControlAttribute, Assignment, PermissionSet, Tags};

/// Whether there is a configuration of attributes for access control, even an empty one.
const CONFIGURED: &str = "access_control_attributes_configured";

fn is_configured(c: &Connection) -> sql::Result<bool> {
    let marked = one(c, "SELECT 1 FROM meta WHERE name = ?1", [CONFIGURED], |_| Ok(()))?.is_some();
    Ok(marked || !attributes::list(c)?.is_empty())
}

impl Store {
    /// Changes a permission set as `change` says; accounts that have it are `OUTDATED` from then on.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn edit_permission_set<E>(
        &self,
        arn: &str,
        entry: &AuditEntry,
        change: impl FnOnce(&mut PermissionSet) -> std::result::Result<(), E>,
    ) -> Result<Edited<E>> {
        self.attempt("change a permission set", |tx| {
            let Some(mut set) = permission_sets::find(tx, arn)? else { return Ok((Edited::Missing, false)) };
            if let Err(refusal) = change(&mut set) {
                return Ok((Edited::Refused(refusal), false));
            }
            permission_sets::put(tx, &set, false)?;
            audit::append(tx, entry)?;
            Ok((Edited::Done(set.revision + 1), true))
        })
    }

    /// Changes the tags of a permission set, which its roles do not have: they are not `OUTDATED` by it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn edit_permission_set_tags<E>(
        &self,
        arn: &str,
        entry: &AuditEntry,
        change: impl FnOnce(&mut Tags) -> std::result::Result<(), E>,
    ) -> Result<Edited<E>> {
        self.attempt("tag a permission set", |tx| {
            let Some(mut set) = permission_sets::find(tx, arn)? else { return Ok((Edited::Missing, false)) };
            if let Err(refusal) = change(&mut set.tags) {
                return Ok((Edited::Refused(refusal), false));
            }
            let sql = "UPDATE permission_set SET tags = ?2 WHERE arn = ?1";
            execute(tx, sql, params![arn, to_json(&set.tags)?])?;
            audit::append(tx, entry)?;
            Ok((Edited::Done(set.revision), true))
        })
    }

    /// Changes the tags of the instance or an application.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn edit_tags<E>(
        &self,
        resource: &str,
        entry: &AuditEntry,
        change: impl FnOnce(&mut Tags) -> std::result::Result<(), E>,
    ) -> Result<Edited<E>> {
        self.attempt("tag a resource", |tx| {
            let mut tags = tags(tx, resource)?;
            if let Err(refusal) = change(&mut tags) {
                return Ok((Edited::Refused(refusal), false));
            }
            execute(tx, "DELETE FROM tag WHERE resource = ?1", [resource])?;
            for (key, value) in &tags {
                let sql = "INSERT INTO tag (resource, key, value) VALUES (?1, ?2, ?3)";
                execute(tx, sql, params![resource, key, value])?;
            }
            audit::append(tx, entry)?;
            Ok((Edited::Done(0), true))
        })
    }

    /// The tags of the instance or an application.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn tags(&self, resource: &str) -> Result<Tags> {
        self.read("read tags", |c| tags(c, resource))
    }

    /// Whether attributes for access control are configured, even none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn has_access_control_configuration(&self) -> Result<bool> {
        self.read("look for access control attributes", is_configured)
    }

    /// Configures attributes for access control, or with `None` no longer; `false`, and nothing has changed, if
    /// there being a configuration is not `expected`.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn configure_access_control(
        &self,
        expected: bool,
        wanted: Option<&[AccessControlAttribute]>,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("configure access control attributes", |tx| {
            if is_configured(tx)? != expected {
                return Ok(false);
            }
            execute(tx, "DELETE FROM access_control_attribute", [])?;
            execute(tx, "DELETE FROM meta WHERE name = ?1", [CONFIGURED])?;
            if let Some(wanted) = wanted {
                execute(tx, "INSERT INTO meta (name, value) VALUES (?1, '1')", [CONFIGURED])?;
                wanted.iter().try_for_each(|attribute| attributes::put(tx, attribute, false))?;
            }
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Up to `limit` assignments of a principal, those of a user's groups included, after this account, permission
    /// set and principal id, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn assignments_for(
        &self,
        principal_id: &str,
        account_id: Option<&str>,
        after: [&str; 3],
        limit: u32,
    ) -> Result<Vec<Assignment>> {
        let [account, set, principal] = after;
        self.read("list assignments", |c| {
            let sql = "SELECT s.* FROM (
                     SELECT ?1 AS id UNION SELECT group_id FROM membership WHERE user_id = ?1) p
                 CROSS JOIN assignment s ON s.principal_id = p.id AND (s.account_id = ?2 OR ?2 IS NULL)
                 WHERE (s.account_id, s.permission_set, s.principal_id) > (?3, ?4, ?5)
                 ORDER BY s.account_id, s.permission_set, s.principal_id LIMIT ?6";
            let parameters = params![principal_id, account_id, account, set, principal, limit];
            all(c, sql, parameters, assignments::assignment_from)
        })
    }
}

fn tags(c: &Connection, resource: &str) -> sql::Result<Tags> {
    let sql = "SELECT key, value FROM tag WHERE resource = ?1";
    Ok(all(c, sql, [resource], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
}
