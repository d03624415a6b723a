//! Failed sign-ins. Names are kept as digests: people type passwords into the wrong field.

use rusqlite::{OptionalExtension, params};

use super::{Result, Store, millis, moment};
use crate::{domain::lockout::Lockout, secret::Digest};

impl Store {
    /// What is known of failures under a name.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn lockout(&self, name: Digest) -> Result<Option<Lockout>> {
        self.read("look up a lockout", |c| {
            c.query_row("SELECT * FROM lockout WHERE name = ?1", [name.as_bytes()], |row| {
                Ok(Lockout {
                    failures: row.get("failures")?,
                    last: moment(row, "last")?,
                    until: moment(row, "until")?,
                })
            })
            .optional()
        })
    }

    /// Notes a failure.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn set_lockout(&self, name: Digest, state: &Lockout) -> Result<()> {
        self.write("note a failed sign-in", |tx| {
            tx.execute(
                "INSERT INTO lockout (name, failures, last, until) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (name) DO UPDATE SET failures = ?2, last = ?3, until = ?4",
                params![name.as_bytes(), state.failures, millis(state.last), millis(state.until)],
            )
            .map(drop)
        })
    }

    /// Forgets failures after a success.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn clear_lockout(&self, name: Digest) -> Result<()> {
        self.write("forget failed sign-ins", |tx| {
            tx.execute("DELETE FROM lockout WHERE name = ?1", [name.as_bytes()]).map(drop)
        })
    }
}
