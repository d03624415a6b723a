//! Asking the portal what it lists, politely: paced, resumable, and never an error for being limited.

use crate::{
    engine::{Context, Event},
    half_sync, icons,
    model::{
        Timestamp,
        application::{self, Application, Applications},
        code::Code,
        history::{By, Event as Happened},
        ids::{OrgId, RoleName},
        organisation::Organisation,
        pacing::Pace,
        portal::{Account, Portal, Sync, changes},
        refresh::{retry_after, wait_named},
    },
    network,
    ports::{AccountRow, Page, SsoError, Write},
    renewal,
    request::{Answer, Reply},
    sign_in,
    state::{Org, Pass, State},
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::SignedDuration;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::Mutex, time::Instant};

/// A list older than this is asked for again by itself.
const STALE: SignedDuration = SignedDuration::from_hours(1);

/// Requests in flight at once; the pace decides how often one starts.
const AT_ONCE: usize = 6;

/// How long the applications may hold up the rest.
const APPLICATIONS_TAKE: Duration = Duration::from_secs(60);

/// What a sync's task tells.
pub(crate) enum Progress {
    /// All accounts are known.
    Accounts(Vec<AccountRow>, Pass),
    /// The applications are known, or that they are not listed.
    Applications(Applications),
    /// One account's roles are known.
    Roles(crate::model::ids::AccountId, Vec<RoleName>),
    /// The service limits requests until then; and the pace that this teaches.
    Throttled(Timestamp, Pace),
    /// It is over.
    Done(Result<(), SsoError>, Pace, Pass),
}

pub(crate) fn asked(ctx: &Context, state: &mut State, id: &OrgId) -> Answer {
    let now = ctx.now();
    let org = state.org_mut(id).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    if !org.stands(now) {
        return Err(Code::SignInNeeded);
    }
    begin(ctx, state, id);
    Ok(Reply::Done)
}

/// Stops a sync that is under way, until somebody asks for the list again or signs in.
pub(crate) fn pause(ctx: &Context, state: &mut State, id: &OrgId) -> Answer {
    let org = state.org_mut(id).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    // One that waits for another token is under way as well.
    let wanted = std::mem::take(&mut org.sync_wanted);
    match org.syncing.take() {
        Some(task) => task.abort(),
        None if wanted => {}
        None => return Ok(Reply::Done),
    }
    half_sync::save(ctx, org);
    let (done, total) = counts(org);
    org.sync = Sync::Paused { done, total };
    tracing::info!(organisation = %id, done, total, "the sync was paused");
    Ok(Reply::Done)
}

/// At the start: the cached list is shown at once, and asked for again when it is old.
pub(crate) fn if_stale(ctx: &Context, state: &mut State, id: &OrgId) {
    let now = ctx.now();
    let stale = state.org(id).is_some_and(|o| {
        o.stands(now) && o.portal.synced.is_none_or(|at| now.duration_since(at) > STALE / 4)
    });
    if stale {
        begin(ctx, state, id);
    }
}

/// When the list is asked for again by itself.
pub(crate) fn due(org: &Org) -> Option<Timestamp> {
    if org.syncing.is_some() || org.tokens.is_none() || !org.ready {
        return None;
    }
    let since = org.session()?.since;
    match (&org.sync, org.portal.synced) {
        _ if org.sync_wanted => Some(since),
        (Sync::Failed { retry, .. }, _) => *retry,
        (Sync::Paused { .. }, _) => None,
        (_, Some(at)) => Some(at + STALE),
        (_, None) => None,
    }
}

/// After a wake-up or when the network came: the wait for the next try is over.
pub(crate) fn retry_now(org: &mut Org, now: Timestamp) {
    if let Sync::Failed { retry: Some(retry), .. } = &mut org.sync {
        *retry = now.min(*retry);
    }
    org.sync_failures = 0;
}

