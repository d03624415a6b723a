//! The instance's own ids, drawn once, and by which marks its keys are known.

use super::{
    AuditEntry, Result, Store, audit, execute, one,
    sql::{self, Connection, OptionalExtension, params},
};

/// Under which name the mark of a key's file stands.
fn place(file: &str) -> String {
    format!("key {file}")
}

fn mark_of(c: &Connection, file: &str) -> sql::Result<Option<String>> {
    one(c, "SELECT value FROM meta WHERE name = ?1", [place(file)], |row| row.get(0))
}

fn put_mark(tx: &Connection, file: &str, mark: &str) -> sql::Result<()> {
    let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    execute(tx, sql, params![place(file), mark]).map(drop)
}

impl Store {
    /// The value kept under `name`; on first use `make` draws it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn once(&self, name: &str, make: impl FnOnce() -> String) -> Result<String> {
        self.write("read the instance's identity", |tx| {
            let known: Option<String> = tx
                .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
                .optional()?;
            if let Some(value) = known {
                return Ok(value);
            }
            let value = make();
            tx.execute("INSERT INTO meta (name, value) VALUES (?1, ?2)", params![name, value])?;
            Ok(value)
        })
    }

    /// The mark of the key that the instance has in a file of this name; `None` before there was one.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn key_mark(&self, file: &str) -> Result<Option<String>> {
        self.read("read by which mark a key is known", |c| mark_of(c, file))
    }

    /// Whether a key is the instance's. Of several servers the first decides that; one server alone decides it each
    /// time.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn claim_key(&self, file: &str, mark: &str) -> Result<bool> {
        if self.key_mark(file)?.as_deref() == Some(mark) {
            return Ok(true);
        }
        let is_shared = self.is_shared();
        self.write("keep by which mark a key is known", |tx| match mark_of(tx, file)? {
            Some(known) if is_shared => Ok(known == mark),
            _ => put_mark(tx, file, mark).map(|()| true),
        })
    }

    /// Makes these keys the instance's, by the names of their files.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then nothing has changed.
    pub fn adopt_keys(&self, marks: &[(&str, String)], entry: &AuditEntry) -> Result<()> {
        self.write("change by which mark a key is known", |tx| {
            for (file, mark) in marks {
                put_mark(tx, file, mark)?;
            }
            audit::append(tx, entry)
        })
    }
}
