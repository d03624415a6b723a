//! Access tokens of provisioning, as digests.

use jiff::{SignedDuration, Timestamp};

use super::{
    AuditEntry, By, Result, Store, all, audit, execute, millis, moment, one, optional_moment,
    sql::{self, Connection, Row, params},
};
use crate::secret::Digest;

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimToken {
    /// A UUID; events name it.
    pub id: String,
    /// Since when.
    pub created: Timestamp,
    /// When it is good for nothing any more.
    pub ends: Timestamp,
    /// Since when it is good for nothing.
    pub revoked: Option<Timestamp>,
    /// When it was used, to a minute.
    pub last_used: Option<Timestamp>,
}

impl ScimToken {
    /// Whether it opens anything.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now < self.ends
    }
}

/// Why there is no new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// There are as many as there can be.
    #[error("there are two access tokens already: revoke the one that is not used")]
    Enough,
    /// It would open nothing.
    #[error("Active Directory or LDAP is the identity source, and keeps users and groups alone")]
    OfDirectory,
}

/// So that a provider that sends many requests a second does not cause as many writes.
const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

fn read(row: &Row<'_>) -> sql::Result<ScimToken> {
    Ok(ScimToken {
        id: row.get("id")?,
        created: moment(row, "created")?,
        ends: moment(row, "ends")?,
        revoked: optional_moment(row, "revoked")?,
        last_used: optional_moment(row, "last_used")?,
    })
}

/// Revokes all of them: how many that were.
pub(super) fn revoke_all(tx: &Connection, now: Timestamp) -> sql::Result<usize> {
    execute(tx, "UPDATE scim_token SET revoked = ?1 WHERE revoked IS NULL AND ends > ?1", [millis(now)])
}

impl Store {
    /// Keeps a new token, unless there are `most` that work already, or it would open nothing.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_scim_token(
        &self,
        token: &ScimToken,
        secret: Digest,
        most: i64,
        entry: &AuditEntry,
    ) -> Result<std::result::Result<(), NoToken>> {
        self.write("keep an access token of provisioning", |tx| {
            if !By::Provisioning.counts(tx)? {
                return Ok(Err(NoToken::OfDirectory));
            }
            let sql = "SELECT count(*) FROM scim_token WHERE revoked IS NULL AND ends > ?1";
            let live: Option<i64> = one(tx, sql, [millis(token.created)], |row| row.get(0))?;
            if live.unwrap_or_default() >= most {
                return Ok(Err(NoToken::Enough));
            }
            let (created, ends) = (millis(token.created), millis(token.ends));
            let sql = "INSERT INTO scim_token (id, token, created, ends) VALUES (?1, ?2, ?3, ?4)";
            execute(tx, sql, params![token.id, secret.as_bytes(), created, ends])?;
            audit::append(tx, entry)?;
            Ok(Ok(()))
        })
    }

    /// Finds a token by what it is presented as, ended ones included, and notes that it was used.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn use_scim_token(&self, secret: Digest, now: Timestamp) -> Result<Option<ScimToken>> {
        let found = self.read("find an access token of provisioning", |c| {
            one(c, "SELECT * FROM scim_token WHERE token = ?1", [secret.as_bytes()], read)
        })?;
        let due = |token: &ScimToken| {
            token.is_live(now) && token.last_used.is_none_or(|last| now.duration_since(last) >= NOTED_EVERY)
        };
        if let Some(token) = found.as_ref().filter(|token| due(token)) {
            self.write("note the use of an access token", |tx| {
                let sql = "UPDATE scim_token SET last_used = ?2 WHERE id = ?1";
                execute(tx, sql, params![token.id, millis(now)]).map(drop)
            })?;
        }
        Ok(found)
    }

    /// Makes a token good for nothing from now on; `false` if there is none that works.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn revoke_scim_token(&self, id: &str, now: Timestamp, entry: &AuditEntry) -> Result<bool> {
        self.write("revoke an access token of provisioning", |tx| {
            let sql = "UPDATE scim_token SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL AND ends > ?2";
            let revoked = execute(tx, sql, params![id, millis(now)])? == 1;
            if revoked {
                audit::append(tx, entry)?;
            }
            Ok(revoked)
        })
    }

    /// Tokens that are not over, the newest first.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn scim_tokens(&self, now: Timestamp) -> Result<Vec<ScimToken>> {
        self.read("list access tokens of provisioning", |c| {
            let sql = "SELECT * FROM scim_token WHERE ends > ?1 ORDER BY created DESC, id";
            all(c, sql, [millis(now)], read)
        })
    }
}