/// Begins a sync, after a renewal where that is needed first.
pub(crate) fn begin(ctx: &Context, state: &mut State, id: &OrgId) {
    let now = ctx.now();
    let Some(org) = state.org_mut(id) else { return };
    if org.syncing.is_some() {
        return;
    }
    let Some(pass) = org.pass(now) else {
        if org.stands(now) {
            org.sync_wanted = true;
            renewal::begin(ctx, state, id);
        }
        return;
    };
    org.sync_wanted = false;
    org.sync_no += 1;
    half_sync::drop_old(ctx, org, now);
    let done: HashMap<_, _> = org
        .half
        .iter()
        .flat_map(|half| &half.accounts)
        .filter_map(|a| a.roles.clone().map(|roles| (a.id.clone(), roles)))
        .collect();
    org.sync = Sync::Running { done: 0, total: 0 };
    let run = Run {
        ctx: ctx.clone(),
        org: org.organisation.clone(),
        number: org.sync_no,
        pass,
        known: org.portal.applications.clone(),
        start: Instant::now(),
        pace: Mutex::new(org.pace.clone()),
    };
    org.syncing = Some(tokio::spawn(async move {
        let result = run.all(&done).await;
        let pace = run.pace.lock().await.clone();
        run.tell(Progress::Done(result, pace, run.pass.clone()));
    }));
}

/// One sync's task.
struct Run {
    ctx: Context,
    org: Organisation,
    number: u64,
    pass: Pass,
    /// The applications as they were known before, with their pictures.
    known: Applications,
    start: Instant,
    pace: Mutex<Pace>,
}

impl Run {
    fn tell(&self, progress: Progress) {
        self.ctx.send(Event::Synced(self.org.id.clone(), self.number, progress));
    }

    async fn all(&self, done: &HashMap<crate::model::ids::AccountId, Vec<RoleName>>) -> Result<(), SsoError> {
        let accounts = self
            .pages(|next| async move {
                self.ctx.ports.sso.accounts(&self.org, &self.pass.token, next.as_deref()).await
            })
            .await?;
        self.tell(Progress::Accounts(accounts.clone(), self.pass.clone()));
        // The token was just taken, so that a 401 now is about applications alone.
        let applications = self.applications().await.map(|listed| listed.pictured_as(&self.known));
        if let Some(applications) = &applications {
            self.tell(Progress::Applications(applications.clone()));
        }
        let mut running = FuturesUnordered::new();
        for account in accounts.iter().filter(|a| !done.contains_key(&a.id)) {
            if running.len() >= AT_ONCE
                && let Some(result) = running.next().await
            {
                let _: () = result?;
            }
            running.push(self.roles_of(account));
        }
        while let Some(result) = running.next().await {
            result?;
        }
        // Last, and whatever becomes of them: a picture keeps nothing back.
        if let Some(Applications::Listed(apps)) = applications
            && let Some(apps) = icons::fetched(&*self.ctx.ports.sso, &self.org, apps).await
        {
            self.tell(Progress::Applications(Applications::Listed(apps)));
        }
        Ok(())
    }

    /// What is known of the applications; `None` where the cached list stands. AWS does not document these
    /// calls, so whatever becomes of them neither ends the sign-in nor keeps the accounts back.
    async fn applications(&self) -> Option<Applications> {
        match tokio::time::timeout(APPLICATIONS_TAKE, self.all_applications()).await {
            Ok(Ok(mut apps)) => {
                apps.sort_by(|a, b| a.name.to_lowercase().cmp(&b.name.to_lowercase()).then(a.id.cmp(&b.id)));
                Some(Applications::Listed(apps))
            }
            Ok(Err(SsoError::Unauthorized | SsoError::Forbidden)) => {
                tracing::info!(organisation = %self.org.id, "applications are not listed to this token");
                Some(Applications::NotListed)
            }
            Ok(Err(error)) => {
                tracing::warn!(organisation = %self.org.id, ?error, "could not list the applications");
                None
            }
            Err(_) => {
                tracing::warn!(organisation = %self.org.id, "listing the applications takes too long");
                None
            }
        }
    }

    /// Page after page. How the next one is asked for is not documented either: a page with nothing new is
    /// taken for the last one.
    async fn all_applications(&self) -> Result<Vec<Application>, SsoError> {
        let mut apps: Vec<Application> = Vec::new();
        let mut seen = HashSet::new();
        let mut next: Option<String> = None;
        loop {
            let (sso, token) = (&self.ctx.ports.sso, &self.pass.token);
            let page = self.paced(|| sso.applications(&self.org, token, next.as_deref())).await?;
            let before = apps.len();
            for app in page.rows {
                if apps.iter().all(|known| known.id != app.id) {
                    apps.push(app);
                }
            }
            let news = apps.len() > before;
            match page.next {
                Some(token) if news && seen.insert(token.clone()) => next = Some(token),
                _ => return Ok(apps),
            }
        }
    }

