//! An LDAP directory as the source of users and groups: how it is asked, and what its syncs did.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, SourceKind, Store, audit, execute, from_json, identity_source, millis, moment, one,
    scim,
    sql::{self, Connection, Row, params},
    to_json,
};
use crate::ldap::{Settings, sync::Report};

/// A directory as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapSource {
    /// All but the secret.
    pub settings: Settings,
    /// The connector account's password, sealed.
    pub secret: Vec<u8>,
    /// When that was last changed.
    pub changed: Timestamp,
}

fn source_from(row: &Row<'_>) -> sql::Result<LdapSource> {
    Ok(LdapSource {
        settings: from_json(row, "settings")?,
        secret: row.get("secret")?,
        changed: moment(row, "changed")?,
    })
}

/// The directory, if it is set up.
pub(super) fn source(c: &Connection) -> sql::Result<Option<LdapSource>> {
    one(c, "SELECT * FROM ldap_source", [], source_from)
}

fn owns(c: &Connection, table: &str, column: &str, id: &str) -> sql::Result<bool> {
    if identity_source::kind(c)? != SourceKind::Ldap {
        return Ok(false);
    }
    let sql = format!("SELECT 1 FROM {table} WHERE {column} = ?1");
    Ok(one(c, &sql, [id], |_| Ok(()))?.is_some())
}

/// Whether the directory, as the source, keeps a user.
pub(super) fn owns_user(c: &Connection, id: &str) -> sql::Result<bool> {
    owns(c, "user_external_id", "user_id", id)
}

/// The same of a group.
pub(super) fn owns_group(c: &Connection, id: &str) -> sql::Result<bool> {
    owns(c, "group_external_id", "group_id", id)
}

/// Wants a sync, as nothing is here of a directory that just became the source.
pub(super) fn want_sync(c: &Connection) -> sql::Result<()> {
    execute(c, "UPDATE ldap_sync SET wanted = TRUE", []).map(drop)
}

/// Forgets what a source called users and groups: another one calls them otherwise.
pub(super) fn forget_outside_names(c: &Connection) -> sql::Result<()> {
    execute(c, "DELETE FROM user_external_id", [])?;
    execute(c, "DELETE FROM group_external_id", []).map(drop)
}

impl Store {
    /// The directory, if it is set up.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn ldap_source(&self) -> Result<Option<LdapSource>> {
        self.read("find the directory", source)
    }

    /// Sets the directory up.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_ldap_source(&self, source: &LdapSource, entry: &AuditEntry) -> Result<()> {
        self.write("keep the directory", |tx| {
            execute(
                tx,
                "INSERT INTO ldap_source (only, settings, secret, changed) VALUES (1, ?1, ?2, ?3)
                 ON CONFLICT (only) DO UPDATE SET settings = ?1, secret = ?2, changed = ?3",
                params![to_json(&source.settings)?, source.secret, millis(source.changed)],
            )?;
            audit::append(tx, entry)
        })
    }

    /// What the last sync did, and whether another is wanted.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn ldap_report(&self) -> Result<(Option<Report>, bool)> {
        self.read("find the last sync", |c| {
            let read = |row: &Row<'_>| {
                let held: Option<String> = row.get("report")?;
                let report = held.is_some().then(|| from_json(row, "report")).transpose()?;
                Ok((report, row.get("wanted")?))
            };
            one(c, "SELECT report, wanted FROM ldap_sync", [], read).map(Option::unwrap_or_default)
        })
    }

    /// Wants a sync.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn want_ldap_sync(&self, entry: &AuditEntry) -> Result<()> {
        self.write("want a sync", |tx| {
            want_sync(tx)?;
            audit::append(tx, entry)
        })
    }

    /// Takes on a sync; `false` if one is under way. Where several servers are, who asks has the lead of
    /// [`super::Job::Directory`]: what is claimed there broke off.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn claim_ldap_sync(&self, now: Timestamp, until: Timestamp) -> Result<bool> {
        let over = if self.is_shared() { i64::MAX } else { millis(now) };
        self.write("begin a sync", |tx| {
            let sql = "UPDATE ldap_sync SET claimed = ?2, wanted = FALSE WHERE claimed <= ?1";
            Ok(execute(tx, sql, [over, millis(until)])? == 1)
        })
    }

    /// Whether a sync is under way or broke off.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn is_ldap_sync_claimed(&self) -> Result<bool> {
        self.read("find out whether a sync is under way", |c| {
            let claimed = one(c, "SELECT claimed FROM ldap_sync", [], |row| row.get::<_, i64>(0))?;
            Ok(claimed.is_some_and(|until| until > 0))
        })
    }

    /// Ends a sync.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_ldap_report(&self, report: &Report, entry: &AuditEntry) -> Result<()> {
        self.write("end a sync", |tx| {
            execute(tx, "UPDATE ldap_sync SET report = ?1, claimed = 0", [to_json(report)?])?;
            audit::append(tx, entry)
        })
    }

    /// What the source calls somebody.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn external_id_of(&self, user_id: &str) -> Result<Option<String>> {
        self.read("find what the source calls a user", |c| {
            let sql = "SELECT external_id FROM user_external_id WHERE user_id = ?1";
            one(c, sql, [user_id], |row| row.get(0))
        })
    }

    /// Whether the directory, as the source, keeps a user or group of this id.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn is_of_directory(&self, id: &str) -> Result<bool> {
        self.read("find who keeps something", |c| Ok(owns_user(c, id)? || owns_group(c, id)?))
    }

    /// Ends all that somebody has here: sign-ins, tokens, role credentials; nothing is written if there is none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn end_access_of(&self, user_id: &str, now: Timestamp, entry: &AuditEntry) -> Result<()> {
        self.attempt("end a user's access", |tx| {
            let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM sign_in_session
                           WHERE user_id = ?1 AND ended IS NULL AND ends > ?2)
                       OR EXISTS (SELECT 1 FROM role_credentials WHERE user_id = ?1 AND ends > ?2)";
            if one(tx, sql, params![user_id, millis(now)], |_| Ok(()))?.is_none() {
                return Ok(((), false));
            }
            scim::end_access(tx, user_id, now)?;
            audit::append(tx, entry)?;
            Ok(((), true))
        })
    }
}
