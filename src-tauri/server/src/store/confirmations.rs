//! Roles that a person is not asked about again for a while.

use jiff::Timestamp;

use super::{AuditEntry, Result, Store, all, audit, execute, millis, moment, sessions, sql::params};

/// A role that is not asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// 12 digits.
    pub account_id: String,
    /// The permission set's name.
    pub role: String,
    /// Until when.
    pub ends: Timestamp,
}

impl Store {
    /// The roles that are not asked about in a session.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn confirmations(&self, session_id: &str, now: Timestamp) -> Result<Vec<Confirmation>> {
        self.read("look up what is confirmed", |c| {
            let sql = "SELECT c.account_id, p.name, c.ends
                       FROM confirmation c JOIN permission_set p ON p.arn = c.permission_set
                       WHERE c.session_id = ?1 AND c.ends > ?2";
            all(c, sql, params![session_id, millis(now)], |row| {
                Ok(Confirmation { account_id: row.get(0)?, role: row.get(1)?, ends: moment(row, "ends")? })
            })
        })
    }

    /// Asks about a role no more until then. `false`, and nothing happened, if the session is over.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn keep_confirmation(
        &self,
        session_id: &str,
        (account_id, permission_set): (&str, &str),
        ends: Timestamp,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.attempt("keep a confirmation", |tx| {
            if !sessions::is_live(tx, session_id, now)? {
                return Ok((false, false));
            }
            execute(
                tx,
                "INSERT INTO confirmation (session_id, account_id, permission_set, ends) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (session_id, account_id, permission_set) DO UPDATE SET ends = ?4",
                params![session_id, account_id, permission_set, millis(ends)],
            )?;
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }
}
