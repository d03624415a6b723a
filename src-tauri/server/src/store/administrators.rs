//! Who may use the administration's pages.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, execute, millis, one,
    sql::{self, Connection, params},
    users,
};
use crate::{organisation::User, secret::Digest};

/// What became of taking the role away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dismissed {
    /// It is gone.
    Done,
    /// The person did not have it.
    WasNone,
    /// Nobody else who may sign in has it.
    IsTheLast,
}

fn appoint(c: &Connection, user_id: &str, now: Timestamp) -> sql::Result<bool> {
    let sql = "INSERT INTO administrator (user_id, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(execute(c, sql, params![user_id, millis(now)])? == 1)
}

impl Store {
    /// Whether a person may use the administration's pages.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn is_administrator(&self, user_id: &str) -> Result<bool> {
        self.read("look for an administrator", |c| is_administrator(c, user_id))
    }

    /// Whether anybody else who may sign in is an administrator.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn has_other_administrator(&self, user_id: &str) -> Result<bool> {
        self.read("look for another administrator", |c| is_another(c, user_id))
    }

    /// Makes a person an administrator; `false` if they are one.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn appoint_administrator(&self, user_id: &str, now: Timestamp, entry: &AuditEntry) -> Result<bool> {
        self.write("appoint an administrator", |tx| {
            let appointed = appoint(tx, user_id, now)?;
            if appointed {
                audit::append(tx, entry)?;
            }
            Ok(appointed)
        })
    }

    /// Takes the role away, but not from the last who has it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn dismiss_administrator(&self, user_id: &str, entry: &AuditEntry) -> Result<Dismissed> {
        self.write("dismiss an administrator", |tx| {
            if !is_administrator(tx, user_id)? {
                return Ok(Dismissed::WasNone);
            }
            if !is_another(tx, user_id)? {
                return Ok(Dismissed::IsTheLast);
            }
            execute(tx, "DELETE FROM administrator WHERE user_id = ?1", [user_id])?;
            audit::append(tx, entry)?;
            Ok(Dismissed::Done)
        })
    }

    /// Keeps a person, new or known, makes them an administrator, and keeps a link to set their password; links
    /// of before end. `false`, and nothing happened, if somebody else has the user name or the email address.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn invite_administrator(
        &self,
        user: &User,
        link: (Digest, Timestamp),
        now: Timestamp,
        entries: &[AuditEntry],
    ) -> Result<bool> {
        let (token, ends) = link;
        self.write("invite an administrator", |tx| {
            if !users::are_logins_free(tx, user)? {
                return Ok(false);
            }
            users::put(tx, user, false)?;
            appoint(tx, &user.id, now)?;
            execute(tx, "DELETE FROM password_link WHERE user_id = ?1", [&user.id])?;
            let sql = "INSERT INTO password_link (token, user_id, ends) VALUES (?1, ?2, ?3)";
            execute(tx, sql, params![token.as_bytes(), user.id, millis(ends)])?;
            entries.iter().try_for_each(|entry| audit::append(tx, entry))?;
            Ok(true)
        })
    }
}

pub(super) fn is_administrator(c: &Connection, user_id: &str) -> sql::Result<bool> {
    let sql = "SELECT 1 FROM administrator WHERE user_id = ?1";
    one(c, sql, [user_id], |_| Ok(())).map(|found| found.is_some())
}

fn is_another(c: &Connection, user_id: &str) -> sql::Result<bool> {
    let sql = "SELECT 1 FROM administrator a JOIN user u ON u.id = a.user_id
               WHERE u.enabled AND a.user_id <> ?1 LIMIT 1";
    one(c, sql, [user_id], |_| Ok(())).map(|found| found.is_some())
}
