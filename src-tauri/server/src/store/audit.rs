//! The audit trail: appended, never changed.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{Result, Store, millis};

/// An event as it is written. Changes that cannot be undone take theirs along into their transaction: what
/// cannot be recorded must not happen.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// When.
    pub moment: Timestamp,
    /// `eventSource`.
    pub source: String,
    /// `eventName`.
    pub name: String,
    /// The whole event as JSON.
    pub event: String,
}

pub(super) fn append(tx: &Transaction<'_>, entry: &AuditEntry) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO audit (moment, source, name, event) VALUES (?1, ?2, ?3, ?4)",
        params![millis(entry.moment), entry.source, entry.name, entry.event],
    )
    .map(drop)
}

impl Store {
    /// Appends events.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then none is there.
    pub fn append_audit(&self, entries: &[AuditEntry]) -> Result<()> {
        self.write("append to the audit trail", |tx| entries.iter().try_for_each(|entry| append(tx, entry)))
    }

    /// Makes appending fail from now on, or work again.
    #[cfg(test)]
    pub fn refuse_audit(&self, refuse: bool) {
        self.write("break the audit trail", |tx| {
            tx.execute_batch(if refuse {
                "CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"
            } else {
                "DROP TRIGGER refuse"
            })
        })
        .expect("a trigger can be made and dropped");
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
