//! Links to set a password, and the mail that brings them.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, millis,
    sql::{self, Connection, OptionalExtension, params},
};
use crate::secret::Digest;

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

impl Store {
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

fn post(tx: &Connection, letter: &[u8], now: Timestamp) -> sql::Result<()> {
    tx.execute("INSERT INTO mail (letter, written, due) VALUES (?1, ?2, ?2)", params![letter, millis(now)])
        .map(drop)
}
