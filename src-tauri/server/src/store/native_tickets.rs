//! Tickets by which a browser takes over a sign-in of the app, and the cookies of those that did.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, millis, moment,
    sessions::{SESSION_COLUMNS, session_from},
    sql::{self, Connection, OptionalExtension, params},
};
use crate::{domain::sign_in_session::SignInSession, secret::Digest};

/// A ticket that was presented.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Whose session it gives.
    pub session_id: String,
    /// From where it was asked for.
    pub source_ip: String,
    /// Where to go with it.
    pub back: String,
    /// When it stops working.
    pub ends: Timestamp,
}

/// The session that a browser took over.
pub(super) fn session_by_cookie(c: &Connection, cookie: Digest) -> sql::Result<Option<SignInSession>> {
    let sql = format!(
        "SELECT {SESSION_COLUMNS} FROM session_cookie k JOIN sign_in_session s ON s.id = k.session_id
         WHERE k.cookie = ?1"
    );
    c.query_row(&sql, [cookie.as_bytes()], session_from).optional()
}

impl Store {
    /// Keeps a ticket.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_ticket(&self, digest: Digest, ticket: &Ticket, entry: &AuditEntry) -> Result<()> {
        self.write("keep a sign-in ticket", |tx| {
            tx.execute(
                "INSERT INTO sign_in_ticket (ticket, session_id, source_ip, back, ends)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    digest.as_bytes(),
                    ticket.session_id,
                    ticket.source_ip,
                    ticket.back,
                    millis(ticket.ends)
                ],
            )?;
            audit::append(tx, entry)
        })
    }

    /// Spends a ticket: whoever comes second gets `None`, as does everybody after its end.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn spend_ticket(&self, digest: Digest, now: Timestamp) -> Result<Option<Ticket>> {
        self.write("spend a sign-in ticket", |tx| {
            tx.query_row(
                "UPDATE sign_in_ticket SET spent = ?2 WHERE ticket = ?1 AND spent IS NULL AND ends > ?2
                 RETURNING session_id, source_ip, back, ends",
                params![digest.as_bytes(), millis(now)],
                |row| {
                    Ok(Ticket {
                        session_id: row.get("session_id")?,
                        source_ip: row.get("source_ip")?,
                        back: row.get("back")?,
                        ends: moment(row, "ends")?,
                    })
                },
            )
            .optional()
        })
    }

    /// Gives a browser a session that is live; `false` if it is not.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_session_cookie(
        &self,
        session_id: &str,
        cookie: Digest,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("give a browser a session", |tx| {
            let added = tx.execute(
                "INSERT INTO session_cookie (cookie, session_id)
                 SELECT ?1, id FROM sign_in_session WHERE id = ?2 AND ended IS NULL AND ends > ?3",
                params![cookie.as_bytes(), session_id, millis(now)],
            )?;
            if added == 1 {
                audit::append(tx, entry)?;
            }
            Ok(added == 1)
        })
    }

    /// Makes all tickets those of another address.
    #[cfg(test)]
    pub fn move_tickets(&self, source_ip: &str) -> Result<()> {
        self.write("move tickets", |tx| {
            tx.execute("UPDATE sign_in_ticket SET source_ip = ?1", [source_ip]).map(drop)
        })
    }
}
