//! Passwords: each person has one, whoever it came from.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, SourceKind, Store, audit, execute, identity_source, millis, one,
    sql::{self, Connection, params},
    words,
};
use crate::{ldap::access::PROOF, secret::Digest};

/// A person's password.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    /// Argon2id in PHC form.
    pub hash: String,
    /// Hashes of those before it, the newest first.
    pub earlier: Vec<String>,
    /// Whether it is good for nothing but setting another.
    pub must_change: bool,
}

impl Password {
    /// One that is good for signing in, with none before it.
    pub fn chosen(hash: String) -> Self {
        Self { hash, earlier: Vec::new(), must_change: false }
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Password(must_change: {})", self.must_change)
    }
}

/// Whose password is set, and what else happens with it.
#[derive(Debug)]
pub struct NewPassword<'a> {
    /// Whose.
    pub user_id: &'a str,
    /// What it is.
    pub password: &'a Password,
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

/// Keeps a password; `declared` says that it is the document's.
pub(super) fn put(
    c: &Connection,
    user_id: &str,
    password: &Password,
    now: Timestamp,
    declared: bool,
) -> sql::Result<()> {
    let Password { hash, earlier, must_change } = password;
    execute(
        c,
        "INSERT INTO password (user_id, hash, earlier, must_change, changed, declared_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, CASE WHEN ?6 THEN ?2 END)
         ON CONFLICT (user_id) DO UPDATE SET hash = ?2, earlier = ?3, must_change = ?4, changed = ?5,
             declared_hash = CASE WHEN ?6 THEN ?2 ELSE password.declared_hash END",
        params![user_id, hash, earlier.join(" "), must_change, millis(now), declared],
    )
    .map(drop)
}

/// The hash that counts for a person.
pub(super) fn in_force(c: &Connection, user_id: &str) -> sql::Result<Option<String>> {
    if identity_source::kind(c)? == SourceKind::Ldap {
        // The directory has it.
        return Ok(Some(PROOF.to_owned()));
    }
    one(c, "SELECT hash FROM password WHERE user_id = ?1", [user_id], |row| row.get(0))
}

/// Notes the document's hash beside a password that counts.
pub(super) fn declare(c: &Connection, user_id: &str, hash: &str) -> sql::Result<()> {
    execute(c, "UPDATE password SET declared_hash = ?2 WHERE user_id = ?1", [user_id, hash]).map(drop)
}

/// The hash that the document gave last.
pub(super) fn declared(c: &Connection, user_id: &str) -> sql::Result<Option<String>> {
    let sql = "SELECT declared_hash FROM password WHERE user_id = ?1";
    one(c, sql, [user_id], |row| row.get(0)).map(Option::flatten)
}

impl Store {
    /// A person's password, if they have one.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn password(&self, user_id: &str) -> Result<Option<Password>> {
        self.read("look up a password", |c| {
            let sql = "SELECT hash, earlier, must_change FROM password WHERE user_id = ?1";
            one(c, sql, [user_id], |row| {
                Ok(Password {
                    hash: row.get("hash")?,
                    earlier: words(row, "earlier")?,
                    must_change: row.get("must_change")?,
                })
            })
        })
    }

    /// Sets a password. All links to set one are used up by it, applications' tokens end, the address that one was mailed to is verified, and a
    /// browser where a second factor was proved is known no longer unless the person sets it in a session. `false`, and
    /// nothing happened, if the link, the session or the half sign-in that should allow it is used or over.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn set_password(&self, new: &NewPassword<'_>, now: Timestamp, entry: &AuditEntry) -> Result<bool> {
        self.attempt("set a password", |tx| {
            let refused = Ok((false, false));
            if let Some(link) = new.link {
                // Whoever uses it reads the mail of the address it went to, if that is still theirs.
                tx.execute(
                    "UPDATE user SET email_verified = TRUE WHERE id = ?2 AND NOT email_verified
                     AND email = (SELECT mailed_to FROM password_link WHERE token = ?1 AND user_id = ?2 AND ends > ?3)",
                    params![link.as_bytes(), new.user_id, millis(now)],
                )?;
            }
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
                    "UPDATE half_sign_in SET must_change = FALSE
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
            put(tx, new.user_id, new.password, now, false)?;
            tx.execute(
                "UPDATE sign_in_session SET ended = ?2 WHERE user_id = ?1 AND ended IS NULL AND id IS DISTINCT FROM ?3",
                params![new.user_id, millis(now), new.session.as_ref().map(|session| session.id)],
            )?;
            tx.execute("DELETE FROM application_token WHERE user_id = ?1", [new.user_id])?;
            if new.session.is_none() {
                // Whoever reads somebody's mail at their desk is asked for their second factor.
                tx.execute("DELETE FROM mfa_context WHERE user_id = ?1", [new.user_id])?;
            }
            // Whoever got so far with the password of before starts over.
            tx.execute(
                "DELETE FROM half_sign_in WHERE user_id = ?1 AND cookie IS DISTINCT FROM ?2",
                params![new.user_id, new.half.map(|half| half.as_bytes().to_vec())],
            )?;
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }

    /// Gives people passwords.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then none has changed.
    pub fn set_passwords(
        &self,
        passwords: &[(String, Password)],
        now: Timestamp,
        entries: &[AuditEntry],
    ) -> Result<()> {
        self.write("set a password", |tx| {
            passwords.iter().try_for_each(|(user, password)| put(tx, user, password, now, false))?;
            entries.iter().try_for_each(|entry| audit::append(tx, entry))
        })
    }
}

