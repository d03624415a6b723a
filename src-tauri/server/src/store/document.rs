//! Applying an organisation file: what differs is changed, what the last file brought and this one does not name
//! goes, and what administrators made themselves stays. One transaction; a plan is the same one, undone.

mod oauth;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;

use super::{
    AuditEntry, Password, Result, Store, accounts, all, applications, assignments, attributes, audit,
    changes::{
        Change, Kind, account_facts, application_facts, change, gone, role_facts, set_facts, settings_facts,
        user_facts,
    },
    execute, groups, ldap, one, organisation, passwords, permission_sets, roles,
    sql::{self, Connection},
    users,
};
use crate::{
    ids::Ids,
    organisation::{
        Application, Assignment, Document, DocumentApplication, DocumentPrincipal, DocumentUser, Group,
        PermissionSet, Principal, User,
    },
};

/// Why a document is not applied: an administrator made something that stands in its way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody else signs in so.
    #[error(
        "user {0} cannot be kept: somebody outside this file signs in with the same user name or email address"
    )]
    Taken(String),
    /// Another issuer has the address.
    #[error(
        "trusted token issuer {0} cannot be kept: one that an administrator added under another name has its address"
    )]
    IssuerTaken(String),
    /// The directory that is the identity source says otherwise.
    #[error(
        "{what} {name} is kept by the directory that people sign in with, and the file says something else of it: \
         change it there, or write here what it says there"
    )]
    OfDirectory {
        /// A user or a group.
        what: &'static str,
        /// Which.
        name: String,
    },
}

/// A document and what applying it takes.
pub struct Apply<'a> {
    /// What shall be.
    pub document: &'a Document,
    /// Where ids of new things come from.
    pub ids: &'a Ids<'a>,
    /// When.
    pub now: Timestamp,
    /// Writes a change down; `None` keeps it out of the trail.
    pub record: Option<&'a dyn Fn(&Change) -> AuditEntry>,
    /// Remembered as the file of the last start, if it is that one.
    pub digest: Option<&'a str>,
}

impl fmt::Debug for Apply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Apply(..)")
    }
}

impl Store {
    /// What applying would change.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn plan(&self, apply: &Apply<'_>) -> Result<std::result::Result<Vec<Change>, Refused>> {
        self.attempt("plan an organisation", |tx| Ok((apply.run(tx)?, false)))
    }

    /// Applies a document: what changed by it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then nothing has changed, as with [`Refused`].
    pub fn apply(&self, apply: &Apply<'_>) -> Result<std::result::Result<Vec<Change>, Refused>> {
        self.attempt("apply an organisation", |tx| {
            let outcome = apply.run(tx)?;
            let keep = outcome.is_ok();
            Ok((outcome, keep))
        })
    }
}

