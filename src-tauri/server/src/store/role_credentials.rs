//! Role credentials that were issued. Their secret halves are not here: they are derived again when a
//! signature is checked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, digest, from_json, millis, moment, one,
    sql::{self, Connection, Row, params},
    to_json,
};
use crate::{organisation::Tags, secret::Digest};

/// One set of role credentials, without its secrets.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// `ASIA…`.
    pub access_key_id: String,
    /// Digest of the session token.
    pub session_token: Digest,
    /// 12 digits.
    pub account_id: String,
    /// The permission set's name, or that of the role that was assumed.
    pub permission_set: String,
    /// `AWSReservedSSO_…` (IAM Identity Center User Guide), or the role that was assumed.
    pub role_name: String,
    /// `AROA…`.
    pub role_id: String,
    /// The user name; of a role that was assumed, what the caller chose.
    pub session_name: String,
    /// The person's id.
    pub user_id: String,
    /// The session's tags.
    pub tags: Tags,
    /// When they stop working.
    pub ends: Timestamp,
    /// What there is besides where the role was assumed.
    pub assumed: Option<Assumed>,
}

/// Credentials that AssumeRole gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// The person at the beginning of the chain, whatever the session is called.
    pub username: String,
    /// Session tags, those that came down the chain included.
    pub tags: BTreeMap<String, String>,
    /// The keys of those that go on to the next role.
    pub transitive: BTreeSet<String>,
}

impl IssuedKey {
    /// The user name of whoever signed in for them.
    pub fn username(&self) -> &str {
        self.assumed.as_ref().map_or(&self.session_name, |assumed| &assumed.username)
    }

    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/USER` (IAM Identity Center User Guide).
    pub fn session_arn(&self) -> String {
        format!("arn:aws:sts::{}:assumed-role/{}/{}", self.account_id, self.role_name, self.session_name)
    }
}

impl Store {
    /// Keeps issued credentials, and their event with them.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails, or the person was disabled or deleted meanwhile; then nothing is
    /// kept.
    pub fn add_role_credentials(&self, key: &IssuedKey, event: &AuditEntry) -> Result<()> {
        self.add("keep role credentials", |tx| {
            insert_new(tx, key)?;
            audit::append(tx, event)
        })
    }

    /// Keeps credentials of a role that was assumed, and its event with them.
    ///
    /// # Errors
    /// As of [`Store::add_role_credentials`].
    pub fn add_assumed_role(&self, key: &IssuedKey, event: &AuditEntry) -> Result<()> {
        self.add("keep the credentials of an assumed role", |tx| {
            insert_new(tx, key)?;
            if let Some(assumed) = &key.assumed {
                tx.execute(
                    "INSERT INTO assumed_role (access_key_id, username, tags, transitive)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![
                        key.access_key_id,
                        assumed.username,
                        to_json(&assumed.tags)?,
                        to_json(&assumed.transitive)?
                    ],
                )?;
            }
            audit::append(tx, event)
        })
    }

    /// Finds issued credentials, expired ones included.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn role_credentials(&self, access_key_id: &str) -> Result<Option<IssuedKey>> {
        self.read("find role credentials", |c| {
            let sql = "SELECT r.*, a.username AS began_by, a.tags AS assumed_tags, a.transitive
                 FROM role_credentials r LEFT JOIN assumed_role a USING (access_key_id)
                 WHERE access_key_id = ?1";
            one(c, sql, [access_key_id], |row| {
                Ok(IssuedKey {
                    access_key_id: row.get("access_key_id")?,
                    session_token: digest(row, "session_token")?,
                    account_id: row.get("account_id")?,
                    permission_set: row.get("permission_set")?,
                    role_name: row.get("role_name")?,
                    role_id: row.get("role_id")?,
                    session_name: row.get("session_name")?,
                    user_id: row.get("user_id")?,
                    tags: from_json(row, "tags")?,
                    ends: moment(row, "ends")?,
                    assumed: assumed(row)?,
                })
            })
        })
    }

    /// Makes all issued credentials expired, and the console sessions opened with them.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn expire_role_credentials(&self, now: Timestamp) -> Result<()> {
        self.write("expire role credentials", |tx| {
            for statement in [
                "UPDATE role_credentials SET ends = ?1 WHERE ends > ?1",
                "UPDATE signin_token SET ends = ?1 WHERE ends > ?1",
                "UPDATE console_session SET ends = ?1 WHERE ends > ?1",
            ] {
                tx.execute(statement, [millis(now)])?;
            }
            Ok(())
        })
    }
}

/// Keeps credentials, one after the other; `false` for those of which nothing is kept, as their person may not sign in:
/// who is put out at the same moment has none that came after it, however they were asked for.
pub(super) fn insert_each<'k>(
    tx: &Connection,
    keys: impl IntoIterator<Item = &'k IssuedKey>,
) -> sql::Result<Vec<bool>> {
    let rows = keys
        .into_iter()
        .map(|key| Ok((key, key.session_token.as_bytes(), millis(key.ends), to_json(&key.tags)?)));
    let rows = rows.collect::<sql::Result<Vec<_>>>()?;
    let rows: Vec<[&dyn sql::ToSql; 10]> = rows
        .iter()
        .map(|(key, token, ends, tags)| -> [&dyn sql::ToSql; 10] {
            [
                &key.access_key_id,
                token,
                &key.account_id,
                &key.permission_set,
                &key.role_name,
                &key.role_id,
                &key.session_name,
                ends,
                &key.user_id,
                tags,
            ]
        })
        .collect();
    let mut statement = tx.prepare_cached(
        "INSERT INTO role_credentials
         (access_key_id, session_token, account_id, permission_set, role_name, role_id, session_name, ends,
          user_id, tags)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, id, ?10 FROM user WHERE id = ?9 AND enabled",
    )?;
    Ok(statement.execute_each(&rows)?.into_iter().map(|kept| kept == 1).collect())
}

/// The same where it is a failure that they are not kept.
fn insert_new(tx: &Connection, key: &IssuedKey) -> sql::Result<()> {
    if insert_each(tx, [key])? == [true] { Ok(()) } else { Err(sql::Error::NoRow) }
}

/// The part of a role that was assumed, where there is one.
fn assumed(row: &Row<'_>) -> sql::Result<Option<Assumed>> {
    let Some(username) = row.get("began_by")? else { return Ok(None) };
    Ok(Some(Assumed {
        username,
        tags: from_json(row, "assumed_tags")?,
        transitive: from_json(row, "transitive")?,
    }))
}
