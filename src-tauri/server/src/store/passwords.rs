//! Password hashes.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{AuditEntry, Result, Store, audit, execute, millis, one};

/// What a password is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordState {
    /// Signing in.
    Chosen,
    /// Signing in once more, to choose another.
    MustChange,
    /// The first sign-in, with what the administrator handed over.
    OneTime,
}

impl PasswordState {
    fn word(self) -> &'static str {
        match self {
            Self::Chosen => "CHOSEN",
            Self::MustChange => "MUST_CHANGE",
            Self::OneTime => "ONE_TIME",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "CHOSEN" => Self::Chosen,
            "ONE_TIME" => Self::OneTime,
            _ => Self::MustChange,
        }
    }
}

/// A person's password.
#[derive(Clone)]
pub struct Password {
    /// Argon2id in PHC form.
    pub hash: String,
    /// What it is good for.
    pub state: PasswordState,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Password({:?})", self.state)
    }
}

/// Keeps a password; `declared` says that it is the document's.
pub(super) fn put(
    c: &Connection,
    user_id: &str,
    password: &Password,
    now: Timestamp,
    declared: bool,
) -> rusqlite::Result<()> {
    execute(
        c,
        "INSERT INTO password (user_id, hash, state, changed, declared_hash)
         VALUES (?1, ?2, ?3, ?4, CASE WHEN ?5 THEN ?2 END)
         ON CONFLICT (user_id) DO UPDATE SET hash = ?2, state = ?3, changed = ?4,
             declared_hash = CASE WHEN ?5 THEN ?2 ELSE declared_hash END",
        params![user_id, password.hash, password.state.word(), millis(now), declared],
    )
    .map(drop)?;
    if declared {
        // The document has a new one, which is meant to be good.
        execute(c, "DELETE FROM own_password WHERE user_id = ?1", [user_id])?;
    }
    Ok(())
}

/// The hash that counts for a person: of the password they set or were given for once, else the document's.
pub(super) fn in_force(c: &Connection, user_id: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT coalesce((SELECT hash FROM own_password WHERE user_id = ?1),
                               (SELECT hash FROM password WHERE user_id = ?1))";
    one(c, sql, [user_id], |row| row.get(0)).map(Option::flatten)
}

/// The hash that the document gave last.
pub(super) fn declared(c: &Connection, user_id: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT declared_hash FROM password WHERE user_id = ?1";
    one(c, sql, [user_id], |row| row.get(0)).map(Option::flatten)
}

impl Store {
    /// A person's password, if they have one.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn password(&self, user_id: &str) -> Result<Option<Password>> {
        self.read("find a password", |c| {
            one(c, "SELECT hash, state FROM password WHERE user_id = ?1", [user_id], |row| {
                Ok(Password { hash: row.get(0)?, state: PasswordState::of(&row.get::<_, String>(1)?) })
            })
        })
    }

    /// Gives people passwords.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails, a user that is not there included; then none has changed.
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
