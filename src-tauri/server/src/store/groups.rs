//! Groups and who is in them.

use super::{
    AuditEntry, Result, Store, all, assignments, audit, execute, millis, moment, one,
    sql::{self, Connection, Row, params},
};
use crate::organisation::Group;

pub(super) fn group_from(row: &Row<'_>) -> sql::Result<Group> {
    Ok(Group {
        id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        created: moment(row, "created")?,
        updated: moment(row, "updated")?,
    })
}

pub(super) fn find(c: &Connection, id: &str) -> sql::Result<Option<Group>> {
    one(c, "SELECT * FROM user_group WHERE id = ?1", [id], group_from)
}

pub(super) fn find_by_name(c: &Connection, name: &str) -> sql::Result<Option<Group>> {
    one(c, "SELECT * FROM user_group WHERE name = ?1", [name], group_from)
}

pub(super) fn put(c: &Connection, group: &Group, declared: bool) -> sql::Result<()> {
    execute(
        c,
        "INSERT INTO user_group (id, name, description, created, updated, declared) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET name = ?2, description = ?3, updated = ?5, declared = user_group.declared OR ?6",
        params![group.id, group.name, group.description, millis(group.created), millis(group.updated), declared],
    )
    .map(drop)
}

pub(super) fn remove(c: &Connection, id: &str) -> sql::Result<bool> {
    assignments::remove_all_of(c, id)?;
    execute(c, "DELETE FROM application_assignment WHERE principal_id = ?1", [id])?;
    Ok(execute(c, "DELETE FROM user_group WHERE id = ?1", [id])? == 1)
}

/// `false` if the person is in it already.
pub(super) fn add_member(
    c: &Connection,
    membership_id: &str,
    group_id: &str,
    user_id: &str,
    declared: bool,
) -> sql::Result<bool> {
    let sql = "INSERT INTO membership (user_id, group_id, id, declared) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO NOTHING";
    let added = execute(c, sql, params![user_id, group_id, membership_id, declared])? == 1;
    if !added && declared {
        let sql = "UPDATE membership SET declared = TRUE WHERE user_id = ?1 AND group_id = ?2";
        execute(c, sql, [user_id, group_id])?;
    }
    Ok(added)
}

impl Store {
    /// Finds a group by id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn group(&self, id: &str) -> Result<Option<Group>> {
        self.read("find a group", |c| find(c, id))
    }

    /// Finds a group by name.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn group_by_name(&self, name: &str) -> Result<Option<Group>> {
        self.read("find a group", |c| find_by_name(c, name))
    }

    /// Adds a group or changes one; `false` if another has the name.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_group(&self, group: &Group, entry: &AuditEntry) -> Result<bool> {
        self.write("keep a group", |tx| {
            if find_by_name(tx, &group.name)?.is_some_and(|other| other.id != group.id) {
                return Ok(false);
            }
            put(tx, group, false)?;
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Forgets a group, its memberships and what was assigned to it; `false` if there is none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_group(&self, id: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("delete a group", |tx| {
            let found = remove(tx, id)?;
            if found {
                audit::append(tx, entry)?;
            }
            Ok(found)
        })
    }

    /// Puts a person into a group, under an id drawn by the caller; `false` if they are in it already.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails, a group or user that is not there included.
    pub fn add_membership(&self, id: &str, group: &str, user: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("add to a group", |tx| {
            let added = add_member(tx, id, group, user, false)?;
            if added {
                audit::append(tx, entry)?;
            }
            Ok(added)
        })
    }

    /// Takes a person out of a group; `false` if they are not in it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_membership(&self, id: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("take out of a group", |tx| {
            let found = execute(tx, "DELETE FROM membership WHERE id = ?1", [id])? == 1;
            if found {
                audit::append(tx, entry)?;
            }
            Ok(found)
        })
    }

    /// Up to `limit` memberships of a group after this user id, in order: membership id and user id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn members(&self, group: &str, after: &str, limit: u32) -> Result<Vec<(String, String)>> {
        self.read("list a group's members", |c| {
            let sql = "SELECT id, user_id FROM membership WHERE group_id = ?1 AND user_id > ?2
                       ORDER BY user_id LIMIT ?3";
            all(c, sql, params![group, after, limit], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// Names and ids of a person's groups, by name.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn groups_of(&self, user: &str) -> Result<Vec<(String, String)>> {
        self.read("list a user's groups", |c| {
            let sql = "SELECT g.name, g.id FROM membership m CROSS JOIN user_group g ON g.id = m.group_id
                       WHERE m.user_id = ?1 ORDER BY g.name";
            all(c, sql, [user], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// Up to `limit` memberships of a person after this group id, in order: membership id and group id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn memberships_of(&self, user: &str, after: &str, limit: u32) -> Result<Vec<(String, String)>> {
        self.read("list a user's groups", |c| {
            let sql = "SELECT id, group_id FROM membership WHERE user_id = ?1 AND group_id > ?2
                       ORDER BY group_id LIMIT ?3";
            all(c, sql, params![user, after, limit], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }
}
