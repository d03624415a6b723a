//! People and groups as provisioning has them: with the ids that the identity provider's directory gives them. Who
//! is deactivated or deleted by it is out at once, role credentials included.

use std::convert::Infallible;

use jiff::Timestamp;

use super::{
    AuditEntry, GroupRecord, Result, SourceKind, Store, UserRecord, administrators, all, audit, execute,
    groups,
    identity_records::{group_record, put_user, user_record},
    identity_source, millis, one,
    sql::{self, Connection, Row, params},
    users,
};

/// Who tells what users and groups are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// SCIM, for whoever holds an access token.
    Provisioning,
    /// The sync of a directory, which says who administrators are too: it is where they sign in.
    Directory,
}

impl By {
    /// Whether it is the one to tell: the directory, while that is the identity source, and nobody else.
    pub(super) fn counts(self, c: &Connection) -> sql::Result<bool> {
        Ok((identity_source::kind(c)? == SourceKind::Ldap) == (self == Self::Directory))
    }
}

/// A user.
#[derive(Debug, Clone)]
pub struct ProvisionedUser {
    /// As the identity store has them.
    pub record: UserRecord,
    /// What the provider calls them.
    pub external_id: Option<String>,
}

/// A group.
#[derive(Debug, Clone)]
pub struct ProvisionedGroup {
    /// As the identity store has it.
    pub record: GroupRecord,
    /// What the provider calls it.
    pub external_id: Option<String>,
}

/// A change of who is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberChange {
    /// Somebody comes in, under a membership's id drawn by the caller.
    Add {
        /// The membership's id.
        membership: String,
        /// Who.
        user: String,
    },
    /// Somebody leaves, or was not in it.
    Remove(String),
}

/// What became of provisioning something.
#[derive(Debug)]
pub enum Provision<E> {
    /// It is done.
    Done,
    /// There is nothing with this id.
    Missing,
    /// Something else has this.
    Taken(&'static str),
    /// There is no such person to be in the group.
    NoSuchMember,
    /// This lets an administrator in, and is theirs to change.
    OfAdministrator(&'static str),
    /// Another one tells what users and groups are ([`By::counts`]).
    NotTheirs,
    /// The change itself is refused, and nothing has changed.
    Refused(E),
}

/// What a list is of.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'w> {
    /// All of them, those after the first so many left out.
    From(u32),
    /// All of them after this user name, or name of a group.
    After(&'w str),
    /// Members of this group after this user's id; or groups of this user after this group's id.
    Members(&'w str, &'w str),
}

const USER: &str = "(SELECT external_id FROM user_external_id x WHERE x.user_id = u.id) AS external_id";
const GROUP: &str =
    "g.*, (SELECT external_id FROM group_external_id x WHERE x.group_id = g.id) AS external_id";

fn user_from(row: &Row<'_>) -> sql::Result<ProvisionedUser> {
    Ok(ProvisionedUser { external_id: row.get("external_id")?, record: user_record(row)? })
}

fn group_from(row: &Row<'_>) -> sql::Result<ProvisionedGroup> {
    Ok(ProvisionedGroup { external_id: row.get("external_id")?, record: group_record(row)? })
}

fn users_of(from: &str) -> String {
    format!("SELECT {}, {USER} FROM {from}", users::COLUMNS)
}

fn find_user(c: &Connection, id: &str) -> sql::Result<Option<ProvisionedUser>> {
    one(c, &format!("{} WHERE u.id = ?1", users_of("user u")), [id], user_from)
}

fn find_group(c: &Connection, id: &str) -> sql::Result<Option<ProvisionedGroup>> {
    one(c, &format!("SELECT {GROUP} FROM user_group g WHERE g.id = ?1"), [id], group_from)
}

/// Sets or takes away what the provider calls something; `false` if that is somebody else's.
fn name_outside(c: &Connection, of: [&str; 2], id: &str, external_id: Option<&str>) -> sql::Result<bool> {
    let [table, column] = of;
    let Some(external_id) = external_id else {
        execute(c, &format!("DELETE FROM {table} WHERE {column} = ?1"), [id])?;
        return Ok(true);
    };
    let sql = format!("SELECT 1 FROM {table} WHERE external_id = ?1 AND {column} <> ?2");
    if one(c, &sql, [external_id, id], |_| Ok(()))?.is_some() {
        return Ok(false);
    }
    let sql = format!(
        "INSERT INTO {table} ({column}, external_id) VALUES (?1, ?2)
         ON CONFLICT ({column}) DO UPDATE SET external_id = ?2"
    );
    execute(c, &sql, [id, external_id])?;
    Ok(true)
}

/// What of a change would let somebody else in as this person: by it the identity provider, a link to set another
/// password, or an application's trusted issuer finds them. Taking the address away does not, nor does the first name
/// that the provider has for them.
fn lets_in(before: &ProvisionedUser, after: &ProvisionedUser) -> Option<&'static str> {
    let (was, is) = (&before.record.user, &after.record.user);
    if is.username != was.username {
        return Some("userName");
    }
    if !is.email.is_empty() && !is.email.eq_ignore_ascii_case(&was.email) {
        return Some("emails.value");
    }
    (before.external_id.is_some() && after.external_id != before.external_id).then_some("externalId")
}

const OF_USERS: [&str; 2] = ["user_external_id", "user_id"];
const OF_GROUPS: [&str; 2] = ["group_external_id", "group_id"];

/// Ends all that a person has: sessions and tokens, role credentials and what was opened with those.
pub(super) fn end_access(c: &Connection, id: &str, now: Timestamp) -> sql::Result<()> {
    users::end_sessions(c, id, now)?;
    let keys = "access_key_id IN (SELECT access_key_id FROM role_credentials WHERE user_id = ?1)";
    for sql in [
        format!("UPDATE signin_token SET ends = ?2 WHERE {keys} AND ends > ?2"),
        format!("UPDATE console_session SET ends = ?2 WHERE {keys} AND ends > ?2"),
        "UPDATE role_credentials SET ends = ?2 WHERE user_id = ?1 AND ends > ?2".to_owned(),
    ] {
        execute(c, &sql, params![id, millis(now)])?;
    }
    Ok(())
}

/// Keeps a user; what is somebody else's, if anything is.
fn keep_user(c: &Connection, user: &ProvisionedUser) -> sql::Result<Option<&'static str>> {
    if !users::are_logins_free(c, &user.record.user)? {
        return Ok(Some("userName or emails.value"));
    }
    put_user(c, &user.record)?;
    let free = name_outside(c, OF_USERS, &user.record.user.id, user.external_id.as_deref())?;
    Ok((!free).then_some("externalId"))
}

