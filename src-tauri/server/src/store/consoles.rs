//! Sign-in tokens of the federation endpoint and the console sessions they open.

use jiff::Timestamp;

use super::{
    Result, Store, millis, moment,
    sql::{OptionalExtension, params},
};
use crate::secret::Digest;

/// A sign-in token that was issued.
#[derive(Debug, Clone)]
pub struct SigninToken {
    /// The role credentials it was made from.
    pub access_key_id: String,
    /// When the token stops working.
    pub ends: Timestamp,
    /// When a console session opened with it ends.
    pub session_ends: Timestamp,
}

impl Store {
    /// Keeps a sign-in token.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn add_signin_token(&self, digest: Digest, token: &SigninToken) -> Result<()> {
        self.write("keep a sign-in token", |tx| {
            tx.execute(
                "INSERT INTO signin_token (token, access_key_id, ends, session_ends) VALUES (?1, ?2, ?3, ?4)",
                params![
                    digest.as_bytes(),
                    token.access_key_id,
                    millis(token.ends),
                    millis(token.session_ends)
                ],
            )
            .map(drop)
        })
    }

    /// Finds a sign-in token.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn signin_token(&self, digest: Digest) -> Result<Option<SigninToken>> {
        self.read("find a sign-in token", |c| {
            c.query_row("SELECT * FROM signin_token WHERE token = ?1", [digest.as_bytes()], |row| {
                Ok(SigninToken {
                    access_key_id: row.get("access_key_id")?,
                    ends: moment(row, "ends")?,
                    session_ends: moment(row, "session_ends")?,
                })
            })
            .optional()
        })
    }

    /// Keeps a console session.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn add_console_session(&self, cookie: Digest, access_key_id: &str, ends: Timestamp) -> Result<()> {
        self.write("open a console session", |tx| {
            tx.execute(
                "INSERT INTO console_session (cookie, access_key_id, ends) VALUES (?1, ?2, ?3)",
                params![cookie.as_bytes(), access_key_id, millis(ends)],
            )
            .map(drop)
        })
    }

    /// The access key id and the end of a console session.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn console_session(&self, cookie: Digest) -> Result<Option<(String, Timestamp)>> {
        self.read("find a console session", |c| {
            c.query_row("SELECT * FROM console_session WHERE cookie = ?1", [cookie.as_bytes()], |row| {
                Ok((row.get("access_key_id")?, moment(row, "ends")?))
            })
            .optional()
        })
    }
}