    async fn roles_of(&self, account: &AccountRow) -> Result<(), SsoError> {
        let pages = self.pages(|next| async move {
            self.ctx.ports.sso.roles(&self.org, &self.pass.token, &account.id, next.as_deref()).await
        });
        let mut roles = match pages.await {
            // Taken away between the two calls: an account without roles.
            Err(SsoError::Forbidden) => Vec::new(),
            other => other?,
        };
        roles.sort();
        self.tell(Progress::Roles(account.id.clone(), roles));
        Ok(())
    }

    /// All rows, page after page. A token that comes a second time would lead round in a circle.
    async fn pages<T, F>(&self, call: impl Fn(Option<String>) -> F) -> Result<Vec<T>, SsoError>
    where
        F: Future<Output = Result<Page<T>, SsoError>>,
    {
        let mut rows = Vec::new();
        let mut seen = HashSet::new();
        let mut next: Option<String> = None;
        loop {
            let page = self.paced(|| call(next.clone())).await?;
            rows.extend(page.rows);
            match page.next {
                Some(token) if seen.insert(token.clone()) => next = Some(token),
                Some(_) => {
                    let host = self.org.endpoints.portal.host_str().unwrap_or_default().to_owned();
                    return Err(SsoError::Other(Code::Garbled { host }));
                }
                None => return Ok(rows),
            }
        }
    }

    /// Makes a call at the pace, again and again while it is answered 429.
    async fn paced<T, F>(&self, call: impl Fn() -> F) -> Result<T, SsoError>
    where
        F: Future<Output = Result<T, SsoError>>,
    {
        loop {
            let slot = self.pace.lock().await.slot(self.start.elapsed());
            tokio::time::sleep_until(self.start + slot).await;
            match call().await {
                Err(SsoError::Throttled { retry_after, .. }) => {
                    let now = self.start.elapsed();
                    let (until, pace) = {
                        let mut pace = self.pace.lock().await;
                        (pace.throttled(now, retry_after, self.ctx.chance()), pace.clone())
                    };
                    let wait =
                        SignedDuration::try_from(until.saturating_sub(now)).unwrap_or(SignedDuration::ZERO);
                    self.tell(Progress::Throttled(self.ctx.now() + wait, pace));
                }
                other => {
                    self.pace.lock().await.answered();
                    return other;
                }
            }
        }
    }
}

/// Applies what a sync tells; an older one's words are ignored.
pub(crate) fn progress(ctx: &Context, state: &mut State, id: &OrgId, number: u64, progress: Progress) {
    let now = ctx.now();
    let Some(org) = state.org_mut(id) else { return };
    if org.syncing.is_none() || org.sync_no != number {
        return;
    }
    match progress {
        Progress::Accounts(rows, pass) => {
            let half = org.half.as_ref().map(|half| half.accounts.as_slice()).unwrap_or_default();
            let known = |row: &AccountRow| half.iter().find(|a| a.id == row.id).and_then(|a| a.roles.clone());
            let mut accounts: Vec<_> = rows
                .into_iter()
                .map(|row| Account { roles: known(&row), id: row.id, name: row.name, email: row.email })
                .collect();
            accounts.sort_by(|a, b| a.name.to_lowercase().cmp(&b.name.to_lowercase()).then(a.id.cmp(&b.id)));
            half_sync::listed(ctx, org, accounts);
            count(org);
            // All roles of a large portal take minutes: that there is a network is known now.
            network::answered(ctx, state, id, &pass);
        }
        Progress::Applications(applications) => {
            if let Some(half) = &mut org.half {
                half.applications = applications;
            }
            half_sync::grown(ctx, org);
        }
        Progress::Roles(account, roles) => {
            let accounts = org.half.iter_mut().flat_map(|half| &mut half.accounts);
            if let Some(a) = accounts.into_iter().find(|a| a.id == account) {
                a.roles = Some(roles);
            }
            half_sync::grown(ctx, org);
            count(org);
        }
        Progress::Throttled(until, mut pace) => {
            half_sync::save(ctx, org);
            // For the next run, should this one be stopped.
            pace.forget_moments();
            org.pace = pace;
            // A wait under two seconds is the pace at work, not news.
            if until.duration_since(now) > SignedDuration::from_secs(2) {
                let (done, total) = counts(org);
                org.sync = Sync::Throttled { until, done, total };
            }
        }
        Progress::Done(result, mut pace, pass) => {
            org.syncing = None;
            pace.forget_moments();
            org.pace = pace;
            if result.is_err() {
                half_sync::save(ctx, org);
            }
            match result {
                Ok(()) => {
                    renewal::accepted(state, id, &pass);
                    network::answered(ctx, state, id, &pass);
                    finished(ctx, state, id, now);
                }
                Err(SsoError::Unauthorized) => {
                    // It goes on where it was, as soon as there is a token that is taken.
                    org.sync = Sync::Idle;
                    org.sync_wanted = true;
                    renewal::unauthorized(ctx, state, id, &pass);
                }
                Err(error) => {
                    if is_an_answer(&error) {
                        network::answered(ctx, state, id, &pass);
                    }
                    failed(ctx, state, id, error, now);
                }
            }
        }
    }
}

