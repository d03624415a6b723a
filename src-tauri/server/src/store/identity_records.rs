//! Users, groups and memberships as the identity store's API has them: with revisions, and with the attributes
//! that nothing else here reads.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    AuditEntry, Result, Store, all, audit, execute, from_json, groups, one,
    sql::{self, Connection, Row, params},
    to_json, users,
};
use crate::organisation::{Group, User};

/// A user.
#[derive(Debug, Clone)]
pub struct UserRecord {
    /// What the rest of the server knows.
    pub user: User,
    /// Attributes that only the API has, under their names there.
    pub more: Map<String, Value>,
    /// Counts changes.
    pub revision: i64,
}

/// A group.
#[derive(Debug, Clone)]
pub struct GroupRecord {
    /// The group.
    pub group: Group,
    /// Counts changes.
    pub revision: i64,
}

/// Somebody is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// `MembershipId`
    pub id: String,
    /// `GroupId`
    pub group_id: String,
    /// `UserId`
    pub user_id: String,
}

/// What became of an edit.
#[derive(Debug)]
pub enum Edited<E> {
    /// It is done; the new revision, where there is one.
    Done(i64),
    /// There is nothing with this id.
    Missing,
    /// Something else has the name.
    Taken,
    /// The edit itself is refused, and nothing has changed.
    Refused(E),
}

pub(super) fn user_record(row: &Row<'_>) -> sql::Result<UserRecord> {
    let (more, revision) = (from_json(row, "more")?, row.get("revision")?);
    Ok(UserRecord { user: users::user_from(row)?, more, revision })
}

pub(super) fn group_record(row: &Row<'_>) -> sql::Result<GroupRecord> {
    Ok(GroupRecord { group: groups::group_from(row)?, revision: row.get("revision")? })
}

fn membership(row: &Row<'_>) -> sql::Result<Membership> {
    Ok(Membership { id: row.get("id")?, group_id: row.get("group_id")?, user_id: row.get("user_id")? })
}

fn find_user(c: &Connection, id: &str) -> sql::Result<Option<UserRecord>> {
    one(c, &format!("SELECT {} FROM user u WHERE u.id = ?1", users::COLUMNS), [id], user_record)
}

fn find_group(c: &Connection, id: &str) -> sql::Result<Option<GroupRecord>> {
    one(c, "SELECT * FROM user_group WHERE id = ?1", [id], group_record)
}

pub(super) fn put_user(c: &Connection, record: &UserRecord) -> sql::Result<()> {
    users::put(c, &record.user, false)?;
    let sql = "UPDATE user SET more = ?2 WHERE id = ?1 AND more <> ?2";
    execute(c, sql, params![record.user.id, to_json(&record.more)?]).map(drop)
}

impl Store {
    /// Finds a user.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn user_record(&self, id: &str) -> Result<Option<UserRecord>> {
        self.read("find a user", |c| find_user(c, id))
    }

    /// Up to `limit` users after this user name, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn user_records(&self, after: &str, limit: u32) -> Result<Vec<UserRecord>> {
        self.read("list users", |c| {
            let sql = format!(
                "SELECT {} FROM user u WHERE u.username > ?1 ORDER BY u.username LIMIT ?2",
                users::COLUMNS
            );
            all(c, &sql, params![after, limit], user_record)
        })
    }

    /// Adds a user; `false` if somebody has the user name or the email address.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn create_user(&self, record: &UserRecord, entry: &AuditEntry) -> Result<bool> {
        self.write("make a user", |tx| {
            if !users::are_logins_free(tx, &record.user)? {
                return Ok(false);
            }
            put_user(tx, record)?;
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Changes a user as `change` says. Who is disabled by it is signed out everywhere.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn edit_user<E>(
        &self,
        id: &str,
        now: Timestamp,
        entry: &AuditEntry,
        change: impl FnOnce(&mut UserRecord) -> std::result::Result<(), E>,
    ) -> Result<Edited<E>> {
        self.attempt("change a user", |tx| {
            let Some(mut record) = find_user(tx, id)? else { return Ok((Edited::Missing, false)) };
            if let Err(refusal) = change(&mut record) {
                return Ok((Edited::Refused(refusal), false));
            }
            record.user.updated = now;
            if !users::are_logins_free(tx, &record.user)? {
                return Ok((Edited::Taken, false));
            }
            put_user(tx, &record)?;
            if !record.user.enabled {
                users::end_sessions(tx, id, now)?;
            }
            audit::append(tx, entry)?;
            let revision = find_user(tx, id)?.map_or(record.revision, |record| record.revision);
            Ok((Edited::Done(revision), true))
        })
    }

    /// Finds a group.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn group_record(&self, id: &str) -> Result<Option<GroupRecord>> {
        self.read("find a group", |c| find_group(c, id))
    }

    /// Up to `limit` groups after this name, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn group_records(&self, after: &str, limit: u32) -> Result<Vec<GroupRecord>> {
        self.read("list groups", |c| {
            let sql = "SELECT * FROM user_group WHERE name > ?1 ORDER BY name LIMIT ?2";
            all(c, sql, params![after, limit], group_record)
        })
    }

    /// Changes a group as `change` says.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn edit_group<E>(
        &self,
        id: &str,
        now: Timestamp,
        entry: &AuditEntry,
        change: impl FnOnce(&mut GroupRecord) -> std::result::Result<(), E>,
    ) -> Result<Edited<E>> {
        self.attempt("change a group", |tx| {
            let Some(mut record) = find_group(tx, id)? else { return Ok((Edited::Missing, false)) };
            if let Err(refusal) = change(&mut record) {
                return Ok((Edited::Refused(refusal), false));
            }
            record.group.updated = now;
            if groups::find_by_name(tx, &record.group.name)?.is_some_and(|other| other.id != id) {
                return Ok((Edited::Taken, false));
            }
            groups::put(tx, &record.group, false)?;
            audit::append(tx, entry)?;
            let revision = find_group(tx, id)?.map_or(record.revision, |record| record.revision);
            Ok((Edited::Done(revision), true))
        })
    }

    /// Finds a membership by its id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn membership(&self, id: &str) -> Result<Option<Membership>> {
        self.read("find a membership", |c| {
            one(c, "SELECT id, group_id, user_id FROM membership WHERE id = ?1", [id], membership)
        })
    }

    /// Finds a membership by who is in what.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn membership_of(&self, group_id: &str, user_id: &str) -> Result<Option<Membership>> {
        self.read("find a membership", |c| {
            let sql = "SELECT id, group_id, user_id FROM membership WHERE user_id = ?1 AND group_id = ?2";
            one(c, sql, [user_id, group_id], membership)
        })
    }
}
