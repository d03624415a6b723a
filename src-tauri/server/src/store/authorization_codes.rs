//! Authorization codes, kept after use so that a second use is noticed.

use jiff::Timestamp;

use super::{
    AuditEntry, NewTokens, Result, Store, audit, millis, moment, optional_moment,
    sql::{OptionalExtension, params},
    tokens::insert_family,
    words,
};
use crate::{domain::authorization_code::AuthorizationCode, secret::Digest};

/// A code that a client presented.
#[derive(Debug, Clone)]
pub enum PresentedCode {
    /// Not used yet.
    Fresh(AuthorizationCode),
    /// Used before.
    Spent(AuthorizationCode),
}

impl Store {
    /// Keeps a new code.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn add_authorization_code(&self, digest: Digest, code: &AuthorizationCode) -> Result<()> {
        self.write("add an authorization code", |tx| {
            tx.execute(
                "INSERT INTO authorization_code
                 (code, client_id, redirect_uri, challenge, scopes, session_id, family_id, ends, native)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    digest.as_bytes(),
                    code.client_id,
                    code.redirect_uri,
                    code.challenge,
                    code.scopes.join(" "),
                    code.session_id,
                    code.family_id,
                    millis(code.ends),
                    code.native
                ],
            )
            .map(drop)
        })
    }

    /// Finds a code.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn authorization_code(&self, digest: Digest) -> Result<Option<PresentedCode>> {
        self.read("find an authorization code", |c| {
            c.query_row("SELECT * FROM authorization_code WHERE code = ?1", [digest.as_bytes()], |row| {
                let code = AuthorizationCode {
                    client_id: row.get("client_id")?,
                    redirect_uri: row.get("redirect_uri")?,
                    challenge: row.get("challenge")?,
                    scopes: words(row, "scopes")?,
                    session_id: row.get("session_id")?,
                    family_id: row.get("family_id")?,
                    native: row.get("native")?,
                    ends: moment(row, "ends")?,
                };
                Ok(match optional_moment(row, "spent")? {
                    None => PresentedCode::Fresh(code),
                    Some(_) => PresentedCode::Spent(code),
                })
            })
            .optional()
        })
    }

    /// Spends a code together with keeping its tokens; `false` if somebody was faster.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn exchange_authorization_code(
        &self,
        digest: Digest,
        tokens: &NewTokens,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("exchange an authorization code", |tx| {
            let changed = tx.execute(
                "UPDATE authorization_code SET spent = ?2 WHERE code = ?1 AND spent IS NULL",
                params![digest.as_bytes(), millis(now)],
            )?;
            if changed == 1 {
                insert_family(tx, tokens)?;
                audit::append(tx, entry)?;
            }
            Ok(changed == 1)
        })
    }
}
