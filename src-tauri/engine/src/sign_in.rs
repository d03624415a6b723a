//! Signing in: the browser with PKCE first, a device code where that cannot work; silent renewal; signing
//! out.

use crate::{
    console,
    engine::{Context, Event},
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
        organisation::Organisation,
        refresh::{renew_at, retry_after},
        secret::{ClientRegistration, TokenSet},
        sign_in::{Attempt, Ended, Method, Session, SignIn},
    },
    ports::{Keyring, Sealable, SsoError, StoredSignIn, WhoAmI, Write},
    request::{Answer, Reply, Request},
    start::method_name,
    state::{Org, State},
    sync,
};
use jiff::SignedDuration;
use tokio::sync::oneshot;

/// How long the browser may take. AWS's own CLI waits as long.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// A renewed token that gains less than this shows that the sign-in itself ends then.
const NO_GAIN: SignedDuration = SignedDuration::from_secs(60);

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
    /// Signed in, and stored where there is a keyring.
    Done { tokens: TokenSet, who: WhoAmI, stored: bool },
    /// It failed.
    Failed(Code),
}

/// What a silent renewal brought.
pub(crate) struct Renewal {
    pub tokens: TokenSet,
    pub who: WhoAmI,
    pub stored: bool,
}

pub(crate) fn begin(ctx: &Context, state: &mut State, id: &OrgId, method: Option<Method>) -> Answer {
    let number = state.next_attempt;
    let sealing = state.keyring == Keyring::Ready;
    let org = state.org_mut(id).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    if let SignIn::InProgress(attempt) = &org.sign_in {
        // One browser tab for each attempt: asking again only changes the way.
        if method.is_none_or(|m| m == attempt.method) {
            return Ok(Reply::Done);
        }
    }
    if let Some(task) = org.attempt.take() {
        task.abort();
    }
    let now = ctx.now();
    let method = method.unwrap_or(Method::Browser);
    org.failure = None;
    org.sign_in = SignIn::InProgress(Attempt {
        id: number,
        method,
        started: now,
        deadline: now + PATIENCE,
        link: None,
        user_code: None,
    });
    let run = Run { ctx: ctx.clone(), org: org.organisation.clone(), attempt: number, sealing };
    let clients = org.clients.clone();
    org.attempt = Some(tokio::spawn(async move {
        let outcome = run.any_way(method, &clients).await;
        run.tell(match outcome {
            Ok((tokens, who, stored)) => Progress::Done { tokens, who, stored },
            Err(code) => Progress::Failed(code),
        });
    }));
    state.next_attempt += 1;
    Ok(Reply::Done)
}

/// One attempt's task.
struct Run {
    ctx: Context,
    org: Organisation,
    attempt: u64,
    sealing: bool,
}

impl Run {
    fn tell(&self, progress: Progress) {
        self.ctx.send(Event::Attempt(self.org.id.clone(), self.attempt, progress));
    }

    async fn any_way(
        &self,
        method: Method,
        clients: &[ClientRegistration],
    ) -> Result<(TokenSet, WhoAmI, bool), Code> {
        let tokens = match method {
            Method::Browser => match self.browser(clients).await {
                // No local port, or a server that knows no redirects: the other way still works.
                Err(SsoError::Other(Code::ListenFailed)) | Err(SsoError::InvalidClient) => {
                    self.device(clients).await
                }
                other => other,
            },
            Method::DeviceCode => self.device(clients).await,
        };
        let tokens = tokens.map_err(code_of)?;
        let who = self.ctx.ports.sso.who_am_i(&self.org, &tokens.access_token).await.unwrap_or_default();
        let stored =
            store(&self.ctx, &self.org.id, &tokens, &who, Some(self.ctx.now()), self.sealing).await?;
        Ok((tokens, who, stored))
    }

    async fn client(
        &self,
        method: Method,
        clients: &[ClientRegistration],
    ) -> Result<ClientRegistration, SsoError> {
        let now = self.ctx.now();
        let known =
            clients.iter().find(|c| c.method == method && c.expires > now + SignedDuration::from_mins(15));
        if let Some(client) = known {
            return Ok(client.clone());
        }
        let client = self.ctx.ports.sso.register(&self.org, method).await?;
        if self.sealing {
            let row = self.ctx.ports.vault.seal(
                &self.org.id,
                "",
                method_name(method),
                &Sealable::Client(client.clone()),
            );
            let row = row.map_err(SsoError::Other)?;
            self.ctx.ports.store.commit(vec![Write::Sealed(row)]).await.map_err(SsoError::Other)?;
        }
        self.tell(Progress::Client(client.clone()));
        Ok(client)
    }

