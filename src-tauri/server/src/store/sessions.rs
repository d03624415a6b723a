//! Sign-in sessions and what was consented to in them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    AuditEntry, Result, Store, audit, execute, lockouts, millis, moment, native_tickets, one,
    optional_moment, passwords,
};
use crate::{domain::sign_in_session::SignInSession, secret::Digest};

/// Columns of a session, for joins as well.
pub(super) fn session_from(row: &Row<'_>) -> rusqlite::Result<SignInSession> {
    Ok(SignInSession {
        id: row.get("session_id")?,
        user_id: row.get("user_id")?,
        began: moment(row, "began")?,
        ends: moment(row, "session_ends")?,
        ended: optional_moment(row, "ended")?,
        wrong_codes: row.get("wrong_codes")?,
        factor: row.get("factor")?,
    })
}

/// The columns [`session_from`] reads, of a table `s`.
pub(super) const SESSION_COLUMNS: &str =
    "s.id AS session_id, s.user_id, s.began, s.ends AS session_ends, s.ended, s.wrong_codes, s.factor";

/// Keeps a session. `false` if the person was disabled or deleted while they proved who they are.
pub(super) fn insert(tx: &Connection, session: &SignInSession, cookie: Digest) -> rusqlite::Result<bool> {
    let begun = tx.execute(
        "INSERT INTO sign_in_session (id, cookie, username, user_id, began, ends, factor)
         SELECT ?1, ?2, username, id, ?4, ?5, ?6 FROM user WHERE id = ?3 AND enabled",
        params![
            session.id,
            cookie.as_bytes(),
            session.user_id,
            millis(session.began),
            millis(session.ends),
            session.factor
        ],
    )?;
    Ok(begun == 1)
}

/// Notes that a second factor was proved in a session.
pub(super) fn note_factor(tx: &Connection, session_id: &str) -> rusqlite::Result<()> {
    tx.execute("UPDATE sign_in_session SET factor = 1 WHERE id = ?1", [session_id]).map(drop)
}

/// Whether a session is neither ended nor over.
pub(super) fn is_live(tx: &Connection, session_id: &str, now: Timestamp) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sign_in_session WHERE id = ?1 AND ended IS NULL AND ends > ?2)";
    tx.query_row(sql, params![session_id, millis(now)], |row| row.get(0))
}

