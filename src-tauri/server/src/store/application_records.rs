//! Applications as administrators' APIs have them.

use jiff::Timestamp;

use super::{
    AuditEntry, Edited, Result, Store, all, applications, audit, execute, groups, moment, one,
    sql::{self, Connection, Row, params},
    users,
};
use crate::organisation::{Application, Principal};

/// An application.
#[derive(Debug, Clone)]
pub struct ApplicationRecord {
    /// What the rest of the server knows.
    pub application: Application,
    /// Whether it can be used.
    pub enabled: bool,
    /// Whether the portal lists it.
    pub visible: bool,
    /// Whether only those it is assigned to may use it.
    pub assignment_required: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Whether the organisation file names it.
    pub declared: bool,
}

/// Whose an application is: the application's id and the principal.
pub type ApplicationAssignment = (String, Principal);

fn record(row: &Row<'_>) -> sql::Result<ApplicationRecord> {
    Ok(ApplicationRecord {
        application: applications::application_from(row)?,
        enabled: row.get("enabled")?,
        visible: row.get("visible")?,
        assignment_required: row.get("assignment_required")?,
        created: moment(row, "created")?,
        declared: row.get("declared")?,
    })
}

fn assignment(row: &Row<'_>) -> sql::Result<ApplicationAssignment> {
    let (kind, id): (String, String) = (row.get("principal_type")?, row.get("principal_id")?);
    let principal = if kind == "GROUP" { Principal::Group(id) } else { Principal::User(id) };
    Ok((row.get("application_id")?, principal))
}

fn find(c: &Connection, id: &str) -> sql::Result<Option<ApplicationRecord>> {
    one(c, "SELECT * FROM application WHERE id = ?1", [id], record)
}

fn put(c: &Connection, record: &ApplicationRecord) -> sql::Result<()> {
    let ApplicationRecord { application, enabled, visible, assignment_required, created, .. } = record;
    applications::put(c, application, *created, false)?;
    let sql = "UPDATE application SET enabled = ?2, visible = ?3, assignment_required = ?4 WHERE id = ?1";
    execute(c, sql, params![application.id, enabled, visible, assignment_required]).map(drop)
}

fn is_name_taken(c: &Connection, record: &ApplicationRecord) -> sql::Result<bool> {
    let other = applications::find_by_name(c, &record.application.name)?;
    Ok(other.is_some_and(|other| other.id != record.application.id))
}

impl Store {
    /// Finds an application by its id, `apl-…`.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_record(&self, id: &str) -> Result<Option<ApplicationRecord>> {
        self.read("find an application", |c| find(c, id))
    }

    /// Up to `limit` applications after this name, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_records(&self, after: &str, limit: u32) -> Result<Vec<ApplicationRecord>> {
        self.read("list applications", |c| {
            let sql = "SELECT * FROM application WHERE name > ?1 ORDER BY name LIMIT ?2";
            all(c, sql, params![after, limit], record)
        })
    }

    /// Adds an application with tags of this resource; `false` if another has the name.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn create_application(
        &self,
        record: &ApplicationRecord,
        tags: (&str, &crate::organisation::Tags),
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("make an application", |tx| {
            if is_name_taken(tx, record)? {
                return Ok(false);
            }
            put(tx, record)?;
            for (key, value) in tags.1 {
                let sql = "INSERT INTO tag (resource, key, value) VALUES (?1, ?2, ?3)";
                execute(tx, sql, params![tags.0, key, value])?;
            }
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Changes an application as `change` says.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn edit_application<E>(
        &self,
        id: &str,
        entry: &AuditEntry,
        change: impl FnOnce(&mut ApplicationRecord) -> std::result::Result<(), E>,
    ) -> Result<Edited<E>> {
        self.attempt("change an application", |tx| {
            let Some(mut record) = find(tx, id)? else { return Ok((Edited::Missing, false)) };
            if let Err(refusal) = change(&mut record) {
                return Ok((Edited::Refused(refusal), false));
            }
            if is_name_taken(tx, &record)? {
                return Ok((Edited::Taken, false));
            }
            put(tx, &record)?;
            audit::append(tx, entry)?;
            Ok((Edited::Done(0), true))
        })
    }

    /// Whether there is such a principal.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn has_principal(&self, principal: &Principal) -> Result<bool> {
        self.read("look for a principal", |c| match principal {
            Principal::User(id) => Ok(users::find(c, id)?.is_some()),
            Principal::Group(id) => Ok(groups::find(c, id)?.is_some()),
        })
    }

    /// Up to `limit` principals of an application after this id, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_assignments(
        &self,
        application_id: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<ApplicationAssignment>> {
        self.read("list an application's assignments", |c| {
            let sql = "SELECT * FROM application_assignment WHERE application_id = ?1 AND principal_id > ?2
                       ORDER BY principal_id LIMIT ?3";
            all(c, sql, params![application_id, after, limit], assignment)
        })
    }

    /// Up to `limit` assignments of a principal, those of a user's groups included, after this application and
    /// principal id, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_assignments_for(
        &self,
        principal_id: &str,
        application_id: Option<&str>,
        after: [&str; 2],
        limit: u32,
    ) -> Result<Vec<ApplicationAssignment>> {
        let [application, principal] = after;
        self.read("list a principal's applications", |c| {
            let sql = "SELECT t.* FROM (
                     SELECT ?1 AS id UNION SELECT group_id FROM membership WHERE user_id = ?1) p
                 CROSS JOIN application_assignment t ON t.principal_id = p.id
                     AND (t.application_id = ?2 OR ?2 IS NULL)
                 WHERE (t.application_id, t.principal_id) > (?3, ?4)
                 ORDER BY t.application_id, t.principal_id LIMIT ?5";
            all(c, sql, params![principal_id, application_id, application, principal, limit], assignment)
        })
    }
}
