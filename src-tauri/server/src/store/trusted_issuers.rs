//! Issuers whose tokens are believed.

use jiff::Timestamp;

use super::{
    AuditEntry, Edited, Result, Store, all, audit, execute, millis, moment, one,
    sql::{self, Connection, Row, params},
};
use crate::organisation::Tags;

/// A trusted token issuer.
#[derive(Debug, Clone)]
pub struct TrustedIssuer {
    /// `tti-` and a UUID.
    pub id: String,
    /// Its name, as the console shows it.
    pub name: String,
    /// What its tokens say of `iss`, and where its discovery document is.
    pub issuer_url: String,
    /// Where its tokens say whose they are.
    pub claim_path: String,
    /// What that is compared with: `userName`, `emails.value` or `externalIds.value`.
    pub attribute_path: String,
    /// When it was added.
    pub created: Timestamp,
}

fn issuer(row: &Row<'_>) -> sql::Result<TrustedIssuer> {
    Ok(TrustedIssuer {
        id: row.get("id")?,
        name: row.get("name")?,
        issuer_url: row.get("issuer_url")?,
        claim_path: row.get("claim_path")?,
        attribute_path: row.get("attribute_path")?,
        created: moment(row, "created")?,
    })
}

pub(super) fn find(c: &Connection, id: &str) -> sql::Result<Option<TrustedIssuer>> {
    one(c, "SELECT * FROM trusted_token_issuer WHERE id = ?1", [id], issuer)
}

pub(super) fn find_by_name(c: &Connection, name: &str) -> sql::Result<Option<TrustedIssuer>> {
    one(c, "SELECT * FROM trusted_token_issuer WHERE name = ?1", [name], issuer)
}

pub(super) fn list(c: &Connection, after: &str, limit: u32) -> sql::Result<Vec<TrustedIssuer>> {
    let sql = "SELECT * FROM trusted_token_issuer WHERE name > ?1 ORDER BY name LIMIT ?2";
    all(c, sql, params![after, limit], issuer)
}

/// `false` if there is none.
pub(super) fn remove(c: &Connection, id: &str) -> sql::Result<bool> {
    Ok(execute(c, "DELETE FROM trusted_token_issuer WHERE id = ?1", [id])? > 0)
}

/// Whether another one has its name or its address.
pub(super) fn is_taken(c: &Connection, wanted: &TrustedIssuer) -> sql::Result<bool> {
    let sql = "SELECT id FROM trusted_token_issuer WHERE (name = ?1 OR issuer_url = ?2) AND id <> ?3";
    let other = one(c, sql, params![wanted.name, wanted.issuer_url, wanted.id], |_| Ok(()))?;
    Ok(other.is_some())
}

pub(super) fn put(c: &Connection, wanted: &TrustedIssuer) -> sql::Result<()> {
    let TrustedIssuer { id, name, issuer_url, claim_path, attribute_path, created } = wanted;
    let sql = "INSERT INTO trusted_token_issuer (id, name, issuer_url, claim_path, attribute_path, created)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (id) DO UPDATE SET name = ?2, claim_path = ?4, attribute_path = ?5";
    execute(c, sql, params![id, name, issuer_url, claim_path, attribute_path, millis(*created)]).map(drop)
}

impl Store {
    /// Finds one by its id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn trusted_issuer(&self, id: &str) -> Result<Option<TrustedIssuer>> {
        self.read("find a trusted token issuer", |c| find(c, id))
    }

    /// Up to `limit` of them after this name, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn trusted_issuers(&self, after: &str, limit: u32) -> Result<Vec<TrustedIssuer>> {
        self.read("list trusted token issuers", |c| list(c, after, limit))
    }

    /// Adds one with tags of this resource; `false` if another has its name or its address.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_trusted_issuer(
        &self,
        wanted: &TrustedIssuer,
        tags: (&str, &Tags),
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.attempt("add a trusted token issuer", |tx| {
            if is_taken(tx, wanted)? {
                return Ok((false, false));
            }
            put(tx, wanted)?;
            for (key, value) in tags.1 {
                let sql = "INSERT INTO tag (resource, key, value) VALUES (?1, ?2, ?3)";
                execute(tx, sql, params![tags.0, key, value])?;
            }
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }

    /// Changes one as `change` says.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn edit_trusted_issuer<E>(
        &self,
        id: &str,
        entry: &AuditEntry,
        change: impl FnOnce(&mut TrustedIssuer) -> std::result::Result<(), E>,
    ) -> Result<Edited<E>> {
        self.attempt("change a trusted token issuer", |tx| {
            let Some(mut wanted) = find(tx, id)? else { return Ok((Edited::Missing, false)) };
            if let Err(refusal) = change(&mut wanted) {
                return Ok((Edited::Refused(refusal), false));
            }
            if is_taken(tx, &wanted)? {
                return Ok((Edited::Taken, false));
            }
            put(tx, &wanted)?;
            audit::append(tx, entry)?;
            Ok((Edited::Done(0), true))
        })
    }

    /// Forgets one and the tags of this resource; `false` if there is none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_trusted_issuer(&self, id: &str, resource: &str, entry: &AuditEntry) -> Result<bool> {
        self.attempt("forget a trusted token issuer", |tx| {
            if !remove(tx, id)? {
                return Ok((false, false));
            }
            execute(tx, "DELETE FROM tag WHERE resource = ?1", [resource])?;
            audit::append(tx, entry)?;
            Ok((true, true))
        })
    }
}
