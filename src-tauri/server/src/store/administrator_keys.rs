//! The access keys of administrators.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, millis, moment, optional_moment,
    sql::{self, OptionalExtension, Row, params},
};

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdministratorKey {
    /// `AKIA…`.
    pub access_key_id: String,
    /// Whose it is or what it is for.
    pub name: String,
    /// Since when.
    pub created: Timestamp,
    /// Since when it is good for nothing.
    pub disabled: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> sql::Result<AdministratorKey> {
    Ok(AdministratorKey {
        access_key_id: row.get("access_key_id")?,
        name: row.get("name")?,
        created: moment(row, "created")?,
        disabled: optional_moment(row, "disabled")?,
    })
}

impl Store {
    /// Keeps a new key.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_administrator_key(&self, key: &AdministratorKey, entry: &AuditEntry) -> Result<()> {
        self.write("keep an administrator's key", |tx| {
            tx.execute(
                "INSERT INTO administrator_key (access_key_id, name, created) VALUES (?1, ?2, ?3)",
                params![key.access_key_id, key.name, millis(key.created)],
            )?;
            audit::append(tx, entry)
        })
    }

    /// Makes a key good for nothing from now on; `Ok(false)` if there is none that works.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn disable_administrator_key(&self, id: &str, now: Timestamp, entry: &AuditEntry) -> Result<bool> {
        self.write("disable an administrator's key", |tx| {
            let sql =
                "UPDATE administrator_key SET disabled = ?2 WHERE access_key_id = ?1 AND disabled IS NULL";
            let there = tx.execute(sql, params![id, millis(now)])? > 0;
            if there {
                audit::append(tx, entry)?;
            }
            Ok(there)
        })
    }

    /// A key, disabled ones included.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn administrator_key(&self, id: &str) -> Result<Option<AdministratorKey>> {
        self.read("find an administrator's key", |c| {
            c.query_row("SELECT * FROM administrator_key WHERE access_key_id = ?1", [id], read).optional()
        })
    }

    /// All keys, oldest first.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn administrator_keys(&self) -> Result<Vec<AdministratorKey>> {
        self.read("list administrators' keys", |c| {
            let mut statement =
                c.prepare_cached("SELECT * FROM administrator_key ORDER BY created, access_key_id")?;
            statement.query_map([], read)?.collect()
        })
    }
}
