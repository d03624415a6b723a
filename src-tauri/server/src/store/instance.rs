//! The instance's own ids, drawn once.

use super::{
    Result, Store,
    sql::{OptionalExtension, params},
};

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
}
