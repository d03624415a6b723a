//! Signing in: what an attempt tells, and what a finished one means for everything else.

use crate::{
    add,
    attempt::Run,
    cache,
    engine::{Context, Event},
    half_sync,
    keys::errand,
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
        native::InApp,
        portal::Portal,
        secret::{ClientRegistration, TokenSet},
        sign_in::{Attempt, Method, Session, SignIn},
    },
    native,
    ports::{FileSet, SealKind, SsoError, WhoAmI, Write},
    registering, renewal,
    request::{Answer, Reply},
    start::{client_rows, sign_in_rows},
    state::{Org, State},
    sync, waiting,
};
use jiff::SignedDuration;
use std::sync::Arc;
use tokio::sync::oneshot;

/// How long the browser may take. AWS's own CLI waits as long.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What an attempt's task tells.
pub(crate) enum Progress {
    /// The address to open is known.
    Link(String),
    /// The device way was taken.
    Code { user_code: String, link: String, deadline: Timestamp },
    /// The browser did not start; the person can copy the link.
    NoBrowser(Code),
    /// A client registration was made.
    Client(ClientRegistration),
    /// The server has signed the person in.
    Tokens { tokens: TokenSet, who: WhoAmI },
    /// Signed in, and stored where that was possible; with the era it was stored in.
    Done { tokens: TokenSet, who: WhoAmI, stored: bool, era: u64 },
    /// It failed.
    Failed(Code),
}

pub(crate) fn begin(ctx: &Context, state: &mut State, id: &OrgId, method: Option<Method>) -> Answer {
    let number = state.next_attempt;
    let ours = sessions(state, id);
    let org = state.org_mut(id).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    if !org.ready {
        // The browser is not sent to whoever holds the sandbox's port now.
        let why =
            org.failure.clone().unwrap_or_else(|| Code::SandboxFailed { reason: "not running".to_owned() });
        add::start_sandbox_again(ctx, state);
        return Err(why);
    }
    if let SignIn::InProgress(attempt) = &org.sign_in {
        // One browser tab for each attempt: asking again only changes the way.
        if org.landing || method.is_none_or(|m| m == attempt.method) {
            return Ok(Reply::Done);
        }
    }
    if let Some(task) = org.attempt.take() {
        task.abort();
    }
    doubt(org);
    let now = ctx.now();
    let usual = if org.signs_in_here() { Method::Native } else { Method::Browser };
    let method = method.unwrap_or(usual);
    org.flow = native::Flow::default();
    org.failure = None;
    if let SignIn::SignedIn(session) = &org.sign_in {
        org.previous = Some(session.clone());
    }
    org.sign_in = SignIn::InProgress(Attempt {
        id: number,
        method,
        started: now,
        deadline: now + PATIENCE,
        link: None,
        user_code: None,
        in_app: (method == Method::Native).then(InApp::new),
    });
    state.next_attempt += 1;
    errand::no_more(ctx, state, id);
    if method == Method::Native {
        // The person has the word.
        return Ok(Reply::Done);
    }
    let Some(org) = state.org_mut(id) else { return Ok(Reply::Done) };
    let run = Run { ctx: ctx.clone(), org: org.organisation.clone(), attempt: number, sessions: ours };
    let mut clients = org.clients.clone();
    clients.retain(|c| !org.doubted || c.method != Method::Browser);
    org.attempt = Some(tokio::spawn(async move {
        let outcome = run.any_way(method, &clients).await;
        run.tell(match outcome {
            Ok((tokens, who)) => Progress::Tokens { tokens, who },
            Err(code) => Progress::Failed(code),
        });
    }));
    Ok(Reply::Done)
}

/// The sessions of the config file whose sign-ins are ours; `None` where the files are not the person's.
pub(crate) fn sessions(state: &State, id: &OrgId) -> Option<Vec<String>> {
    state.org(id).filter(|org| org.file_set() == FileSet::Own)?;
    Some(cache::sessions(state, id).into_iter().chain(cache::sessions_of_others(state, id)).collect())
}

