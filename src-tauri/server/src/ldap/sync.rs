//! Brings people and groups of the directory here: at the hour, when an administrator wants it, from the command
//! line. What is as before is left alone. Who is gone there is disabled here and keeps their assignments, so that a
//! wrong base or filter can be taken back.

use std::{
    collections::{BTreeSet, HashMap},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Problem, Snapshot,
    access::source,
    claim::{Claim, claimed},
    collect::{self, Found, FoundGroup},
};
use crate::{
    admin::blank_user,
    audit::{self, Event},
    instance::{Instance, Shared},
    organisation::Group,
    scim,
    store::{
        AuditEntry, By, GroupRecord, MemberChange, Provision, ProvisionedGroup, ProvisionedUser, StoreError,
        WantedRecords,
    },
};

/// How often it is looked whether a sync is due or wanted.
const LOOK: Duration = Duration::from_secs(60);
/// How often there is one.
pub const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Entries with problems that are told.
const MOST_PROBLEMS: usize = 100;
/// More than so many people do not go unnoticed, if they are more than half.
const FEW: usize = 3;
const PAGE: u32 = 500;

/// What a sync did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When it began, in epoch milliseconds.
    pub began: i64,
    /// When it ended.
    pub ended: i64,
    /// Why it did not come to its end.
    pub problem: Option<String>,
    /// People in the directory.
    pub users: usize,
    /// Groups in the directory.
    pub groups: usize,
    /// User names that are new.
    pub came: usize,
    /// People of whom something changed.
    pub changed: usize,
    /// People who are gone there, and disabled here.
    pub went: usize,
    /// Groups that are new.
    pub groups_came: usize,
    /// Groups of which something changed.
    pub groups_changed: usize,
    /// Groups that are gone there, and empty here.
    pub groups_went: usize,
    /// Entries that cannot be here, and why.
    pub problems: Vec<(String, String)>,
    /// How many more of those there are.
    pub more_problems: usize,
}

impl Report {
    /// In a line.
    pub fn told(&self) -> String {
        match &self.problem {
            Some(problem) => format!("The sync failed: {problem}."),
            None => format!(
                "{} users and {} groups in the directory. Users: {} came, {} changed, {} went. Groups: {} came, {} \
                 changed, {} went. {} entries have problems.",
                self.users,
                self.groups,
                self.came,
                self.changed,
                self.went,
                self.groups_came,
                self.groups_changed,
                self.groups_went,
                self.problems.len() + self.more_problems
            ),
        }
    }

    fn trouble(&mut self, entry: &str, problem: String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push((entry.to_owned(), problem));
        } else {
            self.more_problems += 1;
        }
    }
}

/// Syncs at the hour and when wanted, one process at a time.
pub async fn run(instance: Shared) {
    loop {
        let due = Shared::clone(&instance).run(is_due).await;
        match due {
            Ok(true) => {
                if let Err(error) = Shared::clone(&instance).run(|instance| sync(instance, false)).await {
                    tracing::error!(%error, "could not sync the directory");
                }
            }
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "could not tell whether a sync is due"),
        }
        let _ = tokio::time::timeout(LOOK, instance.sync_wanted.notified()).await;
    }
}

fn is_due(instance: &Instance) -> Result<bool, StoreError> {
    if instance.operations.is_draining() || !super::is_source(instance)? {
        return Ok(false);
    }
    if instance.store.ldap_sync_broke_off(instance.now())? {
        return Ok(true);
    }
    let (last, wanted) = instance.store.ldap_report()?;
    let began = last.and_then(|report| Timestamp::from_millisecond(report.began).ok());
    Ok(wanted || began.is_none_or(|began| instance.now().duration_since(began) >= EVERY))
}

/// Syncs now, unless another process does; what it did. `many` may go with it.
///
/// # Errors
/// [`StoreError`] if the database fails; what the directory does wrong is in the report.
pub fn sync(instance: &Instance, many: bool) -> Result<Option<Report>, StoreError> {
    claimed(instance, |claim| sync_within(instance, claim, many))
}