impl Apply<'_> {
    fn run(&self, c: &Connection) -> sql::Result<std::result::Result<Vec<Change>, Refused>> {
        let mut changes = Vec::new();
        changes.extend(self.settings(c)?);
        match self.groups(c)? {
            Ok(groups) => changes.extend(groups),
            Err(refused) => return Ok(Err(refused)),
        }
        match self.users(c)? {
            Ok(users) => changes.extend(users),
            Err(refused) => return Ok(Err(refused)),
        }
        changes.extend(self.accounts(c)?);
        changes.extend(self.permission_sets(c)?);
        changes.extend(self.assignments(c)?);
        match self.issuers(c)? {
            Ok(issuers) => changes.extend(issuers),
            Err(refused) => return Ok(Err(refused)),
        }
        let mut applications = self.applications(c)?;
        self.permissions(c, &mut applications)?;
        changes.extend(applications);
        changes.extend(self.issuers_gone(c)?);
        changes.extend(self.attributes(c)?);
        changes.extend(self.roles(c)?);
        // Sessions that began before there were ids.
        execute(
            c,
            "UPDATE sign_in_session SET user_id =
                 coalesce((SELECT id FROM user WHERE user.username = sign_in_session.username), '')
             WHERE user_id = ''",
            [],
        )?;
        if let Some(record) = self.record {
            changes.iter().try_for_each(|change| audit::append(c, &record(change)))?;
        }
        if let Some(digest) = self.digest {
            organisation::put_applied(c, digest)?;
        }
        Ok(Ok(changes))
    }

    fn settings(&self, c: &Connection) -> sql::Result<Option<Change>> {
        let mut wanted = self.document.settings.clone();
        let known = organisation::settings(c)?;
        if let Some(known) = known.as_ref().filter(|_| !self.document.names_session) {
            wanted.session_duration = known.session_duration;
        }
        let before = known.as_ref().map(settings_facts);
        let change = change(Kind::Organisation, &wanted.name, before.as_ref(), &settings_facts(&wanted));
        if change.is_some() {
            organisation::put_settings(c, &wanted)?;
        }
        organisation::declare_session(c, self.document.names_session)?;
        Ok(change)
    }

    fn groups(&self, c: &Connection) -> sql::Result<std::result::Result<Vec<Change>, Refused>> {
        let mut changes = Vec::new();
        for (id, name) in declared(c, "SELECT id, name FROM user_group WHERE declared")? {
            if !self.document.groups.contains_key(&name) {
                if ldap::owns_group(c, &id)? {
                    // It came from the file once and is the directory's by now.
                    execute(c, "UPDATE user_group SET declared = 0 WHERE id = ?1", [&id])?;
                    continue;
                }
                groups::remove(c, &id)?;
                changes.push(gone(Kind::Group, name));
            }
        }
        for (name, description) in &self.document.groups {
            let known = groups::find_by_name(c, name)?;
            let before = known.as_ref().map(|group| vec![("description", group.description.clone())]);
            let after = vec![("description", description.clone())];
            let change = change(Kind::Group, name, before.as_ref(), &after);
            if let Some(group) = known.as_ref().filter(|_| change.is_some())
                && ldap::owns_group(c, &group.id)?
            {
                return Ok(Err(Refused::OfDirectory { what: "group", name: name.clone() }));
            }
            if change.is_some() {
                let id = match &known {
                    Some(group) => group.id.clone(),
                    None => {
                        let derived = self.ids.group(name);
                        if groups::find(c, &derived)?.is_some() { self.ids.random() } else { derived }
                    }
                };
                let group = Group {
                    id,
                    name: name.clone(),
                    description: description.clone(),
                    created: known.as_ref().map_or(self.now, |group| group.created),
                    updated: self.now,
                };
                groups::put(c, &group, true)?;
            }
            execute(c, "UPDATE user_group SET declared = TRUE WHERE name = ?1 AND NOT declared", [name])?;
            changes.extend(change);
        }
        Ok(Ok(changes))
    }

    fn users(&self, c: &Connection) -> sql::Result<std::result::Result<Vec<Change>, Refused>> {
        let mut changes = Vec::new();
        for (id, username) in declared(c, "SELECT id, username FROM user WHERE declared")? {
            if !self.document.users.contains_key(&username) {
                if ldap::owns_user(c, &id)? {
                    execute(c, "UPDATE user SET declared = 0 WHERE id = ?1", [&id])?;
                    continue;
                }
                users::remove(c, &id, self.now)?;
                changes.push(gone(Kind::User, username));
            }
        }
        // Two people may swap their addresses: first everybody who changes gives theirs back.
        let mut changing = Vec::new();
        for wanted in self.document.users.values() {
            let known = users::find_by_username(c, &wanted.username)?;
            let next = self.next(c, known.as_ref(), wanted)?;
            let memberships = memberships_declared(c, &next.id)?;
            let password = match &wanted.password_hash {
                Some(hash) if passwords::declared(c, &next.id)?.as_ref() != Some(hash) => Some(hash),
                _ => None,
            };
            let mut after = user_facts(&next, &groups_after(known.as_ref(), wanted, &memberships));
            after.push(("password", password.map_or("", |_| "(new)").to_owned()));
            let before = known.as_ref().map(|user| user_facts(user, &user.groups));
            let change = change(Kind::User, &wanted.username, before.as_ref(), &after);
            if change.is_some() && ldap::owns_user(c, &next.id)? {
                return Ok(Err(Refused::OfDirectory { what: "user", name: next.username }));
            }
            if change.is_some() {
                users::forget_logins(c, &next.id)?;
            }
            changing.push((wanted, next, change, memberships, password, known.is_none()));
        }
        for (wanted, next, change, memberships, password, is_new) in changing {
            if change.is_some() {
                if !users::are_logins_free(c, &next)? {
                    return Ok(Err(Refused::Taken(next.username)));
                }
                users::put(c, &next, true)?;
                if !next.enabled {
                    users::end_sessions(c, &next.id, self.now)?;
                }
            }
            execute(c, "UPDATE user SET declared = TRUE WHERE id = ?1 AND NOT declared", [&next.id])?;
            self.memberships(c, &next.id, wanted, &memberships)?;
            if let Some(hash) = password {
                // A new one in the document is meant to be good. Whoever had one before there were users keeps it.
                match is_new && passwords::in_force(c, &next.id)?.is_some() {
                    true => passwords::declare(c, &next.id, hash)?,
                    false => passwords::put(c, &next.id, &Password::chosen(hash.clone()), self.now, true)?,
                }
            }
            changes.extend(change);
        }
        Ok(Ok(changes))
    }

    /// The person as the document has them.
    fn next(&self, c: &Connection, known: Option<&User>, wanted: &DocumentUser) -> sql::Result<User> {
        let id = match known {
            Some(user) => user.id.clone(),
            None => {
                let derived = self.ids.user(&wanted.username);
                if users::find(c, &derived)?.is_some() { self.ids.random() } else { derived }
            }
        };
        let profile = known.map(|user| user.profile.clone()).unwrap_or_default();
        Ok(User {
            id,
            username: wanted.username.clone(),
            display_name: wanted.display_name.clone(),
            email: wanted.email.clone(),
            // Whoever writes the file vouches for its addresses.
            email_verified: true,
            groups: wanted.groups.clone(),
            enabled: wanted.enabled,
            profile: wanted.profile.clone().or(profile),
            created: known.map_or(self.now, |user| user.created),
            updated: self.now,
        })
    }

    fn memberships(
        &self,
        c: &Connection,
        user_id: &str,
        wanted: &DocumentUser,
        declared: &BTreeMap<String, String>,
    ) -> sql::Result<()> {
        for (name, group_id) in declared {
            if !wanted.groups.contains(name) {
                execute(
                    c,
                    "DELETE FROM membership WHERE user_id = ?1 AND group_id = ?2",
                    [user_id, group_id],
                )?;
            }
        }
        for name in wanted.groups.iter().filter(|name| !declared.contains_key(*name)) {
            if let Some(group) = groups::find_by_name(c, name)? {
                groups::add_member(c, &self.ids.random(), &group.id, user_id, true)?;
            }
        }
        Ok(())
    }

    fn accounts(&self, c: &Connection) -> sql::Result<Vec<Change>> {
        let mut changes = Vec::new();
        for (id, _) in declared(c, "SELECT id, name FROM account WHERE declared")? {
            if !self.document.accounts.contains_key(&id) {
                accounts::remove(c, &id)?;
                changes.push(gone(Kind::Account, id));
            }
        }
        for wanted in self.document.accounts.values() {
            let before = accounts::find(c, &wanted.id)?.as_ref().map(account_facts);
            let change = change(Kind::Account, &wanted.id, before.as_ref(), &account_facts(wanted));
            if change.is_some() {
                let unit = accounts::unit_at(c, &wanted.ou, &|path| self.ids.unit(path))?;
                accounts::put(c, wanted, &unit, true)?;
            }
            execute(c, "UPDATE account SET declared = TRUE WHERE id = ?1 AND NOT declared", [&wanted.id])?;
            changes.extend(change);
        }
        Ok(changes)
    }

    fn permission_sets(&self, c: &Connection) -> sql::Result<Vec<Change>> {
        let mut changes = Vec::new();
        for (arn, name) in declared(c, "SELECT arn, name FROM permission_set WHERE declared")? {
            if !self.document.permission_sets.contains_key(&name) {
                permission_sets::remove(c, &arn)?;
                changes.push(gone(Kind::PermissionSet, name));
            }
        }
        for wanted in self.document.permission_sets.values() {
            let known = permission_sets::find_by_name(c, &wanted.name)?;
            let arn = match &known {
                Some(set) => set.arn.clone(),
                None => {
                    let derived = self.ids.permission_set(&wanted.name);
                    let taken = permission_sets::find(c, &derived)?.is_some();
                    if taken { self.ids.random_permission_set() } else { derived }
                }
            };
            let next = PermissionSet {
                arn,
                name: wanted.name.clone(),
                description: wanted.description.clone(),
                relay_state: wanted.relay_state.clone(),
                session_duration: wanted.session_duration,
                requires_key: wanted.requires_key,
                tags: wanted.tags.clone(),
                policies: wanted.policies.clone(),
                revision: known.as_ref().map_or(1, |set| set.revision),
                created: known.as_ref().map_or(self.now, |set| set.created),
            };
            let before = known.as_ref().map(set_facts).transpose()?;
            let change = change(Kind::PermissionSet, &wanted.name, before.as_ref(), &set_facts(&next)?);
            if change.is_some() {
                permission_sets::put(c, &next, true)?;
                // The file says how things shall be, not what somebody has still to do about it.
                assignments::provision(c, &next.arn, None)?;
            }
            execute(
                c,
                "UPDATE permission_set SET declared = TRUE WHERE arn = ?1 AND NOT declared",
                [&next.arn],
            )?;
            changes.extend(change);
        }
        Ok(changes)
    }

    fn assignments(&self, c: &Connection) -> sql::Result<Vec<Change>> {
        let mut wanted = BTreeMap::new();
        for assignment in &self.document.assignments {
            let set = permission_sets::find_by_name(c, &assignment.permission_set)?;
            if let (Some(principal), Some(set)) = (principal(c, &assignment.principal)?, set) {
                let name = format!("{} in {} for {}", set.name, assignment.account, assignment.principal);
                let account_id = assignment.account.clone();
                wanted.insert(Assignment { account_id, permission_set: set.arn, principal }, name);
            }
        }
        let mut changes = Vec::new();
        let known = all(c, "SELECT * FROM assignment WHERE declared", [], assignments::assignment_from)?;
        let known: BTreeSet<Assignment> = known.into_iter().collect();
        for old in known.iter().filter(|assignment| !wanted.contains_key(*assignment)) {
            let name = assignment_name(c, old)?;
            assignments::remove(c, old)?;
            changes.push(gone(Kind::Assignment, name));
        }
        for (assignment, name) in wanted.iter().filter(|(assignment, _)| !known.contains(*assignment)) {
            if assignments::add(c, assignment, self.now, true)? {
                changes.extend(change(Kind::Assignment, name, None, &Vec::new()));
            }
        }
        Ok(changes)
    }

    fn applications(&self, c: &Connection) -> sql::Result<Vec<Change>> {
        let mut changes = Vec::new();
        for (id, name) in declared(c, "SELECT id, name FROM application WHERE declared")? {
            if !self.document.applications.contains_key(&name) {
                applications::remove(c, &id)?;
                changes.push(gone(Kind::Application, name));
            }
        }
        for wanted in self.document.applications.values() {
            changes.extend(self.application(c, wanted)?);
        }
        Ok(changes)
    }

    fn application(&self, c: &Connection, wanted: &DocumentApplication) -> sql::Result<Option<Change>> {
        let known = applications::find_by_name(c, &wanted.name)?;
        let (id, instance_id) = match &known {
            Some(known) => (known.id.clone(), known.instance_id.clone()),
            None => {
                let (id, instance_id) =
                    (self.ids.application(&wanted.name), self.ids.application_instance(&wanted.name));
                let sql = "SELECT 1 FROM application WHERE id = ?1 OR instance_id = ?2";
                let taken = one(c, sql, [&id, &instance_id], |_| Ok(()))?.is_some();
                if taken { self.ids.random_application() } else { (id, instance_id) }
            }
        };
        let next = Application {
            id,
            instance_id,
            name: wanted.name.clone(),
            description: wanted.description.clone(),
            url: wanted.url.clone(),
            saml: wanted.saml.clone(),
        };
        let assigned = principals_of(c, &next.id)?;
        let mut shall = BTreeMap::new();
        for name in &wanted.principals {
            if let Some(principal) = principal(c, name)? {
                shall.insert(principal.id().to_owned(), (name.to_string(), principal));
            }
        }
        // Those whom administrators assigned stay.
        let names_before: BTreeSet<&String> = assigned.values().map(|(name, _)| name).collect();
        let kept = assigned.iter().filter(|(id, (_, declared))| !declared || shall.contains_key(*id));
        let mut names_after: BTreeSet<&String> = kept.map(|(_, (name, _))| name).collect();
        names_after.extend(shall.values().map(|(name, _)| name));

        let mut after = application_facts(&next)?;
        after.push(("assigned", joined(&names_after)));
        let before = known.as_ref().map(application_facts).transpose()?.map(|mut facts| {
            facts.push(("assigned", joined(&names_before)));
            facts
        });
        let change = change(Kind::Application, &wanted.name, before.as_ref(), &after);
        if change.is_some() {
            applications::put(c, &next, self.now, true)?;
        }
        execute(c, "UPDATE application SET declared = TRUE WHERE id = ?1 AND NOT declared", [&next.id])?;
        for (id, (_, declared)) in &assigned {
            if *declared && !shall.contains_key(id) {
                applications::unassign(c, &next.id, id)?;
            }
        }
        for (_, principal) in shall.values() {
            applications::assign(c, &next.id, principal, true)?;
        }
        Ok(change)
    }

    fn attributes(&self, c: &Connection) -> sql::Result<Vec<Change>> {
        let mut changes = Vec::new();
        let wanted = &self.document.access_control_attributes;
        for (key, _) in declared(c, "SELECT key, key FROM access_control_attribute WHERE declared")? {
            if !wanted.iter().any(|attribute| attribute.key == key) {
                execute(c, "DELETE FROM access_control_attribute WHERE key = ?1", [&key])?;
                changes.push(gone(Kind::AccessControlAttribute, key));
            }
        }
        let known = attributes::list(c)?;
        for attribute in wanted {
            let before = known.iter().find(|known| known.key == attribute.key);
            let before = before.map(|known| vec![("source", known.sources.join(", "))]);
            let after = vec![("source", attribute.sources.join(", "))];
            let change = change(Kind::AccessControlAttribute, &attribute.key, before.as_ref(), &after);
            attributes::put(c, attribute, true)?;
            changes.extend(change);
        }
        Ok(changes)
    }

    fn roles(&self, c: &Connection) -> sql::Result<Vec<Change>> {
        let mut changes = Vec::new();
        let known = roles::by_arn(c)?;
        for arn in known.keys().filter(|arn| !self.document.roles.contains_key(*arn)) {
            roles::remove(c, arn)?;
            changes.push(gone(Kind::Role, arn.clone()));
        }
        for (arn, role) in &self.document.roles {
            let before = known.get(arn).map(role_facts);
            let change = change(Kind::Role, arn, before.as_ref(), &role_facts(role));
            if change.is_some() {
                roles::put(c, arn, role)?;
            }
            changes.extend(change);
        }
        Ok(changes)
    }
}

