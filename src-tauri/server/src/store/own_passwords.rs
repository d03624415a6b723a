//! Passwords that people set themselves, links to set one, and the mail that brings them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{AuditEntry, Result, Store, audit, millis, one, words};
use crate::secret::Digest;

/// A password of a person's own.
#[derive(Clone)]
pub struct OwnPassword {
    /// Its hash in PHC form.
    pub hash: String,
    /// Hashes of those before it, the newest first.
    pub earlier: Vec<String>,
    /// Whether it is good for nothing but setting another.
    pub must_change: bool,
}

impl std::fmt::Debug for OwnPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnPassword(must_change: {})", self.must_change)
    }
}

/// Mail that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its number.
    pub id: i64,
    /// The sealed letter.
    pub letter: Vec<u8>,
    /// How often it could not be sent.
    pub tries: i64,
}

/// Whose password is set, and what else happens with it.
#[derive(Debug)]
pub struct NewPassword<'a> {
    /// Whose.
    pub user_id: &'a str,
    /// What it is.
    pub password: &'a OwnPassword,
    /// The session that goes on; all others end.
    pub session: Option<Renewed<'a>>,
    /// The half sign-in whose duty this is.
    pub half: Option<Digest>,
    /// The link that allowed it.
    pub link: Option<Digest>,
}

/// A session that goes on under another id and with another cookie, until when it would have. What was approved in
/// it ends, and so does whatever a copy of its cookie was good for.
#[derive(Debug)]
pub struct Renewed<'a> {
    /// The session until now.
    pub before: &'a str,
    /// Its new id.
    pub id: &'a str,
    /// Its new cookie.
    pub cookie: Digest,
}

impl Store {
    /// A person's own password, if they have one.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn own_password(&self, user_id: &str) -> Result<Option<OwnPassword>> {
        self.read("look up a password", |c| {
            one(c, "SELECT * FROM own_password WHERE user_id = ?1", [user_id], |row| {
                Ok(OwnPassword {
                    hash: row.get("hash")?,
                    earlier: words(row, "earlier")?,
                    must_change: row.get("must_change")?,
                })
            })
        })
    }

    /// Sets a password. All links to set one are used up by it, and a browser where a second factor was proved is
    /// known no longer unless the person sets it in a session. `false`, and nothing happened, if the link, the session
    /// or the half sign-in that should allow it is used or over.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn set_password(&self, new: &NewPassword<'_>, now: Timestamp, entry: &AuditEntry) -> Result<bool> {
        self.attempt("set a password", |tx| {
            let refused = Ok((false, false));
            if let Some(link) = new.link
                && tx.execute(
                    "DELETE FROM password_link WHERE token = ?1 AND user_id = ?2 AND ends > ?3",
                    params![link.as_bytes(), new.user_id, millis(now)],
                )? != 1
            {
                return refused;
            }
            if let Some(half) = new.half
                && tx.execute(
                    "UPDATE half_sign_in SET must_change = 0
                     WHERE cookie = ?1 AND user_id = ?2 AND must_change AND ends > ?3",
                    params![half.as_bytes(), new.user_id, millis(now)],
                )? != 1
            {
                return refused;
            }
            if let Some(session) = &new.session
                && !renew(tx, new.user_id, session, now)?
            {
                return refused;
            }
            tx.execute("DELETE FROM password_link WHERE user_id = ?1", [new.user_id])?;
            tx.execute(
                "INSERT INTO own_password (user_id, hash, earlier, must_change, changed)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (user_id) DO UPDATE SET hash = ?2, earlier = ?3, must_change = ?4, changed = ?5",
                params![
                    new.user_id,
                    new.password.hash,
                    new.password.earlier.join(" "),
                    new.password.must_change,
                    millis(now)
                ],
            )?;
            tx.execute(
                "UPDATE sign_in_session SET ended = ?2 WHERE user_id = ?1 AND ended IS NULL AND id IS NOT ?3",
                params![new.user_id, millis(now), new.session.as_ref().map(|session| session.id)],
            )?;
            if new.session.is_none() {
                // Whoever reads somebody's mail at their desk is asked for their second factor.
                tx.execute("DELETE FROM mfa_context WHERE user_id = ?1", [new.user_id])?;
            }
            // Whoever got so far with the password of before starts over.
            tx.execute(
                "DELETE FROM half_sign_in WHERE user_id = ?1 AND cookie IS NOT ?2",
                params![new.user_id, new.half.map(|half| half.as_bytes().to_vec())],
            )?;
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }

    /// Forgets all passwords that people set themselves.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn forget_own_passwords(&self) -> Result<()> {
        self.write("forget passwords", |tx| tx.execute("DELETE FROM own_password", []).map(drop))
    }

    /// Keeps a link to set a password and the mail that brings it; links of before end.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn send_password_link(
        &self,
        user_id: &str,
        token: Digest,
        ends: Timestamp,
        letter: &[u8],
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<()> {
        self.write("send a link to set a password", |tx| {
            tx.execute("DELETE FROM password_link WHERE user_id = ?1", [user_id])?;
            tx.execute(
                "INSERT INTO password_link (token, user_id, ends) VALUES (?1, ?2, ?3)",
                params![token.as_bytes(), user_id, millis(ends)],
            )?;
            post(tx, letter, now)?;
            audit::append(tx, entry)
        })
    }

    /// Whose link this is, unless it is used or over.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn password_link(&self, token: Digest, now: Timestamp) -> Result<Option<String>> {
        self.read("find a link to set a password", |c| {
            c.query_row(
                "SELECT user_id FROM password_link WHERE token = ?1 AND ends > ?2",
                params![token.as_bytes(), millis(now)],
                |row| row.get(0),
            )
            .optional()
        })
    }

    /// The mail that waits and is due, the oldest first.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn due_mail(&self, now: Timestamp, most: u32) -> Result<Vec<Waiting>> {
        self.read("look for mail to send", |c| {
            let mut statement =
                c.prepare_cached("SELECT * FROM mail WHERE due <= ?1 ORDER BY id LIMIT ?2")?;
            let rows = statement.query_map(params![millis(now), most], |row| {
                Ok(Waiting { id: row.get("id")?, letter: row.get("letter")?, tries: row.get("tries")? })
            })?;
            rows.collect()
        })
    }

    /// Forgets mail that was sent, or given up.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn forget_mail(&self, id: i64) -> Result<()> {
        self.write("forget mail", |tx| tx.execute("DELETE FROM mail WHERE id = ?1", [id]).map(drop))
    }

    /// Tries again later.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn postpone_mail(&self, id: i64, due: Timestamp) -> Result<()> {
        self.write("postpone mail", |tx| {
            tx.execute("UPDATE mail SET tries = tries + 1, due = ?2 WHERE id = ?1", params![id, millis(due)])
                .map(drop)
        })
    }
}