impl Store {
    /// Keeps a new session and the digest of its cookie; the attempts counted under `name` are forgotten. `false`
    /// if the person was disabled or deleted while their password was looked at, or has another one now than that
    /// with the hash `proof`.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn begin_session(
        &self,
        session: &SignInSession,
        cookie: Digest,
        name: Digest,
        proof: &str,
        entries: &[AuditEntry],
    ) -> Result<bool> {
        self.add("begin a session", |tx| {
            if passwords::in_force(tx, &session.user_id)?.as_deref() != Some(proof) {
                return Ok(false);
            }
            if !insert(tx, session, cookie)? {
                return Ok(false);
            }
            lockouts::forget(tx, name)?;
            entries.iter().try_for_each(|entry| audit::append(tx, entry))?;
            Ok(true)
        })
    }

    /// Finds a session by its id, ended ones included.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn session(&self, id: &str) -> Result<Option<SignInSession>> {
        self.read("find a session", |c| {
            let sql = format!("SELECT {SESSION_COLUMNS} FROM sign_in_session s WHERE s.id = ?1");
            one(c, &sql, [id], session_from)
        })
    }

    /// Finds a session by its cookie, ended ones included.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn session_by_cookie(&self, cookie: Digest) -> Result<Option<SignInSession>> {
        self.read("find a session", |c| {
            let sql = format!("SELECT {SESSION_COLUMNS} FROM sign_in_session s WHERE s.cookie = ?1");
            let own = one(c, &sql, [cookie.as_bytes()], session_from)?;
            // A browser that took over a sign-in of the app.
            if own.is_some() { Ok(own) } else { native_tickets::session_by_cookie(c, cookie) }
        })
    }

    /// Ends a session and with it all its tokens.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn end_session(&self, id: &str, now: Timestamp, entry: &AuditEntry) -> Result<()> {
        self.write("end a session", |tx| {
            execute(
                tx,
                "UPDATE sign_in_session SET ended = ?2 WHERE id = ?1 AND ended IS NULL",
                params![id, millis(now)],
            )?;
            audit::append(tx, entry)
        })
    }

    /// A person's sessions that are live, the newest first.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn live_sessions(&self, user_id: &str, now: Timestamp) -> Result<Vec<SignInSession>> {
        self.read("list a person's sessions", |c| {
            let sql = format!(
                "SELECT {SESSION_COLUMNS} FROM sign_in_session s
                 WHERE s.user_id = ?1 AND s.ended IS NULL AND s.ends > ?2 ORDER BY s.began DESC LIMIT 100"
            );
            let mut statement = c.prepare_cached(&sql)?;
            statement.query_map(params![user_id, millis(now)], session_from)?.collect()
        })
    }

    /// Ends a person's sessions but for one to keep, with them all their tokens, and the sign-ins under way; gives
    /// the number of sessions.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn end_other_sessions(
        &self,
        user_id: &str,
        keep: &str,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<usize> {
        self.write("end a person's sessions", |tx| {
            let ended = execute(
                tx,
                "UPDATE sign_in_session SET ended = ?2 WHERE user_id = ?1 AND ended IS NULL AND id <> ?3",
                params![user_id, millis(now), keep],
            )?;
            tx.execute("DELETE FROM half_sign_in WHERE user_id = ?1", [user_id])?;
            audit::append(tx, entry)?;
            Ok(ended)
        })
    }

    /// Ends every session.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn end_all_sessions(&self, now: Timestamp) -> Result<()> {
        self.write("end all sessions", |tx| {
            execute(tx, "UPDATE sign_in_session SET ended = ?1 WHERE ended IS NULL", [millis(now)]).map(drop)
        })
    }

    /// Notes that a second factor was proved in a session.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn note_factor(&self, session_id: &str) -> Result<()> {
        self.write("note a second factor", |tx| note_factor(tx, session_id))
    }

    /// Counts a user code against a session before it is looked at, as several may come at the same moment;
    /// `false` if the session has had its `most` wrong ones.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn count_code(&self, session_id: &str, most: i64) -> Result<bool> {
        self.write("count a code", |tx| {
            let sql =
                "UPDATE sign_in_session SET wrong_codes = wrong_codes + 1 WHERE id = ?1 AND wrong_codes < ?2";
            Ok(tx.execute(sql, params![session_id, most])? == 1)
        })
    }

    /// Takes the count of a code back that was right.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn forgive_code(&self, session_id: &str) -> Result<()> {
        self.write("take a code's count back", |tx| {
            let sql =
                "UPDATE sign_in_session SET wrong_codes = wrong_codes - 1 WHERE id = ?1 AND wrong_codes > 0";
            tx.execute(sql, [session_id]).map(drop)
        })
    }

    /// Whether this client was allowed before in this session.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn has_consent(&self, session_id: &str, client_id: &str) -> Result<bool> {
        self.read("look up consent", |c| {
            c.query_row(
                "SELECT 1 FROM consent WHERE session_id = ?1 AND client_id = ?2",
                [session_id, client_id],
                |_| Ok(()),
            )
            .optional()
            .map(|found| found.is_some())
        })
    }

    /// Remembers that this client was allowed in this session.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn record_consent(&self, session_id: &str, client_id: &str) -> Result<()> {
        self.write("record consent", |tx| {
            execute(
                tx,
                "INSERT OR IGNORE INTO consent (session_id, client_id) VALUES (?1, ?2)",
                [session_id, client_id],
            )
            .map(drop)
        })
    }
}