    async fn browser(&self, clients: &[ClientRegistration]) -> Result<TokenSet, SsoError> {
        let ports = &self.ctx.ports;
        let redirect = ports.redirect.listen().await.map_err(SsoError::Other)?;
        let client = self.client(Method::Browser, clients).await?;
        let request = ports.sso.authorize(&self.org, &client, &redirect.uri()).map_err(SsoError::Other)?;
        self.tell(Progress::Link(request.url.to_string()));
        if let Err(code) = ports.browser.open(&request.url).await {
            self.tell(Progress::NoBrowser(code));
        }
        let code = redirect.answer(&request.state).await.map_err(SsoError::Other)?;
        match ports.sso.exchange(&self.org, &client, &request, &code).await {
            Err(SsoError::InvalidGrant) => Err(SsoError::Other(Code::SignInTimedOut)),
            other => other,
        }
    }

    async fn device(&self, clients: &[ClientRegistration]) -> Result<TokenSet, SsoError> {
        let ports = &self.ctx.ports;
        let client = match self.client(Method::DeviceCode, clients).await {
            Ok(client) => client,
            Err(other) => return Err(other),
        };
        let grant = match ports.sso.start_device(&self.org, &client).await {
            // The server forgot the registration: once with a new one.
            Err(SsoError::InvalidClient) => {
                let client = self.client(Method::DeviceCode, &[]).await?;
                ports.sso.start_device(&self.org, &client).await?
            }
            other => other?,
        };
        self.tell(Progress::Code {
            user_code: grant.user_code.clone(),
            link: grant.verification.to_string(),
            deadline: grant.expires,
        });
        if let Err(code) = ports.browser.open(&grant.verification).await {
            self.tell(Progress::NoBrowser(code));
        }
        match ports.sso.await_device(&self.org, &client, &grant).await {
            Err(SsoError::InvalidGrant) => Err(SsoError::Other(Code::SignInTimedOut)),
            other => other,
        }
    }
}

/// Seals and commits the tokens. False when there is no keyring: memory only.
async fn store(
    ctx: &Context,
    org: &OrgId,
    tokens: &TokenSet,
    who: &WhoAmI,
    since: Option<Timestamp>,
    sealing: bool,
) -> Result<bool, Code> {
    if !sealing {
        return Ok(false);
    }
    let user = who.user.clone().unwrap_or_default();
    let mut writes =
        vec![Write::Sealed(ctx.ports.vault.seal(org, &user, "", &Sealable::Tokens(tokens.clone()))?)];
    if let Some(since) = since {
        let stored = StoredSignIn { user: who.user.clone(), since, ends: who.ends };
        writes.push(Write::SignedIn(org.clone(), Some(stored)));
    }
    ctx.ports.store.commit(writes).await?;
    Ok(true)
}

pub(crate) fn code_of(error: SsoError) -> Code {
    match error {
        SsoError::Other(code) => code,
        SsoError::Unauthorized | SsoError::InvalidGrant => Code::SignInNeeded,
        SsoError::Forbidden => Code::AccessRemoved,
        SsoError::InvalidClient => Code::SignInDenied,
        SsoError::Throttled { .. } => Code::Throttled { host: String::new() },
    }
}

/// Applies what an attempt tells; an older attempt's words are ignored.
pub(crate) fn progress(ctx: &Context, state: &mut State, id: &OrgId, attempt: u64, progress: Progress) {
    let Some(org) = state.org_mut(id) else { return };
    if let Progress::Client(client) = progress {
        org.clients.retain(|c| c.method != client.method);
        org.clients.push(client);
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
        Progress::Done { tokens, who, stored } => done(ctx, state, id, tokens, who, stored),
        Progress::Failed(code) => {
            tracing::warn!(organisation = %id, ?code, "sign-in failed");
            if let Some(task) = org.attempt.take() {
                task.abort();
            }
            org.sign_in = SignIn::SignedOut;
            org.failure = Some(code.clone());
            for wish in std::mem::take(&mut org.waiting) {
                console::not_signed_in(state, &wish);
            }
            ctx.note(state, By::You, Happened::SignInFailed { org: id.clone(), code });
        }
        Progress::Client(_) => {}
    }
}