fn sync_within(instance: &Instance, claim: &Claim, many: bool) -> Result<Option<Report>, StoreError> {
    let mut report = Report { began: instance.now().as_millisecond(), ..Report::default() };
    let outcome = run_once(instance, claim, many, &mut report);
    if outcome.is_err() && claim.is_over(instance) {
        tracing::warn!("a sync of the directory broke off; another one begins it anew");
        claim.end(|until| instance.store.leave_ldap_sync(until))?;
        return Ok(None);
    }
    let failed = match outcome {
        Ok(()) => None,
        Err(StoreError::Directory(problem)) => {
            report.problem = Some(problem);
            None
        }
        Err(error) => {
            report.problem = Some("this server's database failed".to_owned());
            Some(error)
        }
    };
    report.ended = instance.now().as_millisecond();
    let details = json!({
        "Outcome": if report.problem.is_none() { "Success" } else { "Failure" },
        "Problem": report.problem,
        "UsersCreated": report.came, "UsersUpdated": report.changed, "UsersDisabled": report.went,
        "GroupsCreated": report.groups_came, "GroupsUpdated": report.groups_changed,
        "GroupsEmptied": report.groups_went, "Problems": report.problems.len() + report.more_problems,
    });
    let entry = entry(instance, "SyncIdentitySource", details);
    if !claim.end(|until| instance.store.put_ldap_report(until, &report, &entry))? {
        tracing::warn!("a sync of the directory took too long to be renewed; another one has begun it anew");
    }
    failed.map_or(Ok(Some(report)), Err)
}

fn entry(instance: &Instance, name: &str, mut details: Value) -> AuditEntry {
    details["By"] = json!("directory sync");
    // AWS documents no name for a sync of its own.
    instance.entry(&Event { source: audit::DIRECTORY, name, details, ..Event::default() })
}

fn run_once(instance: &Instance, claim: &Claim, many: bool, report: &mut Report) -> Result<(), StoreError> {
    let source =
        source(instance)?.ok_or_else(|| Problem::Settings("it is not the identity source".to_owned()))?;
    let mut search = |asked| {
        claim.check(instance).map_err(|_| Problem::Broken)?;
        instance.directory.search(&source, asked)
    };
    let snapshot = collect::collect(&source.settings, instance.now(), &mut search)?;
    let Snapshot { users, groups, problems } = snapshot;
    (report.users, report.groups) = (users.len(), groups.len());
    for (dn, problem) in &problems {
        report.trouble(dn, problem.clone());
    }
    let ours = Ours::read(instance)?;
    let there: BTreeSet<&str> = users.iter().map(|found| found.id.as_str()).collect();
    let gone: Vec<&ProvisionedUser> = ours
        .users
        .iter()
        .filter(|(id, user)| user.record.user.enabled && !there.contains(id.as_str()))
        .map(|(_, user)| user)
        .collect();
    let live = ours.users.values().filter(|user| user.record.user.enabled).count();
    if !many && gone.len() > FEW && gone.len() * 2 > live {
        return Err(StoreError::Directory(format!(
            "{} of {live} users are not in the directory any more, more than half; nothing was changed. Look at \
             bases and filters. If it is meant so, choose \"Sync even if many users go\", or --even-if-many-go",
            gone.len()
        )));
    }
    // Whoever may make entries there may make one with an administrator's name: the first sync alone takes it for theirs.
    let is_first = instance.store.ldap_report()?.0.is_none_or(|report| report.problem.is_some());
    let mut ids: HashMap<String, String> =
        ours.users.iter().map(|(id, user)| (id.clone(), user.record.user.id.clone())).collect();
    for found in &users {
        claim.check(instance)?;
        match put_user(instance, &ours, found, is_first)? {
            Ok(Put { id, what }) => {
                ids.insert(found.id.clone(), id);
                match what {
                    What::New => report.came += 1,
                    What::Changed => report.changed += 1,
                    What::AsBefore => {}
                }
            }
            Err(problem) => report.trouble(&found.dn, problem),
        }
    }
    for user in gone {
        claim.check(instance)?;
        let about = json!({ "UserId": user.record.user.id, "UserName": user.record.user.username });
        let entry = entry(instance, "DisableUser", about);
        let disable = |user: &mut ProvisionedUser| -> Result<(), Infallible> {
            user.record.user.enabled = false;
            Ok(())
        };
        let id = &user.record.user.id;
        let gone = instance.store.reprovision_user(By::Directory, id, instance.now(), &entry, disable)?;
        match person_of(&gone)? {
            Ok(()) => report.went += 1,
            Err(problem) => report.trouble(&user.record.user.username, problem),
        }
    }
    sync_groups(instance, claim, &ours, &groups, &ids, report)
}

/// What is here of the directory, by its ids.
struct Ours {
    users: HashMap<String, ProvisionedUser>,
    groups: HashMap<String, ProvisionedGroup>,
}

impl Ours {
    fn read(instance: &Instance) -> Result<Self, StoreError> {
        let (mut users, mut groups) = (HashMap::new(), HashMap::new());
        let mut after = String::new();
        loop {
            let page = instance.store.provisioned_users(WantedRecords::After(&after), PAGE)?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.record.user.username);
            users.extend(page.into_iter().filter_map(|user| Some((user.external_id.clone()?, user))));
        }
        after.clear();
        loop {
            let page = instance.store.provisioned_groups(WantedRecords::After(&after), PAGE)?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.record.group.name);
            groups.extend(page.into_iter().filter_map(|group| Some((group.external_id.clone()?, group))));
        }
        Ok(Self { users, groups })
    }
}

