//! Users, and what ends with them.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, assignments, audit, execute, from_json, millis, moment, one,
    sql::{self, Connection, Row, params},
    to_json,
};
use crate::organisation::User;

/// A user with the names of their groups, of a table `u`.
pub(super) const COLUMNS: &str = "u.*, (SELECT json_group_array(g.name ORDER BY g.name) FROM membership m
     JOIN user_group g ON g.id = m.group_id WHERE m.user_id = u.id) AS groups";

pub(super) fn user_from(row: &Row<'_>) -> sql::Result<User> {
    Ok(User {
        id: row.get("id")?,
        username: row.get("username")?,
        display_name: row.get("display_name")?,
        email: row.get("email")?,
        email_verified: row.get("email_verified")?,
        groups: from_json(row, "groups")?,
        enabled: row.get("enabled")?,
        profile: from_json(row, "profile")?,
        created: moment(row, "created")?,
        updated: moment(row, "updated")?,
    })
}

pub(super) fn find(c: &Connection, id: &str) -> sql::Result<Option<User>> {
    one(c, &format!("SELECT {COLUMNS} FROM user u WHERE u.id = ?1"), [id], user_from)
}

pub(super) fn find_by_username(c: &Connection, username: &str) -> sql::Result<Option<User>> {
    one(c, &format!("SELECT {COLUMNS} FROM user u WHERE u.username = ?1"), [username], user_from)
}

/// Whether nobody else can be meant by what this person types.
pub(super) fn are_logins_free(c: &Connection, user: &User) -> sql::Result<bool> {
    let names = [user.username.to_lowercase(), user.email.to_lowercase()];
    let taken = one(
        c,
        "SELECT 1 FROM login WHERE name IN (?1, ?2) AND user_id <> ?3 LIMIT 1",
        params![names[0], names[1], user.id],
        |_| Ok(()),
    )?;
    Ok(taken.is_none())
}

pub(super) fn forget_logins(c: &Connection, id: &str) -> sql::Result<()> {
    execute(c, "DELETE FROM login WHERE user_id = ?1", [id]).map(drop)
}

fn put_logins(c: &Connection, user: &User) -> sql::Result<()> {
    for name in [&user.username, &user.email] {
        if !name.is_empty() {
            // One's own address may be one's user name.
            execute(
                c,
                "INSERT INTO login (name, user_id) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET name = login.name
                 WHERE login.user_id = ?2",
                params![name.to_lowercase(), user.id],
            )?;
        }
    }
    Ok(())
}

/// Keeps a person, new or known, but not their groups. The caller has seen that their names are free.
pub(super) fn put(c: &Connection, user: &User, declared: bool) -> sql::Result<()> {
    end_links(c, user)?;
    execute(
        c,
        "INSERT INTO user (id, username, display_name, email, email_verified, enabled, profile, created, updated,
                           declared)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (id) DO UPDATE SET username = ?2, display_name = ?3, email = ?4, email_verified = ?5,
             enabled = ?6, profile = ?7, updated = ?9, declared = user.declared OR ?10",
        params![
            user.id,
            user.username,
            user.display_name,
            user.email,
            user.email_verified,
            user.enabled,
            to_json(&user.profile)?,
            millis(user.created),
            millis(user.updated),
            declared
        ],
    )?;
    forget_logins(c, &user.id)?;
    put_logins(c, user)
}

/// Links to set a password go to an address: they are nobody's who leaves it, or who is disabled.
fn end_links(c: &Connection, user: &User) -> sql::Result<()> {
    let sql = "DELETE FROM password_link WHERE user_id = ?1
               AND (NOT ?2 OR NOT EXISTS (SELECT 1 FROM user WHERE id = ?1 AND email = ?3))";
    execute(c, sql, params![user.id, user.enabled, user.email]).map(drop)
}

/// Ends all sessions of a person, and with them every token that was approved in one, the sign-ins under way, and what
/// applications of OAuth 2.0 got for them.
pub(super) fn end_sessions(c: &Connection, id: &str, now: Timestamp) -> sql::Result<usize> {
    execute(c, "DELETE FROM half_sign_in WHERE user_id = ?1", [id])?;
    execute(c, "DELETE FROM application_token WHERE user_id = ?1", [id])?;
    let sql = "UPDATE sign_in_session SET ended = ?2 WHERE user_id = ?1 AND ended IS NULL AND ends > ?2";
    execute(c, sql, params![id, millis(now)])
}

/// Forgets a person and all that was theirs; `false` if there is none. Whoever a document calls the same later has
/// the same id: nothing may be left by which the one of before signs in.
pub(super) fn remove(c: &Connection, id: &str, now: Timestamp) -> sql::Result<bool> {
    end_sessions(c, id, now)?;
    assignments::remove_all_of(c, id)?;
    execute(c, "DELETE FROM application_assignment WHERE principal_id = ?1", [id])?;
    for sql in [
        "DELETE FROM password WHERE user_id = ?1",
        "DELETE FROM password_link WHERE user_id = ?1",
        "DELETE FROM mfa_device WHERE user_id = ?1",
        "DELETE FROM mfa_context WHERE user_id = ?1",
    ] {
        execute(c, sql, [id])?;
    }
    Ok(execute(c, "DELETE FROM user WHERE id = ?1", [id])? == 1)
}

impl Store {
    /// Finds a person by id, disabled ones included.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn user(&self, id: &str) -> Result<Option<User>> {
        self.read("find a user", |c| find(c, id))
    }

    /// Finds a person by what was typed at sign-in, user name or email address, in any case; disabled ones
    /// included.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn user_by_login(&self, typed: &str) -> Result<Option<User>> {
        self.read("find a user", |c| {
            let sql =
                format!("SELECT {COLUMNS} FROM login l JOIN user u ON u.id = l.user_id WHERE l.name = ?1");
            one(c, &sql, [typed.trim().to_lowercase()], user_from)
        })
    }

    /// Adds a person or changes one, but not their groups; `false` if somebody else has the user name or the
    /// email address. Who is disabled by it is signed out everywhere.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    #[cfg(test)]
    pub fn put_user(&self, user: &User, now: Timestamp, entry: &AuditEntry) -> Result<bool> {
        self.write("keep a user", |tx| {
            if !are_logins_free(tx, user)? {
                return Ok(false);
            }
            put(tx, user, false)?;
            if !user.enabled {
                end_sessions(tx, &user.id, now)?;
            }
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Forgets a person: sessions, tokens, assignments, passwords, devices; `false` if there is none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_user(&self, id: &str, now: Timestamp, entry: &AuditEntry) -> Result<bool> {
        self.write("delete a user", |tx| {
            let found = remove(tx, id, now)?;
            if found {
                audit::append(tx, entry)?;
            }
            Ok(found)
        })
    }

    /// Signs a person out everywhere: how many sessions that ended.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn end_sessions_of(&self, id: &str, now: Timestamp, entry: &AuditEntry) -> Result<usize> {
        self.write("end a user's sessions", |tx| {
            let ended = end_sessions(tx, id, now)?;
            audit::append(tx, entry)?;
            Ok(ended)
        })
    }
}
