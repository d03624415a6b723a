//! Keeps the roles at AWS as the assignments say: makes, changes, removes, looks whether anybody else changed them.
//! What fails is tried again, each role for itself, later each time.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    Aws, AwsError, Failure, LOOK_AGAIN, iam, issuer_url, lead, provider_name,
    role::{Place, RoleSpec},
};
use crate::{
    audit::{self, Event},
    instance::{Instance, Shared},
    issuing::role_name,
    store::{self, AuditEntry, AwsRole, AwsRoleState, Lead, Revision, WantedRole},
};

/// How long nothing is looked up while nothing has changed here: another process may have changed it.
const QUIET: SignedDuration = SignedDuration::from_secs(10);
/// Roles that are worked on in one round.
const ROUND: u32 = 64;
/// Accounts at a time. IAM's quotas are each account's own; this bounds what goes on here.
const ACCOUNTS: usize = 4;
/// The pause after a first failure that passes, after one that lasts, and the longest.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);
const LONG_PAUSE: SignedDuration = SignedDuration::from_secs(60);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// A role as it was made, and of which revision of its permission set.
#[derive(Debug, Serialize, Deserialize)]
struct Applied {
    revision: i64,
    role: RoleSpec,
}

impl Applied {
    fn of(role: &AwsRole) -> Option<Self> {
        serde_json::from_str(role.applied.as_deref()?).ok()
    }
}

enum Job {
    Make(Box<WantedRole>),
    Remove(AwsRole),
    Check(AwsRole),
}

impl Job {
    fn account(&self) -> &str {
        match self {
            Self::Make(wanted) => &wanted.account_id,
            Self::Remove(role) | Self::Check(role) => &role.account_id,
        }
    }
}

/// When it is tried again after so many failures in a row; a part of it is drawn, so that not all come at once.
fn pause(failure: &Failure, attempts: u32, drawn: u8) -> SignedDuration {
    let first = if failure.is_passing { PAUSE } else { LONG_PAUSE };
    let doubled = first.saturating_mul(1 << attempts.saturating_sub(1).min(12)).min(LONGEST_PAUSE);
    doubled + SignedDuration::from_millis(doubled.as_secs().saturating_mul(i64::from(drawn)))
}

/// Works until it is dropped. Where another server does, it looks again soon: that one may have ended.
pub async fn keep(instance: &Shared, aws: &Arc<Aws>) {
    let mut seen: Option<(Revision, Timestamp)> = None;
    loop {
        let (revision, now) = (instance.store.revision(), instance.now());
        if seen.is_none_or(|(at, until)| at != revision || now >= until) {
            let until = match take_turn(instance, aws).await {
                Ok(Some(true)) => now.checked_add(QUIET).unwrap_or(now),
                Ok(_) => now,
                Err(error) => {
                    tracing::error!(%error, "roles at AWS stay as they are for now");
                    now
                }
            };
            seen = Some((revision, until));
        }
        // Whichever comes first.
        let _ = tokio::time::timeout(LOOK_AGAIN, aws.roles_wanted.notified()).await;
    }
}

/// One round, unless another server has one; whether there is nothing left to be tried again soon.
async fn take_turn(instance: &Shared, aws: &Arc<Aws>) -> Result<Option<bool>, AwsError> {
    match lead(instance, store::Job::AwsRoles).await? {
        Some(lead) => tend(instance, aws, &Arc::new(lead)).await.map(Some),
        None => Ok(None),
    }
}

