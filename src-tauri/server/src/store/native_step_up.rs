//! Roles that were opened by touching a security key, and for how long.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, Used, audit, millis, moment,
    native_proofs::spend_challenge,
    sessions,
    sql::{OptionalExtension, params},
};
use crate::secret::Digest;

/// A role that was opened.
#[derive(Debug, Clone)]
pub struct StepUp {
    /// For whom: a token family, or the browsers of a session.
    pub holder: String,
    /// In which session; it ends with it.
    pub session_id: String,
    /// 12 digits.
    pub account_id: String,
    /// The permission set's ARN.
    pub permission_set: String,
    /// Until when.
    pub ends: Timestamp,
}

impl Store {
    /// Until when a role is open for this holder in this session.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn stepped_up(
        &self,
        holder: &str,
        session_id: &str,
        account_id: &str,
        permission_set: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        self.read("look a step-up up", |c| {
            c.query_row(
                "SELECT ends FROM step_up WHERE holder = ?1 AND session_id = ?2 AND account_id = ?3
                 AND permission_set = ?4 AND ends > ?5",
                params![holder, session_id, account_id, permission_set, millis(now)],
                |row| moment(row, "ends"),
            )
            .optional()
        })
    }

    /// Opens a role by a key's answer. `false`, and nothing happened, if the challenge was answered before or the
    /// key was removed or the session ended in the meantime.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn step_up(
        &self,
        opened: &StepUp,
        used: &Used,
        challenge: (Digest, Timestamp),
        now: Timestamp,
        entries: &[AuditEntry],
    ) -> Result<bool> {
        self.attempt("keep a step-up", |tx| {
            if !used.keep(tx, now)?
                || !spend_challenge(tx, Some(challenge))?
                || !sessions::is_live(tx, &opened.session_id, now)?
            {
                return Ok((false, false));
            }
            tx.execute(
                "INSERT INTO step_up (holder, session_id, account_id, permission_set, ends)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (holder, account_id, permission_set) DO UPDATE SET session_id = ?2, ends = ?5",
                params![
                    opened.holder,
                    opened.session_id,
                    opened.account_id,
                    opened.permission_set,
                    millis(opened.ends)
                ],
            )?;
            entries.iter().try_for_each(|entry| audit::append(tx, entry))?;
            Ok((true, true))
        })
    }
}
