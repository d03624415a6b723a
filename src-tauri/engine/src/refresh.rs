//! Replacing credentials before they expire: one fetch for each role, one write of the file for all.

use crate::{
    console::Fetch,
    engine::{Context, Event},
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::{Grant, OrgId, ProfileName},
        profile::{Conflict, State as ProfileState, Written},
        refresh::retry_after,
        secret::RoleCredentials,
    },
    ports::{FileChange, FileOutcome, FileSet, Keyring, SsoError, Write},
    renewal, sign_in,
    state::State,
    sync,
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
    fetched: Vec<(Grant, u64, RoleCredentials)>,
    /// The eras of the sign-ins by which the batch was fetched.
    eras: BTreeMap<OrgId, u64>,
    ended: Vec<(ProfileName, Ended)>,
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
}

/// Begins the refresh of all profiles that are due.
pub(crate) fn begin(ctx: &Context, state: &mut State, due: &[ProfileName]) {
    let now = ctx.now();
    let sealing = state.keyring == Keyring::Ready;
    let mut sets: BTreeMap<bool, (Vec<Item>, BTreeMap<Grant, Fetch>)> = BTreeMap::new();
    let mut renew = Vec::new();
    for name in due {
        let Some(profile) = state.profiles.get(name) else { continue };
        let grant = profile.kept.grant.clone();
        let Some(org) = state.org(&grant.org) else { continue };
        let Some(token) = org.usable_token(now).map(|t| t.access_token.clone()) else {
            renew.push(grant.org.clone());
            continue;
        };
        let own = org.file_set() == FileSet::Own;
        let fetch = Fetch::of(ctx, org, token, sealing, &grant, now);
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
        });
    }
    for org in renew {
        renewal::begin(ctx, state, &org);
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

async fn run(ctx: &Context, set: FileSet, items: Vec<Item>, fetches: BTreeMap<Grant, Fetch>) -> Batch {
    let results: Vec<_> = stream::iter(fetches)
        .map(|(grant, fetch)| async move { (grant, (fetch.era, fetch.credentials().await)) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let results: BTreeMap<_, _> = results.into_iter().collect();
    let mut batch =
        Batch { fetched: Vec::new(), eras: BTreeMap::new(), ended: Vec::new(), backup: None, set };
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
            Some((_, Err(error))) => batch.ended.push((item.profile, Ended::Refused(error.clone()))),
            None => {}
        }
    }
    for (grant, (era, result)) in results {
        batch.eras.insert(grant.org.clone(), era);
        if let Ok((credentials, true)) = result {
            batch.fetched.push((grant, era, credentials));
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
            batch.ended.extend(writing.into_iter().map(|i| (i.profile, Ended::NotWritable(code.clone()))));
            return;
        }
    };
    batch.backup = backup;
    for (item, outcome) in writing.into_iter().zip(outcomes) {
        batch.ended.push((
            item.profile,
            match outcome {
                FileOutcome::Written(written) => Ended::Written(written),
                FileOutcome::Conflict(conflict) => Ended::Conflict(conflict),
                FileOutcome::Removed => continue,
            },
        ));
    }
}

/// Applies what a batch brought.
pub(crate) fn finish(ctx: &Context, state: &mut State, batch: Batch) {
    let now = ctx.now();
    for (grant, era, credentials) in batch.fetched {
        renewal::remember(ctx, state, &grant, era, credentials);
    }
    if let Some(path) = batch.backup {
        ctx.note(state, By::Schedule, Happened::BackedUp { path: path.display().to_string() });
    }
    let set = batch.set;
    for (name, ended) in batch.ended {
        // What an older sign-in fetched is in the file now; the present one's replaces it at once.
        let old = state.profiles.get(&name).is_some_and(|p| {
            let org = &p.kept.grant.org;
            state.org(org).map(|o| o.era) != batch.eras.get(org).copied()
        });
        one(ctx, state, &name, ended, old, now);
        if let Some(ending) = state.profiles.get_mut(&name).and_then(|p| p.ending.take()) {
            crate::keep::end(ctx, state, &name, ending);
        }
    }
    crate::keep::look_at_file(ctx, set);
}

fn one(ctx: &Context, state: &mut State, name: &ProfileName, ended: Ended, old: bool, now: Timestamp) {
    let Some(profile) = state.profiles.get_mut(name) else { return };
    profile.in_flight = false;
    let by = if profile.by_person { By::You } else { By::Schedule };
    profile.by_person = false;
    let grant = profile.kept.grant.clone();
    match ended {
        Ended::Written(written) => {
            profile.failures = 0;
            profile.failing_since = None;
            profile.not_before = None;
            profile.replace_foreign = false;
            profile.forced = old;
            profile.state = ProfileState::Fresh;
            let expires = written.expires;
            profile.kept.written = Some(written);
            ctx.commit(vec![Write::Kept(profile.kept.clone())]);
            state.offline_since = None;
            let account_name = state.account_name(&grant);
            ctx.note(state, by, Happened::Refreshed { profile: name.clone(), grant, account_name, expires });
        }
        Ended::Conflict(conflict) => profile.state = ProfileState::Conflict(conflict),
        Ended::Refused(_) if old => profile.state = ProfileState::Waiting,
        Ended::Refused(SsoError::Unauthorized) => {
            profile.state = ProfileState::SignInNeeded;
            renewal::unauthorized(ctx, state, &grant.org);
        }
        Ended::Refused(SsoError::Forbidden) => {
            profile.state = ProfileState::AccessRemoved;
            let account_name = state.account_name(&grant);
            let code = Code::AccessRemoved;
            ctx.note(state, by, Happened::RefreshFailed { profile: name.clone(), grant, account_name, code });
        }
        Ended::Refused(error) => retry(ctx, state, name, sign_in::code_of(error), by, now),
        Ended::NotWritable(code) => retry(ctx, state, name, code, by, now),
    }
}

fn retry(ctx: &Context, state: &mut State, name: &ProfileName, code: Code, by: By, now: Timestamp) {
    sync::offline(state, &code, now);
    let chance = ctx.chance();
    let Some(profile) = state.profiles.get_mut(name) else { return };
    profile.failures = profile.failures.saturating_add(1);
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
    // Another program's write is over in a moment.
    let wait = match code {
        Code::FileBusy { .. } => jiff::SignedDuration::from_secs(2),
        _ => retry_after(profile.failures, chance),
    };
    profile.not_before = Some(now + wait);
    profile.state = if file {
        ProfileState::NotWritable(code.clone())
    } else {
        ProfileState::Retrying { at: now + wait, failing_since: since, code: code.clone() }
    };
    let grant = profile.kept.grant.clone();
    tracing::warn!(profile = %name, ?code, "could not refresh");
    // Only the edge from working to not working is news.
    if first {
        let account_name = state.account_name(&grant);
        ctx.note(state, by, Happened::RefreshFailed { profile: name.clone(), grant, account_name, code });
    }
}