enum What {
    New,
    Changed,
    AsBefore,
}

struct Put {
    id: String,
    what: What,
}

/// Makes a person what the directory says. Somebody here of that user name, whom the directory did not know yet,
/// becomes its person, but for an administrator after the first sync.
fn put_user(
    instance: &Instance,
    ours: &Ours,
    found: &Found,
    is_first: bool,
) -> Result<Result<Put, String>, StoreError> {
    let username = found.attributes["userName"].as_str().unwrap_or_default();
    let known = match ours.users.get(&found.id) {
        Some(known) => Some(known.clone()),
        None => instance
            .store
            .provisioned_user_by("userName", username)?
            .filter(|user| user.external_id.is_none()),
    };
    if let Some(known) = known.as_ref().filter(|known| known.external_id.is_none() && !is_first)
        && instance.store.is_administrator(&known.record.user.id)?
    {
        return Ok(Err(
            "an administrator here has this user name, and the directory did not have them at the first sync"
                .to_owned(),
        ));
    }
    let now = instance.now();
    let is_new = known.is_none();
    let mut user = known.unwrap_or_else(|| ProvisionedUser {
        record: blank_user(instance.ids().random(), now),
        external_id: None,
    });
    let before = scim::user_attributes(&user);
    if let Err(problem) = scim::change_user(&mut user, &found.attributes) {
        return Ok(Err(plain(problem.detail())));
    }
    let id = user.record.user.id.clone();
    if !is_new && scim::user_attributes(&user) == before {
        return Ok(Ok(Put { id, what: What::AsBefore }));
    }
    let about = json!({ "UserId": id, "UserName": user.record.user.username });
    let made = if is_new {
        let entry = entry(instance, "CreateUser", about);
        instance.store.provision_user(By::Directory, &user, &entry)?
    } else {
        let entry = entry(instance, "UpdateUser", about);
        instance.store.reprovision_user(By::Directory, &id, now, &entry, |kept| {
            *kept = user;
            Ok(())
        })?
    };
    let what = if is_new { What::New } else { What::Changed };
    Ok(person_of(&made)?.map(|()| Put { id, what }))
}

/// What became of a person: done, or the problem that is told with their entry.
///
/// # Errors
/// [`StoreError::Directory`] if the directory is not the source any more, which ends the sync.
fn person_of(made: &Provision<Infallible>) -> Result<Result<(), String>, StoreError> {
    Ok(match made {
        Provision::Done => Ok(()),
        Provision::Taken(what) => Err(format!("somebody else here has its {what}")),
        Provision::Missing | Provision::NoSuchMember => Err("it was deleted here meanwhile".to_owned()),
        // Said to provisioning alone.
        Provision::OfAdministrator(what) => Err(format!("{what} of an administrator was not changed")),
        Provision::NotTheirs => return Err(over()),
        Provision::Refused(never) => match *never {},
    })
}

/// Somebody changed the source while it was synced.
fn over() -> StoreError {
    Problem::Settings("it is not the identity source any more".to_owned()).into()
}

fn sync_groups(
    instance: &Instance,
    claim: &Claim,
    ours: &Ours,
    groups: &[FoundGroup],
    ids: &HashMap<String, String>,
    report: &mut Report,
) -> Result<(), StoreError> {
    for found in groups {
        claim.check(instance)?;
        let wanted: BTreeSet<&String> = found.members.iter().filter_map(|member| ids.get(member)).collect();
        match put_group(instance, ours, found, &wanted)? {
            Ok(What::New) => report.groups_came += 1,
            Ok(What::Changed) => report.groups_changed += 1,
            Ok(What::AsBefore) => {}
            Err(problem) => report.trouble(&found.name, problem),
        }
    }
    let there: BTreeSet<&str> = groups.iter().map(|found| found.id.as_str()).collect();
    for (_, group) in ours.groups.iter().filter(|(id, _)| !there.contains(id.as_str())) {
        claim.check(instance)?;
        let changes = member_changes(instance, &group.record.group.id, &BTreeSet::new())?;
        if !changes.is_empty() {
            match change_group(instance, group.clone(), changes)? {
                Ok(()) => report.groups_went += 1,
                Err(problem) => report.trouble(&group.record.group.name, problem),
            }
        }
    }
    Ok(())
}