fn keep_group(c: &Connection, group: &ProvisionedGroup) -> sql::Result<Option<&'static str>> {
    let inner = &group.record.group;
    if groups::find_by_name(c, &inner.name)?.is_some_and(|other| other.id != inner.id) {
        return Ok(Some("displayName"));
    }
    groups::put(c, inner, false)?;
    let free = name_outside(c, OF_GROUPS, &inner.id, group.external_id.as_deref())?;
    Ok((!free).then_some("externalId"))
}

/// Changes who is in a group; `false` if one is nobody.
fn change_members(c: &Connection, group: &str, changes: &[MemberChange]) -> sql::Result<bool> {
    for change in changes {
        match change {
            MemberChange::Add { membership, user } => {
                if one(c, "SELECT 1 FROM user WHERE id = ?1", [user], |_| Ok(()))?.is_none() {
                    return Ok(false);
                }
                groups::add_member(c, membership, group, user, false)?;
            }
            MemberChange::Remove(user) => {
                let sql = "DELETE FROM membership WHERE user_id = ?1 AND group_id = ?2";
                execute(c, sql, [user.as_str(), group])?;
            }
        }
    }
    Ok(true)
}

impl Store {
    /// Finds a user.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn provisioned_user(&self, id: &str) -> Result<Option<ProvisionedUser>> {
        self.read("find a user", |c| find_user(c, id))
    }

    /// Finds a user by user name, in lower case, or by what the provider calls them.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn provisioned_user_by(&self, attribute: &str, value: &str) -> Result<Option<ProvisionedUser>> {
        self.read("find a user", |c| match attribute {
            "userName" => {
                one(c, &format!("{} WHERE u.username = ?1", users_of("user u")), [value], user_from)
            }
            _ => {
                let from = users_of("user_external_id e CROSS JOIN user u ON u.id = e.user_id");
                one(c, &format!("{from} WHERE e.external_id = ?1"), [value], user_from)
            }
        })
    }

    /// Up to `limit` users, by user name; of a group by id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn provisioned_users(&self, wanted: Wanted<'_>, limit: u32) -> Result<Vec<ProvisionedUser>> {
        self.read("list users", |c| match wanted {
            Wanted::After(name) => {
                let sql =
                    format!("{} WHERE u.username > ?1 ORDER BY u.username LIMIT ?2", users_of("user u"));
                all(c, &sql, params![name, limit], user_from)
            }
            // Names alone are skipped, in their index.
            Wanted::From(offset) => {
                let from = "(SELECT username FROM user ORDER BY username LIMIT ?2 OFFSET ?1) n
                            CROSS JOIN user u ON u.username = n.username";
                let sql = format!("{} ORDER BY u.username", users_of(from));
                all(c, &sql, params![offset, limit], user_from)
            }
            Wanted::Members(group, after) => {
                let sql = format!(
                    "{} WHERE m.group_id = ?1 AND m.user_id > ?2 ORDER BY m.user_id LIMIT ?3",
                    users_of("membership m CROSS JOIN user u ON u.id = m.user_id")
                );
                all(c, &sql, params![group, after, limit], user_from)
            }
        })
    }

    /// How many users there are, or groups.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn directory_size(&self, of_groups: bool) -> Result<i64> {
        self.read("count", |c| {
            let kind = if of_groups { "GROUP" } else { "USER" };
            let sql = "SELECT held FROM directory_size WHERE kind = ?1";
            one(c, sql, [kind], |row| row.get(0)).map(Option::unwrap_or_default)
        })
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn provision_user(
        &self,
        by: By,
        user: &ProvisionedUser,
        entry: &AuditEntry,
    ) -> Result<Provision<Infallible>> {
        self.attempt("make a user", |tx| {
            if !by.counts(tx)? {
                return Ok((Provision::NotTheirs, false));
            }
            if let Some(what) = keep_user(tx, user)? {
                return Ok((Provision::Taken(what), false));
            }
            audit::append(tx, entry)?;
            Ok((Provision::Done, true))
        })
    }

    /// Changes a user as `change` says; provisioning changes nothing that an administrator signs in by. Who is
    /// deactivated by it is out at once.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn reprovision_user<E>(
        &self,
        by: By,
        id: &str,
        now: Timestamp,
        entry: &AuditEntry,
        change: impl FnOnce(&mut ProvisionedUser) -> std::result::Result<(), E>,
    ) -> Result<Provision<E>> {
        self.attempt("change a user", |tx| {
            if !by.counts(tx)? {
                return Ok((Provision::NotTheirs, false));
            }
            let Some(mut user) = find_user(tx, id)? else { return Ok((Provision::Missing, false)) };
            let before = user.clone();
            if let Err(refusal) = change(&mut user) {
                return Ok((Provision::Refused(refusal), false));
            }
            if by == By::Provisioning && administrators::is_administrator(tx, id)? {
                // To take it away and give another one is to change it; some leave it out who mean to say nothing of it.
                if user.external_id.is_none() {
                    user.external_id.clone_from(&before.external_id);
                }
                if let Some(what) = lets_in(&before, &user) {
                    return Ok((Provision::OfAdministrator(what), false));
                }
            }
            user.record.user.updated = now;
            if let Some(what) = keep_user(tx, &user)? {
                return Ok((Provision::Taken(what), false));
            }
            if !user.record.user.enabled {
                end_access(tx, id, now)?;
            }
            audit::append(tx, entry)?;
            Ok((Provision::Done, true))
        })
    }

    /// Forgets a user and all that was theirs.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn deprovision_user(
        &self,
        id: &str,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<Provision<Infallible>> {
        self.attempt("delete a user", |tx| {
            if !By::Provisioning.counts(tx)? {
                return Ok((Provision::NotTheirs, false));
            }
            end_access(tx, id, now)?;
            if !users::remove(tx, id, now)? {
                return Ok((Provision::Missing, false));
            }
            audit::append(tx, entry)?;
            Ok((Provision::Done, true))
        })
    }

    /// Forgets a group, and what was assigned to it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn deprovision_group(&self, id: &str, entry: &AuditEntry) -> Result<Provision<Infallible>> {
        self.attempt("delete a group", |tx| {
            if !By::Provisioning.counts(tx)? {
                return Ok((Provision::NotTheirs, false));
            }
            if !groups::remove(tx, id)? {
                return Ok((Provision::Missing, false));
            }
            audit::append(tx, entry)?;
            Ok((Provision::Done, true))
        })
    }

    /// Finds a group.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn provisioned_group(&self, id: &str) -> Result<Option<ProvisionedGroup>> {
        self.read("find a group", |c| find_group(c, id))
    }

    /// Finds a group by name or by what the provider calls it.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn provisioned_group_by(&self, attribute: &str, value: &str) -> Result<Option<ProvisionedGroup>> {
        self.read("find a group", |c| {
            let sql = match attribute {
                "displayName" => format!("SELECT {GROUP} FROM user_group g WHERE g.name = ?1"),
                _ => format!(
                    "SELECT {GROUP} FROM group_external_id e CROSS JOIN user_group g ON g.id = e.group_id
                     WHERE e.external_id = ?1"
                ),
            };
            one(c, &sql, [value], group_from)
        })
    }

    /// Up to `limit` groups, by name; of a user by id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn provisioned_groups(&self, wanted: Wanted<'_>, limit: u32) -> Result<Vec<ProvisionedGroup>> {
        self.read("list groups", |c| match wanted {
            Wanted::After(name) => {
                let sql =
                    format!("SELECT {GROUP} FROM user_group g WHERE g.name > ?1 ORDER BY g.name LIMIT ?2");
                all(c, &sql, params![name, limit], group_from)
            }
            Wanted::From(offset) => {
                let sql = format!(
                    "SELECT {GROUP} FROM (SELECT name FROM user_group ORDER BY name LIMIT ?2 OFFSET ?1) n
                     CROSS JOIN user_group g ON g.name = n.name ORDER BY g.name"
                );
                all(c, &sql, params![offset, limit], group_from)
            }
            Wanted::Members(user, after) => {
                let sql = format!(
                    "SELECT {GROUP} FROM membership m CROSS JOIN user_group g ON g.id = m.group_id
                     WHERE m.user_id = ?1 AND m.group_id > ?2 ORDER BY m.group_id LIMIT ?3"
                );
                all(c, &sql, params![user, after, limit], group_from)
            }
        })
    }

    /// Adds a group with who is in it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn provision_group(
        &self,
        by: By,
        group: &ProvisionedGroup,
        members: &[MemberChange],
        entry: &AuditEntry,
    ) -> Result<Provision<Infallible>> {
        self.attempt("make a group", |tx| {
            if !by.counts(tx)? {
                return Ok((Provision::NotTheirs, false));
            }
            if let Some(what) = keep_group(tx, group)? {
                return Ok((Provision::Taken(what), false));
            }
            if !change_members(tx, &group.record.group.id, members)? {
                return Ok((Provision::NoSuchMember, false));
            }
            audit::append(tx, entry)?;
            Ok((Provision::Done, true))
        })
    }

    /// Changes a group and who is in it as `change` says.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn reprovision_group<E>(
        &self,
        by: By,
        id: &str,
        now: Timestamp,
        entry: &AuditEntry,
        change: impl FnOnce(&mut ProvisionedGroup) -> std::result::Result<Vec<MemberChange>, E>,
    ) -> Result<Provision<E>> {
        self.attempt("change a group", |tx| {
            if !by.counts(tx)? {
                return Ok((Provision::NotTheirs, false));
            }
            let Some(mut group) = find_group(tx, id)? else { return Ok((Provision::Missing, false)) };
            let changes = match change(&mut group) {
                Ok(changes) => changes,
                Err(refusal) => return Ok((Provision::Refused(refusal), false)),
            };
            group.record.group.updated = now;
            if let Some(what) = keep_group(tx, &group)? {
                return Ok((Provision::Taken(what), false));
            }
            if !change_members(tx, id, &changes)? {
                return Ok((Provision::NoSuchMember, false));
            }
            audit::append(tx, entry)?;
            Ok((Provision::Done, true))
        })
    }
}
