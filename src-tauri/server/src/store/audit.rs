//! The audit trail: appended, never changed.

use jiff::Timestamp;
use rusqlite::params;

use super::{Result, Store, millis};

impl Store {
    /// Appends an event.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn append_audit(&self, at: Timestamp, source: &str, name: &str, event: &str) -> Result<()> {
        self.write("append to the audit trail", |tx| {
            tx.execute(
                "INSERT INTO audit (moment, source, name, event) VALUES (?1, ?2, ?3, ?4)",
                params![millis(at), source, name, event],
            )
            .map(drop)
        })
    }

    /// Names and bodies of all events, oldest first.
    #[cfg(test)]
    pub fn audit_trail(&self) -> Vec<(String, serde_json::Value)> {
        self.read("read the audit trail", |c| {
            let mut statement = c.prepare("SELECT name, event FROM audit ORDER BY id")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                row.map(|(name, event)| (name, serde_json::from_str(&event).expect("events are JSON")))
            })
            .collect()
        })
        .expect("the trail can be read")
    }
}