/// The session that tokens and their owner make.
fn session_of(tokens: &TokenSet, who: &WhoAmI, since: Timestamp, stored: bool) -> Session {
    Session {
        user: who.user.clone(),
        since,
        token_expires: tokens.expires,
        ends: who.ends,
        renewable: tokens.refresh_token.is_some(),
        stored,
    }
}

pub(crate) fn code_of(error: SsoError) -> Code {
    match error {
        SsoError::Other(code) => code,
        SsoError::Unauthorized | SsoError::InvalidGrant => Code::SignInNeeded,
        SsoError::Forbidden => Code::AccessRemoved,
        SsoError::StepUpNeeded => Code::StepUpNeeded,
        SsoError::InvalidClient => Code::SignInDenied,
        SsoError::Throttled { host, .. } => Code::Throttled { host },
    }
}

/// Applies what an attempt tells; an older attempt's words are ignored.
pub(crate) fn progress(ctx: &Context, state: &mut State, id: &OrgId, attempt: u64, progress: Progress) {
    let sealing = state.sealing();
    let Some(org) = state.org_mut(id) else { return };
    if let Progress::Client(client) = progress {
        org.doubted &= client.method != Method::Browser;
        // The one before may still be needed to renew the sign-in that stands, so its row stands too until
        // there are tokens of the new one.
        org.clients.insert(0, client);
        if sealing && org.session().is_none() {
            match client_rows(ctx, org) {
                Ok(rows) => ctx.commit(rows),
                Err(code) => ctx.send(Event::StoreFailed(code)),
            }
        }
        return;
    }
    let SignIn::InProgress(current) = &mut org.sign_in else { return };
    if current.id != attempt {
        return;
    }
    match progress {
        Progress::Link(link) => current.link = Some(link),
        Progress::Code { user_code, link, deadline } => {
            current.method = Method::DeviceCode;
            current.user_code = Some(user_code);
            current.link = Some(link);
            current.deadline = deadline;
        }
        Progress::NoBrowser(code) => org.failure = Some(code),
        Progress::Tokens { tokens, who } => land(ctx, state, id, tokens, who),
        Progress::Done { tokens, who, stored, era } => done(ctx, state, id, tokens, &who, (stored, era)),
        Progress::Failed(code) => {
            tracing::warn!(organisation = %id, ?code, "sign-in failed");
            if code == Code::SignInTimedOut {
                doubt(org);
            }
            give_up(ctx, state, id);
            if let Some(org) = state.org_mut(id) {
                org.failure = Some(code.clone());
            }
            ctx.note(state, By::You, Happened::SignInFailed { org: id.clone(), code });
        }
        Progress::Client(_) => {}
    }
}

/// Stores a sign-in before anybody is told of it. Decided here and not in the attempt's task, so that
/// nothing that ends meanwhile is overtaken in the store.
fn land(ctx: &Context, state: &mut State, id: &OrgId, tokens: TokenSet, mut who: WhoAmI) {
    if let Some((attempt, user)) = is_here(state, id, &who) {
        // Its tokens are dropped as they are: to end them on the server could end the other entry's sign-in.
        return progress(ctx, state, id, attempt, Progress::Failed(Code::UserIsHere { user }));
    }
    let sealing = state.sealing();
    let Some(org) = state.org_mut(id) else { return };
    let SignIn::InProgress(attempt) = &org.sign_in else { return };
    let (number, era) = (attempt.id, org.era);
    if who.user.is_none() && !is_another(&org.portal, &who) && who.id.is_some() {
        who.user.clone_from(&org.portal.user);
    }
    let rows = sealing.then(|| {
        let session = session_of(&tokens, &who, ctx.now(), true);
        let mut writes = vec![Write::RemoveSealed(id.clone(), Some(SealKind::RoleCredentials))];
        // A keyring that was closed when the attempt began has not got its registration yet.
        writes.extend(client_rows(ctx, org)?);
        writes.extend(sign_in_rows(ctx, id, &session, tokens.clone())?);
        if org.half.as_ref().is_some_and(|half| !half_sync::is_of(half, &who)) {
            writes.push(Write::HalfSync(id.clone(), None));
        }
        Ok(writes)
    });
    let stored = match rows {
        None => None,
        Some(Ok(writes)) => Some(ctx.committed(writes)),
        Some(Err(code)) => {
            ctx.send(Event::StoreFailed(code));
            None
        }
    };
    org.landing = true;
    let (ctx, id) = (ctx.clone(), id.clone());
    org.attempt = Some(tokio::spawn(async move {
        let stored = match stored {
            Some(stored) => stored.await.is_ok(),
            None => false,
        };
        ctx.send(Event::Attempt(id, number, Progress::Done { tokens, who, stored, era }));
    }));
}

