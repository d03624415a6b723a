//! Where people sign in, the external identity provider, and its sign-ins under way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AuditEntry, Begun, Result, Store, all, audit, execute, from_json, ldap, millis, moment, one,
    optional_moment, scim_tokens, sessions,
    sql::{self, Connection, Row, params},
    to_json,
};
use crate::{organisation::Tags, secret::Digest};

/// Where people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Here, with passwords and MFA devices of this server.
    Directory,
    /// At an external SAML identity provider.
    Saml,
    /// Here, with passwords of Active Directory or another LDAP directory and MFA devices of this server.
    Ldap,
}

impl SourceKind {
    fn word(self) -> &'static str {
        match self {
            Self::Directory => "DIRECTORY",
            Self::Saml => "SAML",
            Self::Ldap => "LDAP",
        }
    }
}

/// The external identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalProvider {
    /// Its entity id.
    pub entity_id: String,
    /// Where its sign-in begins, by HTTP-Redirect.
    pub sign_in_url: String,
    /// What it signs with, in base64: one or two.
    pub certificates: Vec<String>,
    /// When that was last changed.
    pub changed: Timestamp,
}

/// A sign-in at the external identity provider that is under way.
#[derive(Debug, Clone)]
pub struct ExternalSignIn {
    /// The request's id, to be answered to.
    pub request_id: String,
    /// The visitor who began it.
    pub owner: String,
    /// Where to go afterwards.
    pub back: String,
    /// When it is too late.
    pub ends: Timestamp,
    /// When the provider was asked to make the person prove anew who they are, if it was.
    pub anew: Option<Timestamp>,
    /// What the answer proved, once there is one.
    pub proved: Option<Proved>,
}

/// What an identity provider's answer proved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proved {
    /// Who it was.
    pub user_id: String,
    /// How they proved it there (SAML Core 2.0, `AuthnContextClassRef`).
    pub context: Option<String>,
    /// Session tags.
    pub tags: Tags,
    /// When they proved it, in epoch milliseconds.
    #[serde(default)]
    pub authenticated: i64,
    /// When the provider wants the session to end, in epoch milliseconds.
    pub session_ends: Option<i64>,
}

/// What there is when the source changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Affected {
    /// Users, and groups.
    pub users: i64,
    /// Groups.
    pub groups: i64,
    /// Assignments to accounts and applications.
    pub assignments: i64,
    /// Users who may sign in and have no password here.
    pub without_password: i64,
    /// MFA devices.
    pub devices: i64,
    /// Sign-ins that are live.
    pub sessions: i64,
    /// What applications of OAuth 2.0 got for people, and what can still be used or renewed.
    pub application_tokens: i64,
    /// Access tokens of provisioning that work.
    pub tokens: i64,
    /// User names of the first administrators who may sign in.
    pub administrators: Vec<String>,
}

/// What became of changing the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceChange {
    /// It is done.
    Done,
    /// It is the source already.
    IsIt,
    /// The external identity provider, or the directory, is not set up.
    NotSetUp,
}

pub(super) fn kind(c: &Connection) -> sql::Result<SourceKind> {
    let word: Option<String> = one(c, "SELECT kind FROM identity_source", [], |row| row.get(0))?;
    Ok(match word.as_deref() {
        Some("SAML") => SourceKind::Saml,
        Some("LDAP") => SourceKind::Ldap,
        _ => SourceKind::Directory,
    })
}

fn provider_from(row: &Row<'_>) -> sql::Result<ExternalProvider> {
    Ok(ExternalProvider {
        entity_id: row.get("entity_id")?,
        sign_in_url: row.get("sign_in_url")?,
        certificates: from_json(row, "certificates")?,
        changed: moment(row, "changed")?,
    })
}

fn provider(c: &Connection) -> sql::Result<Option<ExternalProvider>> {
    one(c, "SELECT * FROM external_provider", [], provider_from)
}

