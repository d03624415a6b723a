//! Somebody new, with all that they begin with: in one transaction, so that nobody is there by half.

use jiff::Timestamp;

use super::{
    AuditEntry, MailedLink, Password, Result, Store, audit, groups, password_links, passwords, users,
};
use crate::organisation::User;

/// Somebody new, and what they begin with.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// Who, but not their groups.
    pub user: &'a User,
    /// The event of it.
    pub entry: AuditEntry,
    /// What they are put into. A group that is not there any more is left out.
    pub memberships: Vec<NewMembership>,
    /// How they come to their first password, if anything is done about that now, and the event of it.
    pub first: Option<(FirstPassword<'a>, AuditEntry)>,
}

/// A membership of somebody new.
#[derive(Debug)]
pub struct NewMembership {
    /// Its id.
    pub id: String,
    /// The group.
    pub group_id: String,
    /// The event of it.
    pub entry: AuditEntry,
}

/// How somebody comes to their first password.
#[derive(Debug)]
pub enum FirstPassword<'a> {
    /// By a link in a letter.
    Mailed(MailedLink<'a>),
    /// By one for one use.
    Once(Password),
}

impl Store {
    /// Adds a person with their groups and what leads to their first password; `false`, and nothing happened, if
    /// somebody else has the user name or the email address.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then nothing has changed.
    pub fn add_user(&self, new: &NewUser<'_>, now: Timestamp) -> Result<bool> {
        self.write("add a user", |tx| {
            if !users::are_logins_free(tx, new.user)? {
                return Ok(false);
            }
            users::put(tx, new.user, false)?;
            audit::append(tx, &new.entry)?;
            for NewMembership { id, group_id, entry } in &new.memberships {
                if groups::find(tx, group_id)?.is_some()
                    && groups::add_member(tx, id, group_id, &new.user.id, false)?
                {
                    audit::append(tx, entry)?;
                }
            }
            if let Some((first, entry)) = &new.first {
                match first {
                    FirstPassword::Mailed(link) => password_links::send(tx, link, now)?,
                    FirstPassword::Once(password) => passwords::put(tx, &new.user.id, password, now, false)?,
                }
                audit::append(tx, entry)?;
            }
            Ok(true)
        })
    }
}
