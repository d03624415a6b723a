//! SAML sign-ins under way, and the ids of messages that were seen.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, millis, moment,
    sql::{OptionalExtension, params},
};
use crate::secret::Digest;

/// A service provider's request that waits for the person to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlRequest {
    /// The application's id.
    pub application: String,
    /// The request's id, to be answered to.
    pub id: String,
    /// What the service provider wants back.
    pub relay_state: Option<String>,
    /// The person must sign in anew.
    pub force_authn: bool,
    /// The person must not be asked anything.
    pub is_passive: bool,
    /// When it came.
    pub received: Timestamp,
    /// When it is too late to answer.
    pub ends: Timestamp,
}

impl Store {
    /// Keeps a request under the digest of its handle.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn add_saml_request(&self, handle: Digest, request: &SamlRequest) -> Result<()> {
        self.add("keep a SAML request", |tx| {
            tx.execute(
                "INSERT INTO saml_request
                 (handle, application, id, relay_state, force_authn, is_passive, received, ends)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    handle.as_bytes(),
                    request.application,
                    request.id,
                    request.relay_state,
                    request.force_authn,
                    request.is_passive,
                    millis(request.received),
                    millis(request.ends)
                ],
            )
            .map(drop)
        })
    }

    /// A request that still can be answered.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn saml_request(&self, handle: Digest, now: Timestamp) -> Result<Option<SamlRequest>> {
        self.read("find a SAML request", |c| {
            c.query_row(
                "SELECT * FROM saml_request WHERE handle = ?1 AND ends > ?2",
                params![handle.as_bytes(), millis(now)],
                |row| {
                    Ok(SamlRequest {
                        application: row.get("application")?,
                        id: row.get("id")?,
                        relay_state: row.get("relay_state")?,
                        force_authn: row.get("force_authn")?,
                        is_passive: row.get("is_passive")?,
                        received: moment(row, "received")?,
                        ends: moment(row, "ends")?,
                    })
                },
            )
            .optional()
        })
    }

    /// Marks a request as answered; `false` if somebody was first.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn answer_saml_request(&self, handle: Digest, entry: &AuditEntry) -> Result<bool> {
        self.write("answer a SAML request", |tx| {
            let found = tx.execute("DELETE FROM saml_request WHERE handle = ?1", [handle.as_bytes()])?;
            if found == 1 {
                audit::append(tx, entry)?;
            }
            Ok(found == 1)
        })
    }

    /// Remembers an id that a party was shown; `false` if it has seen it before.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn see_saml_id(&self, party: &str, id: &str, ends: Timestamp) -> Result<bool> {
        self.add("look for a replay", |tx| {
            let added = tx.execute(
                "INSERT INTO saml_seen (party, id, ends) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![party, id, millis(ends)],
            )?;
            Ok(added == 1)
        })
    }
}