/// `false` if the session is over.
fn renew(tx: &Connection, user_id: &str, session: &Renewed<'_>, now: Timestamp) -> sql::Result<bool> {
    let begun = tx.execute(
        "INSERT INTO sign_in_session (id, cookie, username, user_id, began, ends, wrong_codes, factor)
         SELECT ?1, ?2, username, user_id, began, ends, wrong_codes, factor FROM sign_in_session
         WHERE id = ?3 AND user_id = ?4 AND ended IS NULL AND ends > ?5",
        params![session.id, session.cookie.as_bytes(), session.before, user_id, millis(now)],
    )?;
    Ok(begun == 1)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use rusqlite_migration::Migrations;

    use super::*;
    use crate::store::{MIGRATIONS, MailedLink};

    /// Databases had two tables: what the organisation file gave, and what people set over it.
    #[test]
    fn every_password_of_an_older_database_stays_good() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("instance.sqlite");
        let mut old = rusqlite::Connection::open(&file).unwrap();
        Migrations::from_slice(&MIGRATIONS[..20]).to_latest(&mut old).unwrap();
        old.execute_batch(
            "INSERT INTO user (id, username, display_name, email, email_verified, enabled, profile, created, updated)
                 VALUES ('k', 'kim', '', '', 0, 1, '{}', 0, 0), ('s', 'sam', '', '', 0, 1, '{}', 0, 0),
                        ('a', 'ada', '', '', 0, 1, '{}', 0, 0);
             INSERT INTO password (user_id, hash, state, changed, declared_hash)
                 VALUES ('k', 'file-k', 'CHOSEN', 1, 'file-k'), ('s', 'file-s', 'CHOSEN', 1, 'file-s');
             INSERT INTO own_password (user_id, hash, earlier, must_change, changed)
                 VALUES ('s', 'own-s', 'b a', 0, 2), ('a', 'once-a', '', 1, 2), ('early', 'own-e', '', 0, 2);",
        )
        .unwrap();
        drop(old);
        let store = Store::open(&file).unwrap();
        let is = |user: &str, hash: &str, earlier: &[&str], must_change: bool, declared: Option<&str>| {
            let earlier = earlier.iter().map(|hash| (*hash).to_owned()).collect();
            let kept = Password { hash: hash.to_owned(), earlier, must_change };
            assert_eq!(store.password(user).unwrap(), Some(kept), "{user}");
            let found = store.read("look", |c| super::declared(c, user)).unwrap();
            assert_eq!(found.as_deref(), declared, "{user}");
        };
        is("k", "file-k", &[], false, Some("file-k"));
        is("s", "own-s", &["b", "a"], false, Some("file-s"));
        is("a", "once-a", &[], true, None);
        // From before there were users: they come with the organisation file.
        is("early", "own-e", &[], false, None);
    }

    #[test]
    fn a_link_sets_one_password_whoever_looked_at_it_when() {
        let (store, now) = (Store::in_memory(), Timestamp::from_second(1_800_000_000).unwrap());
        let entry = AuditEntry::empty(now);
        let ends = now.checked_add(jiff::SignedDuration::from_mins(1)).unwrap();
        let link = Digest::of("link");
        let set = |user_id: &str, hash: &str, at: Timestamp| {
            let password = Password { hash: hash.to_owned(), earlier: Vec::new(), must_change: false };
            let new =
                NewPassword { user_id, password: &password, session: None, half: None, link: Some(link) };
            store.set_password(&new, at, &entry).unwrap()
        };
        let mailed = MailedLink { user_id: "sam", to: "sam@acme.test", token: link, ends, letter: b"letter" };
        store.send_password_link(&mailed, now, &entry).unwrap();
        assert!(!set("kim", "hers", now), "another's");
        assert!(!set("sam", "late", ends), "too late");
        assert!(set("sam", "first", now));
        assert!(!set("sam", "second", now), "used");
        assert_eq!(store.password("sam").unwrap().unwrap().hash, "first");
        assert!(store.password("kim").unwrap().is_none());
    }
}