fn done(ctx: &Context, state: &mut State, id: &OrgId, tokens: TokenSet, who: WhoAmI, stored: bool) {
    let now = ctx.now();
    let Some(org) = state.org_mut(id) else { return };
    org.attempt = None;
    org.failure = None;
    org.renewing = false;
    org.renew_failures = 0;
    org.renew_not_before = None;
    // Another person's credentials must not be handed out.
    org.credentials.clear();
    org.half = None;
    let user = who.user.clone();
    org.sign_in = SignIn::SignedIn(Session {
        user: who.user,
        since: now,
        token_expires: tokens.expires,
        ends: who.ends,
        renewable: tokens.refresh_token.is_some(),
        stored,
    });
    org.tokens = Some(tokens);
    tracing::info!(organisation = %id, stored, "signed in");
    ctx.note(state, By::You, Happened::SignedIn { org: id.clone(), user });
    for profile in state.profiles.values_mut().filter(|p| p.kept.grant.org == *id) {
        profile.not_before = None;
        profile.failures = 0;
        profile.failing_since = None;
    }
    sync::begin(ctx, state, id);
    run_waiting(ctx, state, id);
}

/// Does what waited for the sign-in.
fn run_waiting(ctx: &Context, state: &mut State, id: &OrgId) {
    let Some(org) = state.org_mut(id) else { return };
    for wish in std::mem::take(&mut org.waiting) {
        if let Request::OpenConsole { grant, destination, region, .. } = wish {
            let wish = console::Wish { grant: grant.clone(), destination, region, confirmed: true };
            if let Err(code) = console::begin(ctx, state, wish) {
                console::failed(ctx, state, &grant, code);
            }
        }
    }
}

pub(crate) fn open_again(ctx: &Context, state: &State, id: &OrgId, answer: oneshot::Sender<Answer>) {
    let link = match state.org(id).map(|o| &o.sign_in) {
        Some(SignIn::InProgress(attempt)) => attempt.link.clone(),
        _ => None,
    };
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = match link.as_deref().and_then(|l| url::Url::parse(l).ok()) {
            Some(url) => ctx.ports.browser.open(&url).await.map(|()| Reply::Done),
            None => Err(Code::Gone { what: "sign-in".to_owned() }),
        };
        let _ = answer.send(result);
    });
}

pub(crate) fn cancel(state: &mut State, id: &OrgId) -> Answer {
    let Some(org) = state.org_mut(id) else { return Ok(Reply::Done) };
    if let Some(task) = org.attempt.take() {
        task.abort();
    }
    if matches!(org.sign_in, SignIn::InProgress(_)) {
        org.sign_in = SignIn::SignedOut;
        org.failure = None;
    }
    for wish in std::mem::take(&mut org.waiting) {
        console::not_signed_in(state, &wish);
    }
    Ok(Reply::Done)
}

/// When the access token is to be renewed silently.
pub(crate) fn renewal_due(org: &Org) -> Option<Timestamp> {
    let SignIn::SignedIn(session) = &org.sign_in else { return None };
    let tokens = org.tokens.as_ref()?;
    let gains = session.ends.is_none_or(|ends| tokens.expires + NO_GAIN < ends);
    if !session.renewable || org.renewing || !gains {
        return None;
    }
    // AWS's access tokens live for an hour; a shorter rest of one is renewed by the same rule.
    let issued = tokens.expires - SignedDuration::from_hours(1);
    let due = renew_at(issued.max(session.since), tokens.expires);
    Some(org.renew_not_before.map_or(due, |later| due.max(later)))
}

/// Starts a silent renewal.
pub(crate) fn renew(ctx: &Context, state: &mut State, id: &OrgId) {
    let sealing = state.keyring == Keyring::Ready;
    let Some(org) = state.org_mut(id) else { return };
    let Some(refresh_token) = org.tokens.as_ref().and_then(|t| t.refresh_token.clone()) else { return };
    if org.renewing {
        return;
    }
    org.renewing = true;
    tracing::info!(organisation = %id, "renewing the sign-in silently");
    let (ctx, organisation, clients) = (ctx.clone(), org.organisation.clone(), org.clients.clone());
    let user = org.user().map(str::to_owned);
    let since = match &org.sign_in {
        SignIn::SignedIn(s) => Some(s.since),
        _ => None,
    };
    tokio::spawn(async move {
        let sso = &ctx.ports.sso;
        let mut result = Err(SsoError::InvalidClient);
        for client in &clients {
            result = sso.refresh(&organisation, client, &refresh_token).await;
            // A token belongs to the client it was issued to, and there may be one for each way.
            if !matches!(result, Err(SsoError::InvalidClient | SsoError::InvalidGrant)) {
                break;
            }
        }
        let result = match result {
            Ok(mut tokens) => {
                // A server that sends no new refresh token means the old one to go on.
                tokens.refresh_token = tokens.refresh_token.or(Some(refresh_token));
                let mut who = sso.who_am_i(&organisation, &tokens.access_token).await.unwrap_or_default();
                who.user = who.user.or(user);
                match store(&ctx, &organisation.id, &tokens, &who, since, sealing).await {
                    Ok(stored) => Ok(Renewal { tokens, who, stored }),
                    Err(code) => Err(SsoError::Other(code)),
                }
            }
            Err(error) => Err(error),
        };
        ctx.send(Event::Renewed(organisation.id.clone(), result));
    });
}

