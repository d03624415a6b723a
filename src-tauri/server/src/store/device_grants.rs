//! Device authorizations. Each change of state is a compare-and-swap on the state before.

use jiff::Timestamp;

use super::{
    AuditEntry, NewTokens, Result, Store, audit, digest, millis, moment,
    sql::{self, OptionalExtension, Row, params},
    tokens::insert_family,
    words,
};
use crate::{
    domain::device_grant::{Approved, DeviceGrant, Facts, Pending},
    secret::Digest,
};

/// A device authorization as its client sees it.
#[derive(Debug, Clone)]
pub struct PolledGrant {
    /// Its state.
    pub grant: DeviceGrant,
    /// The moment up to which polls have used the interval up.
    pub polls_due: Timestamp,
}

impl Store {
    /// Keeps a new device authorization.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails, a user code that is in use included.
    pub fn add_device_grant(&self, Pending(facts): &Pending, now: Timestamp) -> Result<()> {
        self.write("add a device authorization", |tx| {
            tx.execute(
                "INSERT INTO device_grant (code, user_code, client_id, scopes, ends, polls_due, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending')",
                params![
                    facts.code.as_bytes(),
                    facts.user_code.as_bytes(),
                    facts.client_id,
                    facts.scopes.join(" "),
                    millis(facts.ends),
                    millis(now)
                ],
            )
            .map(drop)
        })
    }

    /// Finds a device authorization by the digest of its device code.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn device_grant(&self, code: Digest) -> Result<Option<PolledGrant>> {
        self.read("find a device authorization", |c| {
            c.query_row("SELECT * FROM device_grant WHERE code = ?1", [code.as_bytes()], |row| {
                Ok(PolledGrant { grant: grant_from(row)?, polls_due: moment(row, "polls_due")? })
            })
            .optional()
        })
    }

    /// Finds a device authorization by the digest of what the person typed, in its canonical form.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn device_grant_by_user_code(&self, user_code: Digest) -> Result<Option<DeviceGrant>> {
        self.read("find a user code", |c| {
            c.query_row("SELECT * FROM device_grant WHERE user_code = ?1", [user_code.as_bytes()], grant_from)
                .optional()
        })
    }

    /// Notes a poll.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn record_poll(&self, code: Digest, due: Timestamp) -> Result<()> {
        self.write("note a poll", |tx| {
            tx.execute(
                "UPDATE device_grant SET polls_due = ?2 WHERE code = ?1",
                params![code.as_bytes(), millis(due)],
            )
            .map(drop)
        })
    }

    /// Pending to approved, with its event; `false` if it was not pending.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn approve_device_grant(&self, approved: &Approved, entry: &AuditEntry) -> Result<bool> {
        self.write("approve a device authorization", |tx| {
            let changed = tx.execute(
                "UPDATE device_grant SET state = 'approved', session_id = ?2 WHERE code = ?1 AND state = 'pending'",
                params![approved.facts.code.as_bytes(), approved.session_id],
            )?;
            if changed == 1 {
                audit::append(tx, entry)?;
            }
            Ok(changed == 1)
        })
    }

    /// Pending to rejected, with its event; `false` if it was not pending.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn reject_device_grant(&self, facts: &Facts, entry: &AuditEntry) -> Result<bool> {
        self.write("reject a device authorization", |tx| {
            let changed = tx.execute(
                "UPDATE device_grant SET state = 'rejected' WHERE code = ?1 AND state = 'pending'",
                params![facts.code.as_bytes()],
            )?;
            if changed == 1 {
                audit::append(tx, entry)?;
            }
            Ok(changed == 1)
        })
    }

    /// Approved to exchanged together with the tokens; `false` if it was not approved.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn exchange_device_grant(
        &self,
        facts: &Facts,
        tokens: &NewTokens,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.add("exchange a device code", |tx| {
            let changed = tx.execute(
                "UPDATE device_grant SET state = 'exchanged' WHERE code = ?1 AND state = 'approved'",
                params![facts.code.as_bytes()],
            )?;
            if changed == 1 {
                insert_family(tx, tokens)?;
                audit::append(tx, entry)?;
            }
            Ok(changed == 1)
        })
    }
}

fn grant_from(row: &Row<'_>) -> sql::Result<DeviceGrant> {
    let facts = Facts {
        code: digest(row, "code")?,
        user_code: digest(row, "user_code")?,
        client_id: row.get("client_id")?,
        scopes: words(row, "scopes")?,
        ends: moment(row, "ends")?,
    };
    let state: String = row.get("state")?;
    Ok(match state.as_str() {
        "pending" => DeviceGrant::Pending(Pending(facts)),
        "approved" => DeviceGrant::Approved(Approved { facts, session_id: row.get("session_id")? }),
        "rejected" => DeviceGrant::Rejected(facts),
        _ => DeviceGrant::Exchanged(facts),
    })
}