async fn tend(instance: &Shared, aws: &Arc<Aws>, lead: &Arc<Lead>) -> Result<bool, AwsError> {
    let drift = SignedDuration::from_mins(i64::from(aws.config.drift_minutes.get()));
    let found = Shared::clone(instance).run(move |instance| {
        let (store, now) = (&instance.store, instance.now());
        let mut jobs: Vec<Job> =
            store.aws_roles_due(now, ROUND)?.into_iter().map(|wanted| Job::Make(Box::new(wanted))).collect();
        jobs.extend(store.aws_roles_to_remove(now, ROUND)?.into_iter().map(Job::Remove));
        let before = now.checked_sub(drift).unwrap_or(now);
        jobs.extend(store.aws_roles_to_check(before, ROUND)?.into_iter().map(Job::Check));
        Ok::<_, AwsError>(jobs)
    });
    let mut by_account: BTreeMap<String, Vec<Job>> = BTreeMap::new();
    for job in found.await? {
        by_account.entry(job.account().to_owned()).or_default().push(job);
    }
    let (mut under_way, room) = (JoinSet::new(), Arc::new(Semaphore::new(ACCOUNTS)));
    for (account, jobs) in by_account {
        let (instance, aws, room) = (Shared::clone(instance), Arc::clone(aws), Arc::clone(&room));
        let lead = Arc::clone(lead);
        under_way.spawn(async move {
            let _place = room.acquire().await;
            in_account(&instance, &aws, &lead, &account, jobs).await
        });
    }
    while let Some(ended) = under_way.join_next().await {
        match ended {
            Ok(outcome) => outcome?,
            Err(error) => tracing::error!(%error, "work in an account broke off"),
        }
    }
    let ended = Shared::clone(instance).run(|instance| {
        instance.finish_access_requests()?;
        let (good, known) = instance.store.count_aws_roles()?;
        Ok::<_, AwsError>(good == known)
    });
    ended.await
}

async fn in_account(
    instance: &Shared,
    aws: &Arc<Aws>,
    lead: &Arc<Lead>,
    account: &str,
    jobs: Vec<Job>,
) -> Result<(), AwsError> {
    let management = instance.settings().management_account.clone();
    let iam = aws.clients.iam(account, &management, instance.now()).await;
    let is_making = jobs.iter().any(|job| matches!(job, Job::Make(_)));
    let arn =
        format!("arn:{}:iam::{account}:oidc-provider/{}", aws.config.partition(), provider_name(instance));
    let ready = match iam {
        Ok(iam) if is_making => {
            let issuer = issuer_url(instance);
            let instance_id = instance.addresses.instance_id();
            iam::ensure_provider(&iam, &arn, &issuer, instance_id, &aws.config.thumbprints)
                .await
                .map(|()| iam)
        }
        other => other,
    };
    // Once for all roles of the account, which are nothing without it.
    let mut provider = None;
    for job in jobs {
        let (instance, lead) = (Shared::clone(instance), Arc::clone(lead));
        if !Shared::clone(&instance).run(move |_| lead.is_held()).await {
            // Another server goes on where this one ends.
            tracing::warn!(account, "work at AWS is another server's turn");
            return Ok(());
        }
        match job {
            Job::Make(wanted) => {
                let role = wanted_role(&instance, aws, &wanted);
                let outcome = match &ready {
                    Ok(iam) => iam::apply(iam, &role).await,
                    Err(failure) => Err(failure.clone()),
                };
                if outcome.is_err() {
                    aws.clients.forget(account);
                }
                instance.run(move |instance| made(instance, &wanted, role, &outcome)).await?;
            }
            Job::Remove(role) => {
                let outcome = match &ready {
                    Ok(iam) => iam::remove(iam, &role.role_name).await,
                    Err(failure) => Err(failure.clone()),
                };
                instance.run(move |instance| removed(instance, role, outcome)).await?;
            }
            Job::Check(role) => {
                let outcome = match &ready {
                    Ok(iam) => {
                        if provider.is_none() {
                            let thumbprints = &aws.config.thumbprints;
                            provider = Some(iam::provider_differences(iam, &arn, thumbprints).await);
                        }
                        look(iam, &role, provider.as_ref()).await
                    }
                    Err(failure) => Err(failure.clone()),
                };
                instance.run(move |instance| checked(instance, role, outcome)).await?;
            }
        }
    }
    Ok(())
}

