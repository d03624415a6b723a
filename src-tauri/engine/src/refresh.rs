//! Replacing credentials before they expire: one fetch for each role, one write of the file for all.

use crate::{
    console::Fetch,
    engine::{Context, Event},
    keep,
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::{Grant, OrgId, ProfileName},
        profile::{Conflict, State as ProfileState, Written},
        refresh::{Decision, decide, renew_profile_at, retry_after, wait_named},
        secret::RoleCredentials,
    },
    network,
    ports::{FileChange, FileOutcome, FileSet, SsoError, Write},
    renewal, schedule, sign_in,
    state::{Pass, State},
    step_up::{self, Held},
    stop,
};
use futures_util::{StreamExt, stream};
use std::collections::BTreeMap;

/// Roles fetched at once.
const AT_ONCE: usize = 4;

/// How one profile's refresh ended.
enum Ended {
    Written(Written),
    Conflict(Conflict),
    Refused(SsoError),
    NotWritable(Code),
}

/// What a batch brought.
pub(crate) struct Batch {
    fetched: Vec<(Grant, RoleCredentials)>,
    /// What the batch was fetched with.
    passes: BTreeMap<OrgId, Pass>,
    /// With the number of the wish that it fulfils.
    ended: Vec<(ProfileName, u64, Ended)>,
    backup: Option<std::path::PathBuf>,
    set: FileSet,
}

/// One profile of a batch.
struct Item {
    profile: ProfileName,
    grant: Grant,
    region: Option<String>,
    last: Option<Written>,
    replace_foreign: bool,
    wish: u64,
}

/// Begins the refresh of all profiles that are due.
pub(crate) fn begin(ctx: &Context, state: &mut State, due: &[ProfileName]) {
    let now = ctx.now();
    let mut sets: BTreeMap<bool, (Vec<Item>, BTreeMap<Grant, Fetch>)> = BTreeMap::new();
    let (mut renew, mut closed) = (Vec::new(), Vec::new());
    for name in due {
        let Some(profile) = state.profiles.get(name) else { continue };
        let grant = profile.kept.grant.clone();
        let Some(org) = state.org(&grant.org) else { continue };
        if !step_up::needs_no_touch(state, &grant, now) {
            closed.push(name);
            continue;
        }
        let Some(pass) = org.pass(now) else {
            renew.push(grant.org.clone());
            continue;
        };
        let own = org.file_set() == FileSet::Own;
        let fetch = Fetch::of(ctx, org, pass, state.seals(&grant), &grant, now);
        // "Refresh now" means new credentials, not the cached ones.
        let fetch = if profile.forced { fetch.fresh() } else { fetch };
        let (items, fetches) = sets.entry(own).or_default();
        fetches.entry(grant.clone()).or_insert(fetch);
        items.push(Item {
            profile: name.clone(),
            grant,
            region: profile.kept.region.clone(),
            last: profile.kept.written.clone(),
            replace_foreign: profile.replace_foreign,
            wish: profile.wish,
        });
    }
    for org in renew {
        renewal::begin(ctx, state, &org);
    }
    for name in closed {
        wait_for_touch(ctx, state, name);
    }
    for (own, (items, fetches)) in sets {
        let set = if own { FileSet::Own } else { FileSet::Sandbox };
        for item in &items {
            if let Some(profile) = state.profiles.get_mut(&item.profile) {
                tracing::info!(
                    profile = %item.profile,
                    expires = ?profile.kept.written.as_ref().map(|w| w.expires),
                    forced = profile.forced,
                    failures = profile.failures,
                    "decided to renew"
                );
                profile.in_flight = true;
                profile.state = ProfileState::Refreshing;
            }
        }
        let ctx = ctx.clone();
        tokio::spawn(async move {
            let batch = run(&ctx, set, items, fetches).await;
            ctx.send(Event::Refreshed(batch));
        });
    }
}

/// The server gives new ones out after a touch alone. What goes by itself asks nobody: its row says what it waits for.
fn wait_for_touch(ctx: &Context, state: &mut State, name: &ProfileName) {
    let Some(profile) = state.profiles.get_mut(name) else { return };
    profile.state = ProfileState::TouchNeeded;
    let (grant, asked) = (profile.kept.grant.clone(), std::mem::take(&mut profile.by_person));
    if asked {
        step_up::demanded(ctx, state, &grant, Held::Refresh(name.clone()));
    }
}

