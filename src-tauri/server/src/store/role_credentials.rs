//! Role credentials that were issued. Their secret halves are not here: they are derived again when a
//! signature is checked.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Result, Store, digest, from_json, millis, moment, to_json};
use crate::{organisation::Tags, secret::Digest};

/// One set of role credentials, without its secrets.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// `ASIA…`.
    pub access_key_id: String,
    /// Digest of the session token.
    pub session_token: Digest,
    /// 12 digits.
    pub account_id: String,
    /// The permission set's name.
    pub permission_set: String,
    /// `AWSReservedSSO_…` (IAM Identity Center User Guide).
    pub role_name: String,
    /// `AROA…`.
    pub role_id: String,
    /// The user name.
    pub session_name: String,
    /// The person's id.
    pub user_id: String,
    /// The session's tags.
    pub tags: Tags,
    /// When they stop working.
    pub ends: Timestamp,
}

impl IssuedKey {
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/USER` (IAM Identity Center User Guide).
    pub fn session_arn(&self) -> String {
        format!("arn:aws:sts::{}:assumed-role/{}/{}", self.account_id, self.role_name, self.session_name)
    }
}

impl Store {
    /// Keeps issued credentials.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn add_role_credentials(&self, key: &IssuedKey) -> Result<()> {
        self.write("keep role credentials", |tx| {
            tx.execute(
                "INSERT INTO role_credentials
                 (access_key_id, session_token, account_id, permission_set, role_name, role_id, session_name, ends,
                  user_id, tags)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    key.access_key_id,
                    key.session_token.as_bytes(),
                    key.account_id,
                    key.permission_set,
                    key.role_name,
                    key.role_id,
                    key.session_name,
                    millis(key.ends),
                    key.user_id,
                    to_json(&key.tags)?
                ],
            )
            .map(drop)
        })
    }

    /// Finds issued credentials, expired ones included.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn role_credentials(&self, access_key_id: &str) -> Result<Option<IssuedKey>> {
        self.read("find role credentials", |c| {
            c.query_row("SELECT * FROM role_credentials WHERE access_key_id = ?1", [access_key_id], |row| {
                Ok(IssuedKey {
                    access_key_id: row.get("access_key_id")?,
                    session_token: digest(row, "session_token")?,
                    account_id: row.get("account_id")?,
                    permission_set: row.get("permission_set")?,
                    role_name: row.get("role_name")?,
                    role_id: row.get("role_id")?,
                    session_name: row.get("session_name")?,
                    user_id: row.get("user_id")?,
                    tags: from_json(row, "tags")?,
                    ends: moment(row, "ends")?,
                })
            })
            .optional()
        })
    }

    /// Makes all issued credentials expired, and the console sessions opened with them.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn expire_role_credentials(&self, now: Timestamp) -> Result<()> {
        self.write("expire role credentials", |tx| {
            for statement in [
                "UPDATE role_credentials SET ends = ?1 WHERE ends > ?1",
                "UPDATE signin_token SET ends = ?1 WHERE ends > ?1",
                "UPDATE console_session SET ends = ?1 WHERE ends > ?1",
            ] {
                tx.execute(statement, [millis(now)])?;
            }
            Ok(())
        })
    }
}