/// How a role, and the identity provider that it trusts, differ from what was made.
async fn look(
    iam: &aws_sdk_iam::Client,
    role: &AwsRole,
    provider: Option<&Result<Vec<String>, Failure>>,
) -> Result<Vec<String>, Failure> {
    let there = iam::read(iam, &role.role_name).await?;
    let mut drift = match Applied::of(role) {
        Some(applied) => applied.role.differences(there.as_ref()),
        None => Vec::new(),
    };
    drift.extend(provider.cloned().transpose()?.unwrap_or_default());
    Ok(drift)
}

/// The role as it should be: as the permission set is, or, where a later edit is not provisioned yet, as it was made.
fn wanted_role(instance: &Instance, aws: &Aws, wanted: &WantedRole) -> RoleSpec {
    let provider = provider_name(instance);
    let place = Place {
        partition: aws.config.partition(),
        provider: &provider,
        instance_id: instance.addresses.instance_id(),
    };
    let name = role_name(&instance.key, &wanted.account_id, &wanted.set.name);
    let now = RoleSpec::of(&place, &wanted.account_id, &wanted.set, name);
    match wanted.known.as_ref().and_then(Applied::of) {
        Some(before) if before.revision == wanted.revision && wanted.set.revision > wanted.revision => {
            // Whom it trusts is this server's affair, whatever the permission set says.
            RoleSpec { trust: now.trust, tags: now.tags, ..before.role }
        }
        _ => now,
    }
}

fn entry(
    instance: &Instance,
    name: &str,
    (account, set_arn, set_name): (&str, &str, Option<&str>),
    role_name: &str,
    failure: Option<&Failure>,
) -> AuditEntry {
    let text = failure.map(ToString::to_string);
    let details = json!({
        "account_id": account,
        "role_name": set_name,
        "PermissionSetArn": set_arn,
        "RoleName": role_name,
        "FailureReason": text,
    });
    let code = failure.map(|failure| if failure.code.is_empty() { "Unreachable" } else { &failure.code });
    let error = code.zip(text.as_deref());
    instance.entry(&Event { source: audit::IAM, name, details, error, ..Event::default() })
}

fn made(
    instance: &Instance,
    wanted: &WantedRole,
    role: RoleSpec,
    outcome: &Result<(), Failure>,
) -> Result<(), AwsError> {
    let now = instance.now();
    let before = wanted.known.clone();
    let place = (wanted.account_id.as_str(), wanted.set.arn.as_str(), Some(wanted.set.name.as_str()));
    let name = if before.as_ref().is_some_and(|before| before.applied.is_some()) {
        "UpdateRole"
    } else {
        "CreateRole"
    };
    let mut row = before.unwrap_or(AwsRole {
        account_id: wanted.account_id.clone(),
        permission_set: wanted.set.arn.clone(),
        role_name: role.name.clone(),
        state: AwsRoleState::Retrying,
        revision: wanted.revision,
        applied: None,
        failure: None,
        attempts: 0,
        next_try: Timestamp::UNIX_EPOCH,
        drift: Vec::new(),
        checked: Timestamp::UNIX_EPOCH,
    });
    row.role_name.clone_from(&role.name);
    row.revision = wanted.revision;
    let event = match outcome {
        Ok(()) => {
            let applied = Applied { revision: wanted.revision, role };
            row.applied = serde_json::to_string(&applied).ok();
            (row.state, row.failure, row.attempts) = (AwsRoleState::Applied, None, 0);
            (row.next_try, row.drift, row.checked) = (Timestamp::UNIX_EPOCH, Vec::new(), now);
            Some(entry(instance, name, place, &row.role_name, None))
        }
        Err(failure) => failed(instance, &mut row, failure, now)
            .then(|| entry(instance, name, place, &row.role_name, Some(failure))),
    };
    instance.store.put_aws_role(&row, event.as_ref())?;
    Ok(())
}

