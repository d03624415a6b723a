//! Sign-in sessions and what was consented to in them.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, execute, lockouts, millis, moment, native_tickets, one,
    optional_moment, passwords,
    sql::{self, Connection, OptionalExtension, Row, params},
};
use crate::{domain::sign_in_session::SignInSession, secret::Digest};

/// Columns of a session, for joins as well.
pub(super) fn session_from(row: &Row<'_>) -> sql::Result<SignInSession> {
    let began = moment(row, "began")?;
    Ok(SignInSession {
        id: row.get("session_id")?,
        user_id: row.get("user_id")?,
        began,
        authenticated: optional_moment(row, "authenticated")?.unwrap_or(began),
        ends: moment(row, "session_ends")?,
        ended: optional_moment(row, "ended")?,
        wrong_codes: row.get("wrong_codes")?,
        factor: row.get("factor")?,
    })
}

/// The columns [`session_from`] reads, of a table `s`.
pub(super) const SESSION_COLUMNS: &str = "s.id AS session_id, s.user_id, s.began, s.authenticated, s.ends AS session_ends, s.ended, s.wrong_codes, s.factor";

/// A session that begins.
#[derive(Debug, Clone, Copy)]
pub struct Begun<'a> {
    /// It.
    pub session: &'a SignInSession,
    /// The digest of its cookie.
    pub cookie: Digest,
    /// The one whose place it takes in its browser.
    pub replaces: Option<Replaced<'a>>,
}

/// A session whose browser gets another one.
#[derive(Debug, Clone, Copy)]
pub struct Replaced<'a> {
    /// The digest of the cookie by which the browser has it.
    pub cookie: Digest,
    /// The event of its end.
    pub entry: &'a AuditEntry,
}

impl<'a> Begun<'a> {
    /// One that takes nothing's place.
    pub fn new(session: &'a SignInSession, cookie: Digest) -> Self {
        Self { session, cookie, replaces: None }
    }
}

/// Keeps a session. `false` if the person was disabled or deleted while they proved who they are, or people sign in at
/// an external identity provider by now.
pub(super) fn insert(tx: &Connection, begun: &Begun<'_>) -> sql::Result<bool> {
    insert_of(tx, begun, false, "{}")
}

/// Keeps a session that the external identity provider vouches for, with the session tags that it brought. `false` as
/// of [`insert`], or if people do not sign in there any more.
pub(super) fn insert_external(tx: &Connection, begun: &Begun<'_>, tags: &str) -> sql::Result<bool> {
    insert_of(tx, begun, true, tags)
}

fn insert_of(tx: &Connection, begun: &Begun<'_>, is_external: bool, tags: &str) -> sql::Result<bool> {
    let Begun { session, cookie, replaces } = begun;
    let is_begun = tx.execute(
        "INSERT INTO sign_in_session (id, cookie, username, user_id, began, ends, factor, tags, authenticated)
         SELECT ?1, ?2, username, id, ?4, ?5, ?6, ?7, ?8 FROM user WHERE id = ?3 AND enabled
             AND EXISTS (SELECT 1 FROM identity_source WHERE kind = 'SAML') = ?9",
        params![
            session.id,
            cookie.as_bytes(),
            session.user_id,
            millis(session.began),
            millis(session.ends),
            session.factor,
            tags,
            millis(session.authenticated),
            is_external
        ],
    )? == 1;
    if is_begun && let Some(replaced) = replaces {
        replace(tx, replaced, session)?;
    }
    Ok(is_begun)
}

/// Tokens of the session `?1` that go on with another one end at `?2` nevertheless, as the page of consent said.
const ENDS_AS_SAID: &str =
    "UPDATE token_family SET until = ?2 WHERE session_id = ?1 AND (until IS NULL OR until > ?2)";

/// What the session `?2` takes over from `?1`.
const GOES_ON: [&str; 3] = [
    "UPDATE token_family SET session_id = ?2 WHERE session_id = ?1",
    "UPDATE authorization_code SET session_id = ?2 WHERE session_id = ?1 AND spent IS NULL",
    "UPDATE device_grant SET session_id = ?2 WHERE session_id = ?1 AND state = 'approved'",
];

/// Ends a session in the place of which another begins: nobody has its cookie any more but who copied it. The tokens
/// of programs that the same person let in by it go on with the new one, until it would have ended. A browser that took over a sign-in of the
/// app gives that back and ends nothing.
fn replace(tx: &Connection, replaced: &Replaced<'_>, next: &SignInSession) -> sql::Result<()> {
    if execute(tx, "DELETE FROM session_cookie WHERE cookie = ?1", [replaced.cookie.as_bytes()])? == 1 {
        return Ok(());
    }
    let sql = "UPDATE sign_in_session SET ended = ?2 WHERE cookie = ?1 AND ended IS NULL RETURNING id, user_id, ends";
    let ended = params![replaced.cookie.as_bytes(), millis(next.began)];
    let before = one(tx, sql, ended, |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    })?;
    let Some((before, user_id, ends)) = before else { return Ok(()) };
    if user_id == next.user_id {
        execute(tx, ENDS_AS_SAID, params![before, ends])?;
        GOES_ON.iter().try_for_each(|sql| execute(tx, sql, [&before, &next.id]).map(drop))?;
    }
    audit::append(tx, replaced.entry)
}

/// Notes that a second factor was proved in a session.
pub(super) fn note_factor(tx: &Connection, session_id: &str) -> sql::Result<()> {
    tx.execute("UPDATE sign_in_session SET factor = TRUE WHERE id = ?1", [session_id]).map(drop)
}

/// Whether a session is neither ended nor over.
pub(super) fn is_live(tx: &Connection, session_id: &str, now: Timestamp) -> sql::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sign_in_session WHERE id = ?1 AND ended IS NULL AND ends > ?2)";
    tx.query_row(sql, params![session_id, millis(now)], |row| row.get(0))
}

impl Store {
    /// What begins a session only adds to what there is, unless another one ends with it.
    pub(super) fn begin<T>(
        &self,
        doing: &'static str,
        begun: &Begun<'_>,
        f: impl FnOnce(&Connection) -> sql::Result<T>,
    ) -> Result<T> {
        if begun.replaces.is_some() { self.write(doing, f) } else { self.add(doing, f) }
    }

    /// Keeps a new session; the attempts counted under `name` are forgotten. `false`
    /// if the person was disabled or deleted while their password was looked at, or has another one now than that
    /// with the hash `proof`.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn begin_session(
        &self,
        begun: &Begun<'_>,
        name: Digest,
        proof: &str,
        entries: &[AuditEntry],
    ) -> Result<bool> {
        self.begin("begin a session", begun, |tx| {
            if passwords::in_force(tx, &begun.session.user_id)?.as_deref() != Some(proof) {
                return Ok(false);
            }
            if !insert(tx, begun)? {
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
                "INSERT INTO consent (session_id, client_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [session_id, client_id],
            )
            .map(drop)
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_found_by_keys() {
        let store = Store::in_memory();
        for sql in GOES_ON.into_iter().chain([ENDS_AS_SAID]).filter(|_| !store.is_shared()) {
            let plan = store.read("plan", |c| {
                let parameters = params![None::<i64>, None::<i64>];
                c.query_row(&format!("EXPLAIN QUERY PLAN {sql}"), parameters, |row| row.get::<_, String>(3))
            });
            assert!(plan.as_ref().unwrap().starts_with("SEARCH"), "{sql}: {plan:?}");
        }
    }
}
