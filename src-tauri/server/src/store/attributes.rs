//! Attributes for access control.

use super::{
    AuditEntry, Result, Store, all, audit, execute, from_json,
    sql::{self, Connection, params},
    to_json,
};
use crate::organisation::AccessControlAttribute;

pub(super) fn list(c: &Connection) -> sql::Result<Vec<AccessControlAttribute>> {
    all(c, "SELECT * FROM access_control_attribute ORDER BY key", [], |row| {
        Ok(AccessControlAttribute { key: row.get("key")?, sources: from_json(row, "sources")? })
    })
}

pub(super) fn put(c: &Connection, attribute: &AccessControlAttribute, declared: bool) -> sql::Result<()> {
    execute(
        c,
        "INSERT INTO access_control_attribute (key, sources, declared) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET sources = ?2, declared = access_control_attribute.declared OR ?3",
        params![attribute.key, to_json(&attribute.sources)?, declared],
    )
    .map(drop)
}

/// Adds one that the organisation file does not name.
fn put_own(c: &Connection, attribute: &AccessControlAttribute) -> sql::Result<()> {
    let sql = "INSERT INTO access_control_attribute (key, sources, declared) VALUES (?1, ?2, FALSE)
               ON CONFLICT DO NOTHING";
    execute(c, sql, params![attribute.key, to_json(&attribute.sources)?]).map(drop)
}

impl Store {
    /// The attributes that go into sessions, by key.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn access_control_attributes(&self) -> Result<Vec<AccessControlAttribute>> {
        self.read("list access control attributes", list)
    }

    /// The keys of those that the organisation file names.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn declared_access_control_attributes(&self) -> Result<Vec<String>> {
        self.read("list access control attributes", |c| {
            let sql = "SELECT key FROM access_control_attribute WHERE declared ORDER BY key";
            all(c, sql, [], |row| row.get(0))
        })
    }

    /// Puts these attributes in the place of all that the organisation file does not name.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn set_access_control_attributes(
        &self,
        attributes: &[AccessControlAttribute],
        entry: &AuditEntry,
    ) -> Result<()> {
        self.write("set access control attributes", |tx| {
            execute(tx, "DELETE FROM access_control_attribute WHERE NOT declared", [])?;
            attributes.iter().try_for_each(|attribute| put_own(tx, attribute))?;
            audit::append(tx, entry)
        })
    }
}
