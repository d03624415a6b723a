//! Second factors that were proved anew in a session, for what a sign-in of a while ago is not enough for.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, Used, audit, lockouts, millis, moment, sessions,
    sql::{self, OptionalExtension, params},
};
use crate::secret::Digest;

impl Store {
    /// Whether a challenge was answered already.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn was_answered(&self, challenge: &Digest) -> Result<bool> {
        self.read("look a challenge up", |c| {
            let sql = "SELECT 1 FROM spent_challenge WHERE challenge = ?1";
            Ok(c.query_row(sql, [challenge.as_bytes()], |_| Ok(())).optional()?.is_some())
        })
    }

    /// When a factor was last proved in this session after it began.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn proved_anew(&self, session_id: &str) -> Result<Option<Timestamp>> {
        self.read("look a proof up", |c| {
            c.query_row("SELECT proved FROM session_proof WHERE session_id = ?1", [session_id], |row| {
                moment(row, "proved")
            })
            .optional()
        })
    }

    /// Remembers that a factor was proved now, and forgets the attempts counted under `counter`. `false`, and
    /// nothing happened, if the code was taken by somebody else, the challenge was answered before, or the session is over.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn prove_anew(
        &self,
        session_id: &str,
        used: &Used,
        challenge: Option<(Digest, Timestamp)>,
        counter: Digest,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.attempt("keep a proof", |tx| {
            if !used.keep(tx, now)?
                || !spend_challenge(tx, challenge)?
                || !sessions::is_live(tx, session_id, now)?
            {
                return Ok((false, false));
            }
            tx.execute(
                "INSERT INTO session_proof (session_id, proved) VALUES (?1, ?2)
                 ON CONFLICT (session_id) DO UPDATE SET proved = ?2",
                params![session_id, millis(now)],
            )?;
            sessions::note_factor(tx, session_id)?;
            lockouts::forget(tx, counter)?;
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }
}

/// Notes that a challenge was answered; `false` if it was before.
pub(super) fn spend_challenge(
    tx: &sql::Connection,
    challenge: Option<(Digest, Timestamp)>,
) -> sql::Result<bool> {
    let Some((challenge, ends)) = challenge else { return Ok(true) };
    let sql = "INSERT INTO spent_challenge (challenge, ends) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![challenge.as_bytes(), millis(ends)])? == 1)
}