/// Applies a renewal.
pub(crate) fn renewed(ctx: &Context, state: &mut State, id: &OrgId, result: Result<Renewal, SsoError>) {
    let now = ctx.now();
    let chance = ctx.chance();
    let Some(org) = state.org_mut(id) else { return };
    org.renewing = false;
    let SignIn::SignedIn(session) = &mut org.sign_in else { return };
    match result {
        Ok(Renewal { tokens, who, stored }) => {
            org.renew_failures = 0;
            org.renew_not_before = None;
            let gain = tokens.expires.duration_since(session.token_expires);
            session.ends = who.ends.or((gain < NO_GAIN).then_some(tokens.expires)).or(session.ends);
            session.token_expires = tokens.expires;
            session.stored = stored;
            session.user = who.user.or(session.user.take());
            org.tokens = Some(tokens);
            run_waiting(ctx, state, id);
        }
        Err(SsoError::InvalidGrant | SsoError::InvalidClient | SsoError::Unauthorized) => {
            if session.token_expires > now {
                // The rest of the token still works; after that only the person helps.
                session.renewable = false;
            } else {
                let early = session.ends.is_none_or(|ends| ends > now + NO_GAIN);
                ended(ctx, state, id, now, if early { Ended::Revoked } else { Ended::Expired });
            }
        }
        Err(error) => {
            org.renew_failures = org.renew_failures.saturating_add(1);
            org.renew_not_before = Some(now + retry_after(org.renew_failures, chance));
            let code = code_of(error);
            tracing::warn!(organisation = %id, ?code, "could not renew the sign-in yet");
        }
    }
}

/// A call was answered 401 although the token should be good: renew once, and if that does not help the
/// sign-in is over.
pub(crate) fn unauthorized(ctx: &Context, state: &mut State, id: &OrgId) {
    let now = ctx.now();
    let Some(org) = state.org_mut(id) else { return };
    let SignIn::SignedIn(session) = &mut org.sign_in else { return };
    if org.renewing {
        return;
    }
    // The token is dead whatever its date says.
    session.token_expires = now;
    if let Some(tokens) = &mut org.tokens {
        tokens.expires = now;
    }
    if session.renewable {
        renew(ctx, state, id);
    } else {
        ended(ctx, state, id, now, Ended::Revoked);
    }
}

/// The sign-in is over.
pub(crate) fn ended(ctx: &Context, state: &mut State, id: &OrgId, at: Timestamp, why: Ended) {
    let Some(org) = state.org_mut(id) else { return };
    tracing::info!(organisation = %id, ?why, "the sign-in ended");
    org.sign_in = SignIn::Ended { at, why };
    org.tokens = None;
    if let Some(task) = org.syncing.take() {
        task.abort();
    }
    org.sync = crate::model::portal::Sync::Idle;
    for wish in std::mem::take(&mut org.waiting) {
        console::not_signed_in(state, &wish);
    }
    ctx.commit(vec![
        Write::RemoveSealed(id.clone(), Some(crate::ports::SealKind::Tokens)),
        Write::SignedIn(id.clone(), None),
    ]);
    ctx.note(state, By::Schedule, Happened::SignInEnded { org: id.clone(), revoked: why == Ended::Revoked });
}

/// Signs out: the server ends the tokens, we forget them and every cached credential.
pub(crate) fn sign_out(ctx: &Context, state: &mut State, id: &OrgId) -> Answer {
    let _ = cancel(state, id);
    let org = state.org_mut(id).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    if let Some(task) = org.syncing.take() {
        task.abort();
    }
    org.sync = crate::model::portal::Sync::Idle;
    org.half = None;
    org.credentials.clear();
    org.clients.clear();
    org.failure = None;
    org.sign_in = SignIn::SignedOut;
    let tokens = org.tokens.take();
    let organisation = org.organisation.clone();
    ctx.commit(vec![Write::RemoveSealed(id.clone(), None), Write::SignedIn(id.clone(), None)]);
    ctx.note(state, By::You, Happened::SignedOut { org: id.clone() });
    if let Some(tokens) = tokens {
        let ctx = ctx.clone();
        tokio::spawn(async move {
            if let Err(error) = ctx.ports.sso.logout(&organisation, &tokens.access_token).await {
                tracing::warn!(%error, "the server did not confirm the sign-out; the tokens are gone here");
            }
        });
    }
    Ok(Reply::Done)
}
