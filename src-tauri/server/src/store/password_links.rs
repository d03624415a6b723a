//! Links to set a password, and the mail that brings them.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, millis,
    sql::{self, Connection, OptionalExtension, params},
};
use crate::secret::Digest;

/// A link to set a password that goes out by mail.
#[derive(Debug)]
pub struct MailedLink<'a> {
    /// Whose.
    pub user_id: &'a str,
    /// The address that its letter goes to.
    pub to: &'a str,
    /// What is in it.
    pub token: Digest,
    /// From when on it is good for nothing.
    pub ends: Timestamp,
    /// The sealed letter.
    pub letter: &'a [u8],
}

/// Whose a link to set a password is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordLink {
    /// Whose.
    pub user_id: String,
    /// Whether it went out by mail.
    pub is_mailed: bool,
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

impl Store {
    /// Keeps a link to set a password and the mail that brings it; links of before end.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn send_password_link(
        &self,
        link: &MailedLink<'_>,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<()> {
        self.write("send a link to set a password", |tx| {
            send(tx, link, now)?;
            audit::append(tx, entry)
        })
    }

    /// Whose link this is, unless it is used or over.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn password_link(&self, token: Digest, now: Timestamp) -> Result<Option<PasswordLink>> {
        self.read("find a link to set a password", |c| {
            c.query_row(
                "SELECT user_id, mailed_to IS NOT NULL FROM password_link WHERE token = ?1 AND ends > ?2",
                params![token.as_bytes(), millis(now)],
                |row| Ok(PasswordLink { user_id: row.get(0)?, is_mailed: row.get(1)? }),
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

/// Keeps a link and the mail that brings it; links of before end.
pub(super) fn send(tx: &Connection, link: &MailedLink<'_>, now: Timestamp) -> sql::Result<()> {
    tx.execute("DELETE FROM password_link WHERE user_id = ?1", [link.user_id])?;
    tx.execute(
        "INSERT INTO password_link (token, user_id, ends, mailed_to) VALUES (?1, ?2, ?3, ?4)",
        params![link.token.as_bytes(), link.user_id, millis(link.ends), link.to],
    )?;
    post(tx, link.letter, now)
}

fn post(tx: &Connection, letter: &[u8], now: Timestamp) -> sql::Result<()> {
    tx.execute("INSERT INTO mail (letter, written, due) VALUES (?1, ?2, ?2)", params![letter, millis(now)])
        .map(drop)
}