async fn run(ctx: &Context, set: FileSet, items: Vec<Item>, fetches: BTreeMap<Grant, Fetch>) -> Batch {
    let results: Vec<_> = stream::iter(fetches)
        .map(|(grant, fetch)| async move { (grant, (fetch.pass.clone(), fetch.credentials().await)) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let results: BTreeMap<_, _> = results.into_iter().collect();
    let mut batch =
        Batch { fetched: Vec::new(), passes: BTreeMap::new(), ended: Vec::new(), backup: None, set };
    let mut changes = Vec::new();
    let mut writing = Vec::new();
    for item in items {
        match results.get(&item.grant) {
            Some((_, Ok((credentials, _)))) => {
                changes.push(FileChange::Put {
                    profile: item.profile.clone(),
                    grant: item.grant.clone(),
                    credentials: credentials.clone(),
                    region: item.region.clone(),
                    last: item.last.clone(),
                    replace_foreign: item.replace_foreign,
                });
                writing.push(item);
            }
            Some((_, Err(error))) => {
                batch.ended.push((item.profile, item.wish, Ended::Refused(error.clone())));
            }
            None => {}
        }
    }
    for (grant, (pass, result)) in results {
        batch.passes.insert(grant.org.clone(), pass);
        if let Ok((credentials, true)) = result {
            batch.fetched.push((grant, credentials));
        }
    }
    if !changes.is_empty() {
        write(ctx, set, changes, writing, &mut batch).await;
    }
    batch
}

async fn write(ctx: &Context, set: FileSet, changes: Vec<FileChange>, writing: Vec<Item>, batch: &mut Batch) {
    let (outcomes, backup) = match ctx.ports.files.apply(set, changes).await {
        Ok(done) => done,
        Err(code) => {
            let failed = |i: Item| (i.profile, i.wish, Ended::NotWritable(code.clone()));
            batch.ended.extend(writing.into_iter().map(failed));
            return;
        }
    };
    batch.backup = backup;
    for (item, outcome) in writing.into_iter().zip(outcomes) {
        batch.ended.push((
            item.profile,
            item.wish,
            match outcome {
                FileOutcome::Written(written) => Ended::Written(written),
                FileOutcome::Conflict(conflict) => Ended::Conflict(conflict),
                FileOutcome::Failed(code) => Ended::NotWritable(code),
                FileOutcome::Placed | FileOutcome::PlacedIn(_) | FileOutcome::Removed => continue,
            },
        ));
    }
}

/// Applies what a batch brought.
pub(crate) fn finish(ctx: &Context, state: &mut State, batch: Batch) {
    let now = ctx.now();
    for (grant, credentials) in batch.fetched {
        if let Some(pass) = batch.passes.get(&grant.org) {
            renewal::remember(ctx, state, &grant, pass, credentials);
            network::answered(ctx, state, &grant.org, pass);
        }
    }
    if let Some(path) = batch.backup {
        ctx.note(state, By::Schedule, Happened::BackedUp { path: path.display().to_string() });
    }
    let set = batch.set;
    for (name, wish, ended) in batch.ended {
        one(ctx, state, &name, wish, ended, &batch.passes, now);
        if let Some(ending) = state.profiles.get_mut(&name).and_then(|p| p.ending.take()) {
            stop::end(ctx, state, &name, ending);
        }
    }
    keep::look_at_file(ctx, set);
    keep::recheck_missed(ctx, state);
}

/// The profiles that are due and cannot be fetched, since the sign-in could not be renewed yet: they say so.
pub(crate) fn held_up(ctx: &Context, state: &mut State, id: &OrgId, code: &Code, again: Timestamp) {
    let now = ctx.now();
    let due: Vec<_> = state
        .profiles
        .values()
        .filter(|p| p.kept.grant.org == *id)
        .filter(|p| {
            let facts = schedule::facts(state, p, now);
            decide(&crate::model::refresh::Facts { not_before: None, ..facts }) == Decision::Renew
        })
        .map(|p| p.kept.profile.clone())
        .collect();
    if state.org(id).is_some_and(|o| o.usable_token(now).is_some()) {
        return;
    }
    for name in due {
        fails(ctx, state, &name, code.clone(), By::Schedule, again);
    }
}

fn one(
    ctx: &Context,
    state: &mut State,
    name: &ProfileName,
    wish: u64,
    ended: Ended,
    passes: &BTreeMap<OrgId, Pass>,
    now: Timestamp,
) {
    let Some(profile) = state.profiles.get_mut(name) else { return };
    profile.in_flight = false;
    // What was wished meanwhile is done next.
    let outdated = profile.wish != wish;
    let by = if profile.by_person { By::You } else { By::Schedule };
    profile.by_person = outdated;
    let grant = profile.kept.grant.clone();
    let pass = passes.get(&grant.org).cloned();
    // What an older sign-in fetched is in the file now; the present one's replaces it at once.
    let era = pass.as_ref().map(|p| p.era);
    let old = state.org(&grant.org).map(|o| o.era) != era;
    let lead = state.settings.lead();
    let Some(profile) = state.profiles.get_mut(name) else { return };
    match ended {
        Ended::Written(written) => {
            profile.failing_since = None;
            profile.undone = false;
            profile.forced = old || outdated;
            profile.replace_foreign &= outdated;
            if renew_profile_at(&written, lead) > now {
                profile.failures = 0;
                profile.not_before = None;
            } else {
                // Due again as they come: with a clock as wrong as that, more haste brings the same.
                profile.failures = profile.failures.saturating_add(1);
                profile.not_before = Some(now + retry_after(profile.failures, ctx.chance()));
            }
            profile.state = ProfileState::Fresh;
            let expires = written.expires;
            let key_tail = Some(written.key_tail.clone());
            profile.kept.written = Some(written);
            ctx.commit(vec![Write::Kept(profile.kept.clone())]);
            let account_name = state.account_name(&grant);
            let profile = name.clone();
            ctx.note(state, by, Happened::Refreshed { profile, grant, account_name, expires, key_tail });
        }
        Ended::Conflict(conflict) => {
            profile.state = ProfileState::Conflict(conflict);
            ctx.note(state, by, Happened::Conflicted { profile: name.clone(), conflict });
        }
        Ended::Refused(_) if old => profile.state = ProfileState::Waiting,
        Ended::Refused(SsoError::Unauthorized) => {
            profile.state = ProfileState::Waiting;
            if let Some(pass) = pass {
                renewal::unauthorized(ctx, state, &grant.org, &pass);
            }
        }
        Ended::Refused(SsoError::StepUpNeeded) => {
            profile.state = ProfileState::TouchNeeded;
            // What goes by itself asks nobody; its row says what it waits for.
            if by == By::You {
                step_up::demanded(ctx, state, &grant, Held::Refresh(name.clone()));
            } else {
                step_up::learnt(ctx, state, &grant);
            }
        }
        Ended::Refused(SsoError::Forbidden) => {
            profile.state = ProfileState::AccessRemoved;
            let account_name = state.account_name(&grant);
            let code = Code::AccessRemoved;
            ctx.note(state, by, Happened::RefreshFailed { profile: name.clone(), grant, account_name, code });
        }
        Ended::Refused(error) => {
            let named = wait_named(error.named_wait());
            retry(ctx, state, name, sign_in::code_of(error), by, named);
        }
        Ended::NotWritable(code) => retry(ctx, state, name, code, by, jiff::SignedDuration::ZERO),
    }
}

fn retry(
    ctx: &Context,
    state: &mut State,
    name: &ProfileName,
    code: Code,
    by: By,
    named: jiff::SignedDuration,
) {
    let now = ctx.now();
    network::unanswered(state, &code, now);
    let chance = ctx.chance();
    let Some(profile) = state.profiles.get_mut(name) else { return };
    profile.failures = profile.failures.saturating_add(1);
    // Another program's write is over in a moment.
    let wait = match code {
        Code::FileBusy { .. } => jiff::SignedDuration::from_secs(2),
        _ => retry_after(profile.failures, chance).max(named),
    };
    profile.not_before = Some(now + wait);
    fails(ctx, state, name, code, by, now + wait);
}

/// A profile could not be refreshed and is tried again then.
fn fails(ctx: &Context, state: &mut State, name: &ProfileName, code: Code, by: By, again: Timestamp) {
    let now = ctx.now();
    let Some(profile) = state.profiles.get_mut(name) else { return };
    let first = profile.failing_since.is_none();
    let since = *profile.failing_since.get_or_insert(now);
    profile.failing = Some(code.clone());
    let file = matches!(
        code,
        Code::FileNotWritable { .. }
            | Code::DiskFull { .. }
            | Code::FileUnparseable { .. }
            | Code::FileUnreadable { .. }
    );
    profile.state = if file {
        ProfileState::NotWritable(code.clone())
    } else {
        ProfileState::Retrying { at: again, failing_since: since, code: code.clone() }
    };
    let grant = profile.kept.grant.clone();
    tracing::warn!(profile = %name, ?code, "could not refresh");
    // Only the edge from working to not working is news.
    if first {
        let account_name = state.account_name(&grant);
        ctx.note(state, by, Happened::RefreshFailed { profile: name.clone(), grant, account_name, code });
    }
}