fn put_group(
    instance: &Instance,
    ours: &Ours,
    found: &FoundGroup,
    wanted: &BTreeSet<&String>,
) -> Result<Result<What, String>, StoreError> {
    let known = match ours.groups.get(&found.id) {
        Some(known) => Some(known.clone()),
        None => instance
            .store
            .provisioned_group_by("displayName", &found.name)?
            .filter(|group| group.external_id.is_none()),
    };
    let now = instance.now();
    let is_new = known.is_none();
    let mut group = known.unwrap_or_else(|| ProvisionedGroup {
        record: GroupRecord {
            group: Group {
                id: instance.ids().random(),
                name: String::new(),
                description: String::new(),
                created: now,
                updated: now,
            },
            revision: 1,
        },
        external_id: None,
    });
    let inner = &group.record.group;
    let is_same = inner.name == found.name
        && inner.description == found.description
        && group.external_id.as_ref() == Some(&found.id);
    if let Err(problem) = scim::name_group(&mut group, &found.name) {
        return Ok(Err(plain(problem.detail())));
    }
    group.record.group.description.clone_from(&found.description);
    group.external_id = Some(found.id.clone());
    let changes = member_changes(instance, &group.record.group.id, wanted)?;
    if is_new {
        let about =
            json!({ "GroupId": group.record.group.id, "GroupName": found.name, "Members": changes.len() });
        let entry = entry(instance, "CreateGroup", about);
        let made = instance.store.provision_group(By::Directory, &group, &changes, &entry)?;
        return Ok(outcome(&made)?.map(|()| What::New));
    }
    if is_same && changes.is_empty() {
        return Ok(Ok(What::AsBefore));
    }
    Ok(change_group(instance, group, changes)?.map(|()| What::Changed))
}

fn change_group(
    instance: &Instance,
    group: ProvisionedGroup,
    changes: Vec<MemberChange>,
) -> Result<Result<(), String>, StoreError> {
    let id = group.record.group.id.clone();
    let added = changes.iter().filter(|change| matches!(change, MemberChange::Add { .. })).count();
    let about = json!({
        "GroupId": id, "GroupName": group.record.group.name, "Added": added, "Removed": changes.len() - added,
    });
    let entry = entry(instance, "UpdateGroup", about);
    let (store, now) = (&instance.store, instance.now());
    let changed = store.reprovision_group(By::Directory, &id, now, &entry, |kept| {
        *kept = group;
        Ok(changes)
    })?;
    outcome(&changed)
}

/// The same of a group.
fn outcome(made: &Provision<Infallible>) -> Result<Result<(), String>, StoreError> {
    Ok(match made {
        Provision::Done => Ok(()),
        Provision::Taken(what) => Err(format!("another group here has its {what}")),
        Provision::NoSuchMember => Err("somebody in it was deleted here meanwhile".to_owned()),
        Provision::Missing | Provision::OfAdministrator(_) => Err("it was deleted here meanwhile".to_owned()),
        Provision::NotTheirs => return Err(over()),
        Provision::Refused(never) => match *never {},
    })
}

/// What makes the members of a group those.
fn member_changes(
    instance: &Instance,
    group: &str,
    wanted: &BTreeSet<&String>,
) -> Result<Vec<MemberChange>, StoreError> {
    let mut held = BTreeSet::new();
    let mut after = String::new();
    loop {
        let page = instance.store.provisioned_users(WantedRecords::Members(group, &after), PAGE)?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.record.user.id);
        held.extend(page.into_iter().map(|user| user.record.user.id));
    }
    let add = wanted
        .iter()
        .filter(|user| !held.contains(**user))
        .map(|user| MemberChange::Add { membership: instance.ids().random(), user: (*user).clone() });
    let remove = held.iter().filter(|user| !wanted.contains(user)).cloned().map(MemberChange::Remove);
    Ok(add.chain(remove).collect())
}

/// What is wrong with an attribute, for people: AWS's APIs wrap it in words of their own.
fn plain(detail: &str) -> String {
    let inner = detail.strip_prefix("1 validation error detected: Value at '");
    let parts = inner.and_then(|inner| inner.split_once("' failed to satisfy constraint: Member "));
    parts.map_or_else(|| detail.to_owned(), |(name, rest)| format!("{name} {rest}"))
}

/// Looks through a directory without changing anything: what a test of its settings tells.
///
/// # Errors
/// [`Problem`]
pub fn look(instance: &Instance, source: &Arc<super::Source>) -> Result<Snapshot, Problem> {
    let mut search = |asked| instance.directory.search(source, asked);
    collect::collect(&source.settings, instance.now(), &mut search)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn people_are_told_what_is_wrong_without_the_apis_words() {
        let told = "1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must have 2 to \
                    64 letters";
        assert_eq!(plain(told), "userName must have 2 to 64 letters");
        assert_eq!(plain("somebody else here has its name"), "somebody else here has its name");
    }
}