/// Whether whoever signed in has another entry for the same organisation; with the attempt's number.
fn is_here(state: &State, id: &OrgId, who: &WhoAmI) -> Option<(u64, String)> {
    let org = state.org(id)?;
    let SignIn::InProgress(attempt) = &org.sign_in else { return None };
    let twins = || {
        state.orgs.iter().filter(|o| o.id() != id && o.organisation.start_url == org.organisation.start_url)
    };
    let theirs = |o: &Org| match (&o.portal.user_id, &who.id) {
        (Some(known), Some(now)) => known == now,
        _ => who.user.is_some() && o.last_user() == who.user.as_deref(),
    };
    if theirs(org) {
        return None;
    }
    let twin = twins().find(|o| theirs(o))?;
    Some((attempt.id, twin.last_user().or(who.user.as_deref())?.to_owned()))
}

/// Whether the list is another person's. A server that does not tell says nothing either way.
fn is_another(portal: &Portal, who: &WhoAmI) -> bool {
    let differs = |a: &Option<String>, b: &Option<String>| Some(a.as_ref()? != b.as_ref()?);
    differs(&portal.user_id, &who.id).or_else(|| differs(&portal.user, &who.user)).unwrap_or(false)
}

fn done(
    ctx: &Context,
    state: &mut State,
    id: &OrgId,
    tokens: TokenSet,
    who: &WhoAmI,
    (stored, era): (bool, u64),
) {
    let now = ctx.now();
    let Some(org) = state.org_mut(id) else { return };
    let method = match &org.sign_in {
        SignIn::InProgress(attempt) => Some(attempt.method),
        _ => None,
    };
    // What ended meanwhile took the rows with it.
    let stored = stored && org.era == era;
    org.attempt = None;
    org.landing = false;
    org.failure = None;
    org.renewing = false;
    org.refused = None;
    org.renew_failures = 0;
    org.renew_not_before = None;
    // Another person's credentials must not be handed out.
    org.credentials.clear();
    // What is not known to be this person's is not gone on with.
    if org.half.as_ref().is_some_and(|half| !half_sync::is_of(half, who)) {
        half_sync::forget(ctx, org);
    }
    org.previous = None;
    org.programs_tried = false;
    org.era += 1;
    // Of each way the registration that was used last.
    let mut methods = Vec::new();
    org.clients.retain(|c| {
        !methods.contains(&c.method) && {
            methods.push(c.method);
            true
        }
    });
    let user = who.user.clone();
    let another = is_another(&org.portal, who);
    if another {
        // What another person was listed is neither shown nor compared with.
        org.portal = Arc::default();
        ctx.commit(vec![Write::Portal(id.clone(), Portal::default())]);
    }
    let portal = Arc::make_mut(&mut org.portal);
    portal.user = user.clone().or(portal.user.take());
    portal.user_id = who.id.clone().or(portal.user_id.take());
    if let Some(task) = org.syncing.take() {
        task.abort();
    }
    org.sign_in = SignIn::SignedIn(session_of(&tokens, who, now, stored));
    org.take_tokens(tokens);
    org.issued_to = org.clients.iter().find(|c| Some(c.method) == method.map(Method::registration)).cloned();
    org.flow = native::Flow::default();
    cache::write(ctx, state, id);
    tracing::info!(organisation = %id, stored, "signed in");
    if another {
        waiting::give_up(state, id);
    }
    ctx.note(state, By::You, Happened::SignedIn { org: id.clone(), user });
    for profile in state.profiles.values_mut().filter(|p| p.kept.grant.org == *id) {
        profile.not_before = None;
        profile.failures = 0;
        profile.failing_since = None;
    }
    renewal::store_all(ctx, state);
    registering::look(ctx, state);
    if method == Some(Method::Native) {
        registering::look_once(ctx, state, id);
    }
    sync::begin(ctx, state, id);
    waiting::run(ctx, state, id);
}