/// Notes a failure; whether it says anything new.
fn failed(instance: &Instance, row: &mut AwsRole, failure: &Failure, now: Timestamp) -> bool {
    let text = failure.to_string();
    tracing::warn!(account = row.account_id, role = row.role_name, %failure, "a role at AWS could not be kept in line");
    row.attempts = row.attempts.saturating_add(1);
    row.state = if failure.is_passing { AwsRoleState::Retrying } else { AwsRoleState::Failed };
    let pause = pause(failure, row.attempts, instance.chance.key()[0]);
    row.next_try = now.checked_add(pause).unwrap_or(now);
    let is_new = row.failure.as_ref() != Some(&text);
    row.failure = Some(text);
    is_new
}

fn removed(instance: &Instance, mut row: AwsRole, outcome: Result<(), Failure>) -> Result<(), AwsError> {
    let set = instance.store.permission_set(&row.permission_set)?.map(|set| set.name);
    let (account, arn) = (row.account_id.clone(), row.permission_set.clone());
    let place = (account.as_str(), arn.as_str(), set.as_deref());
    match outcome {
        Ok(()) => {
            let event = entry(instance, "DeleteRole", place, &row.role_name, None);
            instance.store.forget_aws_role(&row.account_id, &row.permission_set, &event)?;
        }
        Err(failure) => {
            let event = failed(instance, &mut row, &failure, instance.now())
                .then(|| entry(instance, "DeleteRole", place, &row.role_name, Some(&failure)));
            instance.store.put_aws_role(&row, event.as_ref())?;
        }
    }
    Ok(())
}

/// Notes how a role differs from what was made; of one that cannot be looked at, since when and why. What was seen of it
/// before stands until then.
fn checked(
    instance: &Instance,
    mut row: AwsRole,
    outcome: Result<Vec<String>, Failure>,
) -> Result<(), AwsError> {
    let before = std::mem::replace(&mut row.checked, instance.now());
    let set = instance.store.permission_set(&row.permission_set)?.map(|set| set.name);
    let place = (row.account_id.as_str(), row.permission_set.as_str(), set.as_deref());
    let event = match outcome {
        Ok(drift) => {
            row.failure = None;
            let is_new = drift != row.drift && !drift.is_empty();
            row.drift = drift;
            is_new.then(|| {
                let details = json!({
                    "account_id": row.account_id,
                    "role_name": set,
                    "PermissionSetArn": row.permission_set,
                    "RoleName": row.role_name,
                    "Drift": row.drift,
                });
                let name = "DetectRoleDrift";
                instance.entry(&Event { source: audit::IAM, name, details, ..Event::default() })
            })
        }
        Err(failure) => {
            tracing::warn!(account = row.account_id, role = row.role_name, %failure, "a role at AWS could not be read");
            let text = failure.to_string();
            // Since when stays.
            let is_new = !row.failure.as_ref().is_some_and(|before| before.ends_with(&text));
            let event =
                is_new.then(|| entry(instance, "DetectRoleDrift", place, &row.role_name, Some(&failure)));
            if is_new {
                let since = row.checked.strftime("%Y-%m-%d %H:%M UTC");
                row.failure = Some(format!("Since {since} it could not be looked at: {text}"));
            }
            event
        }
    };
    instance.store.put_aws_role_check(&row, before, event.as_ref())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_do_not_grow_for_ever() {
        let passing = Failure { is_passing: true, ..Failure::own("iam:CreateRole", "Throttling", "") };
        let lasting = Failure { is_passing: false, ..passing.clone() };
        assert_eq!(pause(&passing, 1, 0), SignedDuration::from_secs(1));
        assert_eq!(pause(&passing, 3, 0), SignedDuration::from_secs(4));
        assert!(pause(&passing, 3, 255) < SignedDuration::from_millis(5100));
        assert_eq!(pause(&passing, 99, 0), LONGEST_PAUSE);
        assert_eq!(pause(&lasting, 1, 0), LONG_PAUSE);
        assert_eq!(pause(&lasting, 99, 0), LONGEST_PAUSE);
    }
}