fn sign_in_from(row: &Row<'_>) -> sql::Result<ExternalSignIn> {
    let has_proof: Option<String> = row.get("proved")?;
    Ok(ExternalSignIn {
        request_id: row.get("request_id")?,
        owner: row.get("owner")?,
        back: row.get("back")?,
        ends: moment(row, "ends")?,
        anew: optional_moment(row, "anew")?,
        proved: has_proof.is_some().then(|| from_json(row, "proved")).transpose()?,
    })
}

impl Store {
    /// Where people sign in.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn identity_source(&self) -> Result<SourceKind> {
        self.read("find the identity source", kind)
    }

    /// The external identity provider, if it is set up.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn external_provider(&self) -> Result<Option<ExternalProvider>> {
        self.read("find the external identity provider", provider)
    }

    /// Sets the external identity provider up.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_external_provider(&self, provider: &ExternalProvider, entry: &AuditEntry) -> Result<()> {
        self.write("keep the external identity provider", |tx| {
            let certificates = to_json(&provider.certificates)?;
            execute(
                tx,
                "INSERT INTO external_provider (only, entity_id, sign_in_url, certificates, changed)
                 VALUES (1, ?1, ?2, ?3, ?4)
                 ON CONFLICT (only) DO UPDATE SET entity_id = ?1, sign_in_url = ?2, certificates = ?3, changed = ?4",
                params![provider.entity_id, provider.sign_in_url, certificates, millis(provider.changed)],
            )?;
            // Answers to requests of before come from somebody else, perhaps.
            execute(tx, "DELETE FROM external_sign_in", [])?;
            audit::append(tx, entry)
        })
    }

    /// Changes where people sign in. Everybody is signed out, what was under way is over, and so is what applications
    /// of OAuth 2.0 got; but with an external identity provider, provisioning ends too.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn change_identity_source(
        &self,
        to: SourceKind,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<SourceChange> {
        self.write("change the identity source", |tx| {
            let from = kind(tx)?;
            if from == to {
                return Ok(SourceChange::IsIt);
            }
            let is_set_up = match to {
                SourceKind::Directory => true,
                SourceKind::Saml => provider(tx)?.is_some(),
                SourceKind::Ldap => ldap::source(tx)?.is_some(),
            };
            if !is_set_up {
                return Ok(SourceChange::NotSetUp);
            }
            let sql = "UPDATE identity_source SET kind = ?1, since = ?2";
            execute(tx, sql, params![to.word(), millis(now)])?;
            execute(
                tx,
                "UPDATE sign_in_session SET ended = ?1 WHERE ended IS NULL AND ends > ?1",
                [millis(now)],
            )?;
            for sql in [
                "DELETE FROM half_sign_in",
                "DELETE FROM external_sign_in",
                "DELETE FROM password_link",
                "DELETE FROM mfa_context",
                "DELETE FROM application_token",
            ] {
                execute(tx, sql, [])?;
            }
            if to != SourceKind::Saml {
                scim_tokens::revoke_all(tx, now)?;
            }
            if [from, to].contains(&SourceKind::Ldap) {
                ldap::forget_outside_names(tx)?;
            }
            if to == SourceKind::Ldap {
                ldap::want_sync(tx)?;
            }
            audit::append(tx, entry)?;
            Ok(SourceChange::Done)
        })
    }

    /// What there is when the source changes.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn affected_by_source(&self, now: Timestamp) -> Result<Affected> {
        self.read("count", |c| {
            let sql = "SELECT (SELECT count(*) FROM user) AS users,
                    (SELECT count(*) FROM user_group) AS groups,
                    (SELECT count(*) FROM assignment) + (SELECT count(*) FROM application_assignment) AS assignments,
                    (SELECT count(*) FROM user u WHERE u.enabled
                     AND NOT EXISTS (SELECT 1 FROM password p WHERE p.user_id = u.id)) AS without_password,
                    (SELECT count(*) FROM mfa_device) AS devices,
                    (SELECT count(*) FROM sign_in_session WHERE ended IS NULL AND ends > ?1) AS sessions,
                    (SELECT count(*) FROM application_token WHERE ends > ?1) AS application_tokens,
                    (SELECT count(*) FROM scim_token WHERE revoked IS NULL AND ends > ?1) AS tokens";
            let counted = one(c, sql, [millis(now)], |row| {
                Ok(Affected {
                    users: row.get("users")?,
                    groups: row.get("groups")?,
                    assignments: row.get("assignments")?,
                    without_password: row.get("without_password")?,
                    devices: row.get("devices")?,
                    sessions: row.get("sessions")?,
                    application_tokens: row.get("application_tokens")?,
                    tokens: row.get("tokens")?,
                    administrators: Vec::new(),
                })
            })?;
            let sql = "SELECT u.username FROM administrator a JOIN user u ON u.id = a.user_id WHERE u.enabled
                       ORDER BY u.username LIMIT 10";
            let administrators = all(c, sql, [], |row| row.get(0))?;
            Ok(Affected { administrators, ..counted.unwrap_or_default() })
        })
    }

    /// Keeps a sign-in that goes to the external identity provider, under what comes back as its relay state.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn begin_external_sign_in(&self, relay: Digest, begun: &ExternalSignIn) -> Result<()> {
        self.add("keep an external sign-in", |tx| {
            let sql = "INSERT INTO external_sign_in (relay, request_id, owner, back, ends, anew)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let (ends, anew) = (millis(begun.ends), begun.anew.map(millis));
            let row = params![relay.as_bytes(), begun.request_id, begun.owner, begun.back, ends, anew];
            execute(tx, sql, row).map(drop)
        })
    }

    /// A sign-in that waits for its answer.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn external_sign_in(&self, relay: Digest, now: Timestamp) -> Result<Option<ExternalSignIn>> {
        self.read("find an external sign-in", |c| {
            let sql = "SELECT * FROM external_sign_in WHERE relay = ?1 AND handle IS NULL AND ends > ?2";
            one(c, sql, params![relay.as_bytes(), millis(now)], sign_in_from)
        })
    }

    /// Keeps what the answer proved; `false` if there is another answer, or it is too late.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn prove_external_sign_in(
        &self,
        relay: Digest,
        handle: Digest,
        proved: &Proved,
        now: Timestamp,
    ) -> Result<bool> {
        self.write("keep an external answer", |tx| {
            let sql = "UPDATE external_sign_in SET handle = ?2, proved = ?3
                       WHERE relay = ?1 AND handle IS NULL AND ends > ?4";
            let proved = to_json(proved)?;
            Ok(execute(tx, sql, params![relay.as_bytes(), handle.as_bytes(), proved, millis(now)])? == 1)
        })
    }

    /// A sign-in that was answered.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn proved_external_sign_in(&self, handle: Digest, now: Timestamp) -> Result<Option<ExternalSignIn>> {
        self.read("find an external sign-in", |c| {
            let sql = "SELECT * FROM external_sign_in WHERE handle = ?1 AND ends > ?2";
            one(c, sql, params![handle.as_bytes(), millis(now)], sign_in_from)
        })
    }

    /// Ends a sign-in by beginning its session; `false` if it was ended before, the person was disabled since, or
    /// the source is another one by now.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn complete_external_sign_in(
        &self,
        handle: Digest,
        begun: &Begun<'_>,
        tags: &Tags,
        entries: &[AuditEntry],
    ) -> Result<bool> {
        self.attempt("complete an external sign-in", |tx| {
            let sql = "DELETE FROM external_sign_in WHERE handle = ?1";
            if execute(tx, sql, [handle.as_bytes()])? != 1
                || !sessions::insert_external(tx, begun, &to_json(tags)?)?
            {
                return Ok((false, false));
            }
            entries.iter().try_for_each(|entry| audit::append(tx, entry))?;
            Ok((true, true))
        })
    }

    /// The session tags that an assertion brought.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn tags_of_session(&self, session_id: &str) -> Result<Tags> {
        self.read("find a session's tags", |c| {
            let sql = "SELECT tags FROM sign_in_session WHERE id = ?1";
            one(c, sql, [session_id], |row| from_json(row, "tags")).map(Option::unwrap_or_default)
        })
    }
}
