//! Token families: access tokens and the chain of refresh tokens.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, execute, millis, moment, one, optional_moment,
    sessions::{SESSION_COLUMNS, session_from},
    sql::{self, Connection, OptionalExtension, Row, params},
    words,
};
use crate::{
    domain::{sign_in_session::SignInSession, token_family::Newest},
    secret::Digest,
};

/// The tokens of a first exchange.
#[derive(Debug, Clone)]
pub struct NewTokens {
    /// Chosen by the caller.
    pub family_id: String,
    /// Who they were issued to.
    pub client_id: String,
    /// The session behind them.
    pub session_id: String,
    /// What they carry.
    pub scopes: Vec<String>,
    /// Whether the person signed in in the app itself for them.
    pub native: bool,
    /// The access token.
    pub access: Digest,
    /// Its end.
    pub access_ends: Timestamp,
    /// The refresh token, for registrations that get one.
    pub refresh: Option<Digest>,
}

/// The tokens of a refresh.
#[derive(Debug, Clone)]
pub struct Successor {
    /// The new access token.
    pub access: Digest,
    /// Its end.
    pub access_ends: Timestamp,
    /// The new refresh token.
    pub refresh: Digest,
}

/// An access token that exists, and what decides whether it is good.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// The token's family: all that came of one sign-in of one client.
    pub family_id: String,
    /// Whether the person signed in in the app itself for it.
    pub native: bool,
    /// The session behind it.
    pub session: SignInSession,
    /// What it carries.
    pub scopes: Vec<String>,
    /// The token's own end.
    pub ends: Timestamp,
    /// Whether its family was revoked.
    pub revoked: bool,
    /// Whether it is the first token of its family's newest generation that shows itself.
    pub is_arrival: bool,
}

/// A refresh token that exists, and what decides whether it is good.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// Its family.
    pub family_id: String,
    /// Who it was issued to.
    pub client_id: String,
    /// What its family carries.
    pub scopes: Vec<String>,
    /// Its place in the chain.
    pub generation: i64,
    /// The family's newest.
    pub newest: Newest,
    /// Whether its family was revoked.
    pub revoked: bool,
    /// The session behind it.
    pub session: SignInSession,
}

/// The session as it is for these tokens: over when the one ends in which their program was let in.
fn session_of_family(row: &Row<'_>) -> sql::Result<SignInSession> {
    let session = session_from(row)?;
    let ends = optional_moment(row, "until")?.map_or(session.ends, |until| until.min(session.ends));
    Ok(SignInSession { ends, ..session })
}

pub(super) fn insert_family(tx: &Connection, tokens: &NewTokens) -> sql::Result<()> {
    execute(
        tx,
        "INSERT INTO token_family (id, client_id, session_id, scopes, generation, native)
         VALUES (?1, ?2, ?3, ?4, 0, ?5)",
        params![
            tokens.family_id,
            tokens.client_id,
            tokens.session_id,
            tokens.scopes.join(" "),
            tokens.native
        ],
    )?;
    insert_access(tx, tokens.access, &tokens.family_id, 0, tokens.access_ends)?;
    if let Some(refresh) = tokens.refresh {
        insert_refresh(tx, refresh, &tokens.family_id, 0)?;
    }
    Ok(())
}

fn insert_access(
    tx: &Connection,
    token: Digest,
    family: &str,
    generation: i64,
    ends: Timestamp,
) -> sql::Result<()> {
    execute(
        tx,
        "INSERT INTO access_token (token, family_id, generation, ends) VALUES (?1, ?2, ?3, ?4)",
        params![token.as_bytes(), family, generation, millis(ends)],
    )
    .map(drop)
}

fn insert_refresh(tx: &Connection, token: Digest, family: &str, generation: i64) -> sql::Result<()> {
    execute(
        tx,
        "INSERT INTO refresh_token (token, family_id, generation) VALUES (?1, ?2, ?3)",
        params![token.as_bytes(), family, generation],
    )
    .map(drop)
}

