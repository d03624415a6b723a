//! Tokens of applications of OAuth 2.0, as digests, and the tokens of trusted issuers that were given for them.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, execute, millis, moment, one, sessions,
    sql::{self, Connection, Row, params},
    words,
};
use crate::secret::Digest;

/// What an application got for a person.
#[derive(Debug, Clone)]
pub struct ApplicationToken {
    /// `apl-…`
    pub application_id: String,
    /// The person's id.
    pub user_id: String,
    /// The sign-in it was begun in, with which it ends; none where a trusted issuer said who it is.
    pub session_id: Option<String>,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// When the access token ends.
    pub access_ends: Timestamp,
    /// When the last of what is made of it ends.
    pub ends: Timestamp,
}

/// A new one under its tokens' digests.
#[derive(Debug)]
pub struct NewApplicationToken {
    /// Of the access token.
    pub access: Digest,
    /// Of the refresh token, if there is one.
    pub refresh: Option<Digest>,
    /// What it is.
    pub token: ApplicationToken,
}

/// What is used up for it.
#[derive(Debug, Clone, Copy)]
pub enum Spent<'s> {
    /// Nothing: an access token stays good.
    Nothing,
    /// The token of a trusted issuer, which counts once.
    Assertion {
        /// `tti-…`
        issuer_id: &'s str,
        /// `jti`, or what stands for it.
        id: &'s str,
        /// When it would not be taken any more anyway.
        ends: Timestamp,
    },
    /// A refresh token.
    Refresh(Digest),
    /// An authorization code, and when.
    Code(Digest, Timestamp),
}

fn token(row: &Row<'_>) -> sql::Result<ApplicationToken> {
    Ok(ApplicationToken {
        application_id: row.get("application_id")?,
        user_id: row.get("user_id")?,
        session_id: row.get("session_id")?,
        scopes: words(row, "scopes")?,
        access_ends: moment(row, "access_ends")?,
        ends: moment(row, "ends")?,
    })
}

fn spend(c: &Connection, spent: Spent<'_>) -> sql::Result<bool> {
    match spent {
        Spent::Nothing => Ok(true),
        Spent::Assertion { issuer_id, id, ends } => {
            let sql = "INSERT INTO exchanged_token (issuer_id, id, ends) VALUES (?1, ?2, ?3)
                       ON CONFLICT (issuer_id, id) DO NOTHING";
            Ok(execute(c, sql, params![issuer_id, id, millis(ends)])? == 1)
        }
        Spent::Refresh(digest) => {
            Ok(execute(c, "DELETE FROM application_token WHERE refresh = ?1", [digest.as_bytes()])? == 1)
        }
        Spent::Code(digest, now) => {
            let sql = "UPDATE authorization_code SET spent = ?2 WHERE code = ?1 AND spent IS NULL";
            Ok(execute(c, sql, params![digest.as_bytes(), millis(now)])? == 1)
        }
    }
}

impl Store {
    /// Keeps what an application gets, and uses up what it gave for that; `false` if that was used before, the person was
    /// disabled or deleted meanwhile, or the sign-in it is of is over.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn issue_application_token(
        &self,
        new: &NewApplicationToken,
        spent: Spent<'_>,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.attempt("keep an application's tokens", |tx| {
            if !spend(tx, spent)? {
                return Ok((false, false));
            }
            let NewApplicationToken { access, refresh, token } = new;
            // Who is put out at the same moment has nothing that came after it.
            let sql = "SELECT 1 FROM user WHERE id = ?1 AND enabled";
            if one(tx, sql, [&token.user_id], |_| Ok(()))?.is_none() {
                return Ok((false, false));
            }
            if let Some(session) = &token.session_id
                && !sessions::is_live(tx, session, now)?
            {
                return Ok((false, false));
            }
            let sql = "INSERT INTO application_token
                           (access, refresh, application_id, user_id, scopes, access_ends, ends, session_id)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let values = params![
                access.as_bytes(),
                refresh.as_ref().map(Digest::as_bytes),
                token.application_id,
                token.user_id,
                token.scopes.join(" "),
                millis(token.access_ends),
                millis(token.ends),
                token.session_id,
            ];
            execute(tx, sql, values)?;
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }

    /// What an access token is.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_token(&self, access: Digest) -> Result<Option<ApplicationToken>> {
        self.read("find an application's token", |c| {
            one(c, "SELECT * FROM application_token WHERE access = ?1", [access.as_bytes()], token)
        })
    }

    /// What a refresh token is.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_refresh_token(&self, refresh: Digest) -> Result<Option<ApplicationToken>> {
        self.read("find an application's token", |c| {
            one(c, "SELECT * FROM application_token WHERE refresh = ?1", [refresh.as_bytes()], token)
        })
    }
}
