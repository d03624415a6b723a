//! What holds for the whole instance, and what was applied to it.

use jiff::SignedDuration;

use super::{
    AuditEntry, Result, Store, audit, execute, one, seconds,
    sql::{self, Connection, params},
};
use crate::organisation::Settings;

const APPLIED: &str = "organisation_file";

pub(super) fn settings(c: &Connection) -> sql::Result<Option<Settings>> {
    one(c, "SELECT * FROM organisation", [], |row| {
        Ok(Settings {
            name: row.get("name")?,
            region: row.get("region")?,
            management_account: row.get("management_account")?,
            session_duration: seconds(row, "session_seconds")?,
        })
    })
}

pub(super) fn put_settings(c: &Connection, settings: &Settings) -> sql::Result<()> {
    execute(
        c,
        "INSERT INTO organisation (only, name, region, management_account, session_seconds)
         VALUES (1, ?1, ?2, ?3, ?4)
         ON CONFLICT (only) DO UPDATE SET name = ?1, region = ?2, management_account = ?3, session_seconds = ?4",
        params![settings.name, settings.region, settings.management_account, settings.session_duration.as_secs()],
    )
    .map(drop)
}

/// Remembers whether a file says how long sign-ins last.
pub(super) fn declare_session(c: &Connection, declared: bool) -> sql::Result<()> {
    execute(c, "UPDATE organisation SET session_declared = ?1", [declared]).map(drop)
}

impl Store {
    /// Whether the organisation file says how long sign-ins last.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn is_session_declared(&self) -> Result<bool> {
        self.read("read the organisation", |c| {
            let declared = one(c, "SELECT session_declared FROM organisation", [], |row| row.get(0))?;
            Ok(declared.unwrap_or(false))
        })
    }

    /// The instance's settings; `None` before anything was applied.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn settings(&self) -> Result<Option<Settings>> {
        self.read("read the organisation", settings)
    }

    /// Changes how long new sign-ins last.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn set_session_length(&self, length: SignedDuration, entry: &AuditEntry) -> Result<()> {
        self.write("set the length of sessions", |tx| {
            execute(tx, "UPDATE organisation SET session_seconds = ?1", [length.as_secs()])?;
            audit::append(tx, entry)
        })
    }

    /// Names the instance; `false`, and nothing has changed, if the organisation file that the server keeps to does.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn set_name(&self, name: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("name the instance", |tx| {
            if applied(tx)?.is_some() {
                return Ok(false);
            }
            execute(tx, "UPDATE organisation SET name = ?1", [name])?;
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// The digest of the organisation file that was applied last at a start.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn applied_file(&self) -> Result<Option<String>> {
        self.read("read what was applied", applied)
    }
}

fn applied(c: &Connection) -> sql::Result<Option<String>> {
    one(c, "SELECT value FROM meta WHERE name = ?1", [APPLIED], |row| row.get(0))
}

pub(super) fn put_applied(c: &Connection, digest: &str) -> sql::Result<()> {
    execute(
        c,
        "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
        [APPLIED, digest],
    )
    .map(drop)
}