impl Store {
    /// Finds an access token.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn bearer(&self, access: Digest) -> Result<Option<Bearer>> {
        self.read("find an access token", |c| {
            let sql = format!(
                "SELECT a.ends AS access_ends, f.id AS family_id, f.scopes, f.revoked, f.native, f.until, {SESSION_COLUMNS},
                        a.generation = f.generation AND NOT f.seen AS is_arrival
                 FROM access_token a JOIN token_family f ON f.id = a.family_id
                 JOIN sign_in_session s ON s.id = f.session_id WHERE a.token = ?1"
            );
            one(c, &sql, [access.as_bytes()], |row| {
                Ok(Bearer {
                    family_id: row.get("family_id")?,
                    native: row.get("native")?,
                    session: session_of_family(row)?,
                    scopes: words(row, "scopes")?,
                    ends: moment(row, "access_ends")?,
                    revoked: optional_moment(row, "revoked")?.is_some(),
                    is_arrival: row.get("is_arrival")?,
                })
            })
        })
    }

    /// Notes that the generation of this access token arrived where it should, if it is still the newest.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn note_arrival(&self, access: Digest) -> Result<()> {
        // Nobody finds a token otherwise for it.
        self.add("note the use of a token", |tx| {
            execute(
                tx,
                "UPDATE token_family SET seen = TRUE
                 WHERE (id, generation) = (SELECT family_id, generation FROM access_token WHERE token = ?1)",
                [access.as_bytes()],
            )
            .map(drop)
        })
    }

    /// Finds a refresh token.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn refresh_token(&self, token: Digest) -> Result<Option<RefreshToken>> {
        self.read("find a refresh token", |c| {
            let sql = format!(
                "SELECT r.generation AS own, f.id AS family_id, f.client_id, f.scopes, f.generation, f.rotated,
                        f.seen, f.revoked, f.until, {SESSION_COLUMNS}
                 FROM refresh_token r JOIN token_family f ON f.id = r.family_id
                 JOIN sign_in_session s ON s.id = f.session_id WHERE r.token = ?1"
            );
            one(c, &sql, [token.as_bytes()], |row| {
                Ok(RefreshToken {
                    family_id: row.get("family_id")?,
                    client_id: row.get("client_id")?,
                    scopes: words(row, "scopes")?,
                    generation: row.get("own")?,
                    newest: Newest {
                        generation: row.get("generation")?,
                        began: optional_moment(row, "rotated")?,
                        seen: row.get("seen")?,
                    },
                    revoked: optional_moment(row, "revoked")?.is_some(),
                    session: session_of_family(row)?,
                })
            })
        })
    }

    /// Begins the generation after the newest that is `known`; `false` if somebody was faster.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn rotate(
        &self,
        known: &RefreshToken,
        next: &Successor,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<bool> {
        let generation = known.newest.generation + 1;
        self.add("rotate a refresh token", |tx| {
            let changed = execute(
                tx,
                "UPDATE token_family SET generation = ?3, rotated = ?4, seen = FALSE
                 WHERE id = ?1 AND generation = ?2 AND revoked IS NULL",
                params![known.family_id, known.newest.generation, generation, millis(now)],
            )?;
            if changed == 1 {
                insert_access(tx, next.access, &known.family_id, generation, next.access_ends)?;
                insert_refresh(tx, next.refresh, &known.family_id, generation)?;
                audit::append(tx, entry)?;
            }
            Ok(changed == 1)
        })
    }

    /// Adds another token pair to the newest generation; `false` if that is no longer the newest.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn reissue(&self, known: &RefreshToken, next: &Successor, entry: &AuditEntry) -> Result<bool> {
        let generation = known.newest.generation;
        self.add("repeat a refresh", |tx| {
            let current = tx
                .query_row(
                    "SELECT 1 FROM token_family WHERE id = ?1 AND generation = ?2 AND revoked IS NULL",
                    params![known.family_id, generation],
                    |_| Ok(()),
                )
                .optional()?;
            if current.is_some() {
                insert_access(tx, next.access, &known.family_id, generation, next.access_ends)?;
                insert_refresh(tx, next.refresh, &known.family_id, generation)?;
                audit::append(tx, entry)?;
            }
            Ok(current.is_some())
        })
    }

    /// Ends all tokens of a family.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn revoke_family(&self, family_id: &str, now: Timestamp) -> Result<()> {
        self.write("revoke a token family", |tx| {
            execute(
                tx,
                "UPDATE token_family SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL",
                params![family_id, millis(now)],
            )
            .map(drop)
        })
    }

    /// Makes every access token expired; refresh tokens stay good.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn expire_access_tokens(&self, now: Timestamp) -> Result<()> {
        self.write("expire access tokens", |tx| {
            execute(tx, "UPDATE access_token SET ends = ?1 WHERE ends > ?1", [millis(now)]).map(drop)
        })
    }
}