/// Ids and names of what a document brought.
fn declared(c: &Connection, sql: &str) -> sql::Result<Vec<(String, String)>> {
    all(c, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The groups that a document put a person into: ids by name.
fn memberships_declared(c: &Connection, user_id: &str) -> sql::Result<BTreeMap<String, String>> {
    let sql = "SELECT g.name, g.id FROM membership m JOIN user_group g ON g.id = m.group_id
               WHERE m.user_id = ?1 AND m.declared";
    Ok(all(c, sql, [user_id], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
}

/// A person's groups once the document is applied.
fn groups_after(
    known: Option<&User>,
    wanted: &DocumentUser,
    declared: &BTreeMap<String, String>,
) -> Vec<String> {
    let before = known.map(|user| user.groups.clone()).unwrap_or_default();
    let kept = before.into_iter().filter(|name| !declared.contains_key(name));
    let all: BTreeSet<String> = kept.chain(wanted.groups.iter().cloned()).collect();
    all.into_iter().collect()
}

fn principal(c: &Connection, name: &DocumentPrincipal) -> sql::Result<Option<Principal>> {
    Ok(match name {
        DocumentPrincipal::User(name) => {
            users::find_by_username(c, name)?.map(|user| Principal::User(user.id))
        }
        DocumentPrincipal::Group(name) => {
            groups::find_by_name(c, name)?.map(|group| Principal::Group(group.id))
        }
    })
}

/// How a document calls a principal.
fn principal_name(c: &Connection, principal: &Principal) -> sql::Result<String> {
    let name = match principal {
        Principal::User(id) => {
            users::find(c, id)?.map(|user| DocumentPrincipal::User(user.username).to_string())
        }
        Principal::Group(id) => {
            groups::find(c, id)?.map(|group| DocumentPrincipal::Group(group.name).to_string())
        }
    };
    Ok(name.unwrap_or_else(|| principal.id().to_owned()))
}

fn assignment_name(c: &Connection, assignment: &Assignment) -> sql::Result<String> {
    let sql = "SELECT name FROM permission_set WHERE arn = ?1";
    let set: Option<String> = one(c, sql, [&assignment.permission_set], |row| row.get(0))?;
    let set = set.unwrap_or_else(|| assignment.permission_set.clone());
    Ok(format!("{set} in {} for {}", assignment.account_id, principal_name(c, &assignment.principal)?))
}

/// Who is assigned to an application: by id, what they are called and whether a document assigned them.
fn principals_of(c: &Connection, application_id: &str) -> sql::Result<BTreeMap<String, (String, bool)>> {
    let sql =
        "SELECT principal_id, principal_type, declared FROM application_assignment WHERE application_id = ?1";
    let rows = all(c, sql, [application_id], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
    })?;
    let named = rows.into_iter().map(|(id, kind, declared)| {
        let name = match Principal::of(&kind, id.clone()) {
            Some(principal) => principal_name(c, &principal)?,
            None => id.clone(),
        };
        Ok((id, (name, declared)))
    });
    named.collect()
}

fn joined(names: &BTreeSet<&String>) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}
