//! Applications and who sees them.

use super::{
    AuditEntry, Result, Store, all, audit, execute, one,
    sql::{self, Connection, Row, params},
    to_json,
};
use crate::organisation::{Application, Principal, SamlApplication};

pub(super) fn application_from(row: &Row<'_>) -> sql::Result<Application> {
    let saml: Option<String> = row.get("saml")?;
    let saml = saml
        .map(|text| serde_json::from_str::<SamlApplication>(&text))
        .transpose()
        .map_err(sql::Error::conversion)?;
    Ok(Application {
        id: row.get("id")?,
        instance_id: row.get("instance_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        url: row.get("url")?,
        saml,
    })
}

pub(super) fn find_by_name(c: &Connection, name: &str) -> sql::Result<Option<Application>> {
    one(c, "SELECT * FROM application WHERE name = ?1", [name], application_from)
}

pub(super) fn put(
    c: &Connection,
    application: &Application,
    now: jiff::Timestamp,
    declared: bool,
) -> sql::Result<()> {
    execute(
        c,
        "INSERT INTO application (id, instance_id, name, description, url, saml, created, declared)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET name = ?3, description = ?4, url = ?5, saml = ?6,
             declared = application.declared OR ?8",
        params![
            application.id,
            application.instance_id,
            application.name,
            application.description,
            application.url,
            application.saml.as_ref().map(to_json).transpose()?,
            super::millis(now),
            declared
        ],
    )
    .map(drop)
}

pub(super) fn remove(c: &Connection, id: &str) -> sql::Result<bool> {
    Ok(execute(c, "DELETE FROM application WHERE id = ?1", [id])? == 1)
}

/// `false` if it was assigned already.
pub(super) fn assign(
    c: &Connection,
    application_id: &str,
    principal: &Principal,
    declared: bool,
) -> sql::Result<bool> {
    let sql = "INSERT INTO application_assignment (principal_id, application_id, principal_type, declared)
               VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let added = execute(c, sql, params![principal.id(), application_id, principal.kind(), declared])? == 1;
    if !added && declared {
        let sql = "UPDATE application_assignment SET declared = TRUE WHERE principal_id = ?1 AND application_id = ?2";
        execute(c, sql, [principal.id(), application_id])?;
    }
    Ok(added)
}

pub(super) fn unassign(c: &Connection, application_id: &str, principal_id: &str) -> sql::Result<bool> {
    let sql = "DELETE FROM application_assignment WHERE principal_id = ?1 AND application_id = ?2";
    Ok(execute(c, sql, [principal_id, application_id])? == 1)
}

impl Store {
    /// The applications that a person sees, by name.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn applications_of(&self, user_id: &str) -> Result<Vec<Application>> {
        self.read("list a user's applications", |c| {
            let sql = "WITH principal (id) AS MATERIALIZED (
                           SELECT id FROM user WHERE id = ?1 AND enabled
                           UNION ALL SELECT m.group_id FROM membership m JOIN user u ON u.id = m.user_id
                           WHERE u.id = ?1 AND u.enabled
                       )
                       SELECT a.* FROM (SELECT t.application_id FROM principal p
                           CROSS JOIN application_assignment t ON t.principal_id = p.id
                           UNION SELECT e.id FROM application e
                           WHERE e.assignment_required = FALSE AND EXISTS (SELECT 1 FROM principal p)) x
                       CROSS JOIN application a ON a.id = x.application_id
                       WHERE a.enabled AND a.visible ORDER BY a.name";
            all(c, sql, [user_id], application_from)
        })
    }

    /// Whether a person sees an application.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn is_for(&self, application: &Application, user_id: &str) -> Result<bool> {
        self.read("look for an application's assignment", |c| {
            let sql = "SELECT 1 FROM application a CROSS JOIN user u ON u.id = ?1
                       WHERE a.id = ?2 AND a.enabled AND u.enabled AND (
                           NOT a.assignment_required OR EXISTS (SELECT 1 FROM application_assignment t
                               WHERE t.principal_id = u.id AND t.application_id = ?2)
                           OR EXISTS (SELECT 1 FROM membership m CROSS JOIN application_assignment t
                               ON t.principal_id = m.group_id AND t.application_id = ?2 WHERE m.user_id = u.id))";
            one(c, sql, [user_id, &application.id], |_| Ok(())).map(|found| found.is_some())
        })
    }

    /// Finds an application by its name.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_by_name(&self, name: &str) -> Result<Option<Application>> {
        self.read("find an application", |c| find_by_name(c, name))
    }

    /// Finds an application by its instance id, `ins-…`.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_by_instance(&self, instance_id: &str) -> Result<Option<Application>> {
        self.read("find an application", |c| {
            one(c, "SELECT * FROM application WHERE instance_id = ?1", [instance_id], application_from)
        })
    }

    /// Up to `limit` applications after this name, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn applications(&self, after: &str, limit: u32) -> Result<Vec<Application>> {
        self.read("list applications", |c| {
            let sql = "SELECT * FROM application WHERE name > ?1 ORDER BY name LIMIT ?2";
            all(c, sql, params![after, limit], application_from)
        })
    }

    /// Adds an application or changes one; `false` if another has the name.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_application(
        &self,
        application: &Application,
        now: jiff::Timestamp,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("keep an application", |tx| {
            if find_by_name(tx, &application.name)?.is_some_and(|other| other.id != application.id) {
                return Ok(false);
            }
            put(tx, application, now, false)?;
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Forgets an application; `false` if there is none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_application(&self, id: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("delete an application", |tx| {
            let found = remove(tx, id)?;
            if found {
                audit::append(tx, entry)?;
            }
            Ok(found)
        })
    }

    /// Shows an application to a principal, or no longer; `false` if that is so already.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn set_application_assignment(
        &self,
        application_id: &str,
        principal: &Principal,
        assigned: bool,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("assign an application", |tx| {
            let changed = if assigned {
                assign(tx, application_id, principal, false)?
            } else {
                unassign(tx, application_id, principal.id())?
            };
            if changed {
                audit::append(tx, entry)?;
            }
            Ok(changed)
        })
    }
}