/// `false` if the session is over.
fn renew(tx: &Connection, user_id: &str, session: &Renewed<'_>, now: Timestamp) -> rusqlite::Result<bool> {
    let begun = tx.execute(
        "INSERT INTO sign_in_session (id, cookie, username, user_id, began, ends, wrong_codes, factor)
         SELECT ?1, ?2, username, user_id, began, ends, wrong_codes, factor FROM sign_in_session
         WHERE id = ?3 AND user_id = ?4 AND ended IS NULL AND ends > ?5",
        params![session.id, session.cookie.as_bytes(), session.before, user_id, millis(now)],
    )?;
    Ok(begun == 1)
}

fn post(tx: &Connection, letter: &[u8], now: Timestamp) -> rusqlite::Result<()> {
    tx.execute("INSERT INTO mail (letter, written, due) VALUES (?1, ?2, ?2)", params![letter, millis(now)])
        .map(drop)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_link_sets_one_password_whoever_looked_at_it_when() {
        let (store, now) = (Store::in_memory(), Timestamp::from_second(1_800_000_000).unwrap());
        let entry = AuditEntry::empty(now);
        let ends = now.checked_add(jiff::SignedDuration::from_mins(1)).unwrap();
        let link = Digest::of("link");
        let set = |user_id: &str, hash: &str, at: Timestamp| {
            let password = OwnPassword { hash: hash.to_owned(), earlier: Vec::new(), must_change: false };
            let new =
                NewPassword { user_id, password: &password, session: None, half: None, link: Some(link) };
            store.set_password(&new, at, &entry).unwrap()
        };
        store.send_password_link("sam", link, ends, b"letter", now, &entry).unwrap();
        assert!(!set("kim", "hers", now), "another's");
        assert!(!set("sam", "late", ends), "too late");
        assert!(set("sam", "first", now));
        assert!(!set("sam", "second", now), "used");
        assert_eq!(store.own_password("sam").unwrap().unwrap().hash, "first");
        assert!(store.own_password("kim").unwrap().is_none());
    }
}