/// Whether a server said this, so that there is a network. A page of something in between says nothing of it.
fn is_an_answer(error: &SsoError) -> bool {
    matches!(
        error,
        SsoError::Forbidden | SsoError::Throttled { .. } | SsoError::Other(Code::ServerError { .. })
    )
}

fn counts(org: &Org) -> (usize, usize) {
    let half = org.half.as_ref().map(|half| half.accounts.as_slice()).unwrap_or_default();
    (half.iter().filter(|a| a.roles.is_some()).count(), half.len())
}

fn count(org: &mut Org) {
    let (done, total) = counts(org);
    org.sync = Sync::Running { done, total };
}

fn finished(ctx: &Context, state: &mut State, id: &OrgId, now: Timestamp) {
    let Some(org) = state.org_mut(id) else { return };
    org.half_unsaved = false;
    let (accounts, applications) =
        org.half.take().map(|half| (half.accounts, half.applications)).unwrap_or_default();
    // Where the applications did not answer, what they were stands.
    let applications = match applications {
        Applications::Unknown => org.portal.applications.clone(),
        known => known,
    };
    let changes = changes(&org.portal, &accounts, now);
    let app_changes = application::changes(&org.portal.applications, &applications, now);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let happened = Happened::Synced {
        org: id.clone(),
        accounts: number(accounts.len()),
        gained: number(changes.iter().filter(|c| c.gained).count()),
        lost: number(changes.iter().filter(|c| !c.gained).count()),
        apps: match &applications {
            Applications::Listed(apps) => Some(number(apps.len())),
            _ => None,
        },
        apps_gained: number(app_changes.iter().filter(|c| c.gained).count()),
        apps_lost: number(app_changes.iter().filter(|c| !c.gained).count()),
    };
    // What changed stays shown until something else does.
    let (changes, app_changes) = if changes.is_empty() && app_changes.is_empty() {
        (org.portal.changes.clone(), org.portal.app_changes.clone())
    } else {
        (changes, app_changes)
    };
    let user = org.user().map(str::to_owned).or_else(|| org.portal.user.clone());
    let user_id = org.portal.user_id.clone();
    let portal = Portal { user, user_id, accounts, applications, synced: Some(now), changes, app_changes };
    org.portal = Arc::new(portal.clone());
    org.sync = Sync::Idle;
    org.sync_failures = 0;
    ctx.commit(vec![Write::Portal(id.clone(), portal), Write::HalfSync(id.clone(), None)]);
    ctx.note(state, By::Schedule, happened);
}

fn failed(ctx: &Context, state: &mut State, id: &OrgId, error: SsoError, now: Timestamp) {
    let wait = wait_named(error.named_wait());
    let code = sign_in::code_of(error);
    tracing::warn!(organisation = %id, ?code, "could not sync the portal");
    network::unanswered(state, &code, now);
    let chance = ctx.chance();
    if let Some(org) = state.org_mut(id) {
        org.sync_failures = org.sync_failures.saturating_add(1);
        let retry = now + retry_after(org.sync_failures, chance).max(wait);
        org.sync = Sync::Failed { code: code.clone(), at: now, retry: Some(retry) };
        if org.sync_failures == 1 {
            ctx.note(state, By::Schedule, Happened::SyncFailed { org: id.clone(), code });
        }
    }
}
