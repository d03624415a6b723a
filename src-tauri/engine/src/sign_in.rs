//! Signing in: the browser with PKCE first, a device code where that cannot work.

use crate::{
    console,
    engine::{Context, Event},
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
        organisation::Organisation,
        portal::Portal,
        secret::{ClientRegistration, TokenSet},
        sign_in::{Attempt, Method, Session, SignIn},
    },
    ports::{Keyring, SealKind, Sealable, SsoError, WhoAmI, Write},
    request::{Answer, Reply, Request},
    start::{method_name, sign_in_rows},
    state::{Org, State},
    sync,
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
    /// Signed in, and stored where there is a keyring.
    Done { tokens: TokenSet, who: WhoAmI, stored: bool },
    /// It failed.
    Failed(Code),
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
        if self.sealing {
            let session = session_of(&tokens, &who, self.ctx.now(), true);
            let mut writes = vec![Write::RemoveSealed(self.org.id.clone(), Some(SealKind::RoleCredentials))];
            writes.extend(sign_in_rows(&self.ctx, &self.org.id, &session, tokens.clone())?);
            self.ctx.ports.store.commit(writes).await?;
        }
        Ok((tokens, who, self.sealing))
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
        Progress::Done { tokens, who, stored } => done(ctx, state, id, tokens, &who, stored),
        Progress::Failed(code) => {
            tracing::warn!(organisation = %id, ?code, "sign-in failed");
            if let Some(task) = org.attempt.take() {
                task.abort();
            }
            back_to_before(org);
            org.failure = Some(code.clone());
            for wish in std::mem::take(&mut org.waiting) {
                console::not_signed_in(state, &wish);
            }
            ctx.note(state, By::You, Happened::SignInFailed { org: id.clone(), code });
        }
        Progress::Client(_) => {}
    }
}

fn done(ctx: &Context, state: &mut State, id: &OrgId, tokens: TokenSet, who: &WhoAmI, stored: bool) {
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
    org.previous = None;
    org.era += 1;
    let user = who.user.clone();
    if org.portal.user.is_some() && org.portal.user != user {
        // What another person was listed is neither shown nor compared with.
        org.portal = Arc::default();
        org.waiting.clear();
        ctx.commit(vec![Write::Portal(id.clone(), Portal::default())]);
    }
    if let Some(task) = org.syncing.take() {
        task.abort();
    }
    org.sign_in = SignIn::SignedIn(session_of(&tokens, who, now, stored));
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
pub(crate) fn run_waiting(ctx: &Context, state: &mut State, id: &OrgId) {
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

/// An attempt that did not end well leaves the sign-in that stood before it.
fn back_to_before(org: &mut Org) {
    org.sign_in = org.previous.take().map_or(SignIn::SignedOut, SignIn::SignedIn);
}

pub(crate) fn cancel(state: &mut State, id: &OrgId) -> Answer {
    let Some(org) = state.org_mut(id) else { return Ok(Reply::Done) };
    if let Some(task) = org.attempt.take() {
        task.abort();
    }
    if matches!(org.sign_in, SignIn::InProgress(_)) {
        back_to_before(org);
        org.failure = None;
    }
    for wish in std::mem::take(&mut org.waiting) {
        console::not_signed_in(state, &wish);
    }
    Ok(Reply::Done)
}