pub(crate) fn open_again(ctx: &Context, state: &State, id: &OrgId, answer: oneshot::Sender<Answer>) {
    let link = match state.org(id).map(|o| &o.sign_in) {
        Some(SignIn::InProgress(attempt)) => attempt.link.clone(),
        _ => None,
    };
    let (ctx, id) = (ctx.clone(), id.clone());
    tokio::spawn(async move {
        let result = match link.as_deref().and_then(|l| url::Url::parse(l).ok()) {
            Some(url) => ctx.ports.browser.open(&id, &url).await.map(|()| Reply::Done),
            None => Err(Code::Gone { what: "sign-in".to_owned() }),
        };
        let _ = answer.send(result);
    });
}

/// An attempt that did not end well leaves the sign-in that stood before it.
fn back_to_before(org: &mut Org) {
    org.sign_in = org.previous.take().map_or(SignIn::SignedOut, SignIn::SignedIn);
}

/// Ends the attempt, and takes back what it had stored already.
fn give_up(ctx: &Context, state: &mut State, id: &OrgId) {
    let Some(org) = state.org_mut(id) else { return };
    if let Some(task) = org.attempt.take() {
        task.abort();
    }
    org.flow = native::Flow::default();
    let landing = std::mem::take(&mut org.landing);
    if matches!(org.sign_in, SignIn::InProgress(_)) {
        back_to_before(org);
    }
    if landing {
        renewal::set_right(ctx, state, id);
    }
    errand::no_more(ctx, state, id);
    waiting::give_up(state, id);
}

pub(crate) fn cancel(ctx: &Context, state: &mut State, id: &OrgId) -> Answer {
    if let Some(org) = state.org_mut(id).filter(|o| matches!(o.sign_in, SignIn::InProgress(_))) {
        org.failure = None;
        doubt(org);
    }
    give_up(ctx, state, id);
    Ok(Reply::Done)
}

/// The person or the clock ends an attempt whose page was opened and brought nothing.
fn doubt(org: &mut Org) {
    if let SignIn::InProgress(attempt) = &org.sign_in
        && attempt.method == Method::Browser
        && attempt.link.is_some()
        && !org.landing
    {
        org.doubted = true;
    }
}

/// A registration that the server does not know is used no more, neither now nor after the next start.
pub(crate) fn forgotten(ctx: &Context, state: &mut State, id: &OrgId, client_id: &str) {
    let sealing = state.sealing();
    let Some(org) = state.org_mut(id) else { return };
    let before = org.clients.len();
    org.clients.retain(|c| c.client_id != client_id);
    if org.clients.len() == before || !sealing {
        return;
    }
    tracing::info!(organisation = %id, "the server forgot a registration");
    match client_rows(ctx, org) {
        Ok(rows) => {
            let mut writes = vec![Write::RemoveSealed(id.clone(), Some(SealKind::Client))];
            writes.extend(rows);
            ctx.commit(writes);
        }
        Err(code) => ctx.send(Event::StoreFailed(code)),
    }
}
