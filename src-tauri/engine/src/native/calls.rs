//! Calls to a server's API for the app, one at a time for each attempt.

use super::{Told, attempt};
use crate::{
    attempt::Run,
    engine::{Context, Event},
    model::{
        code::Code, ids::OrgId, native::Stage, organisation::Organisation, secret::ClientRegistration,
        sign_in::Method,
    },
    ports::{AuthorizeRequest, KeyChallenge, Native, NativeError, NativeStep, SsoError},
    sign_in,
    state::State,
};
use std::{future::Future, sync::Arc};
use url::Url;

/// The redirect URI of the authorization request. It is one that is registered; nothing is sent there.
const NOWHERE: &str = "http://127.0.0.1/oauth/callback";

/// What a call came to.
pub(super) enum Outcome {
    Step(Result<NativeStep, NativeError>),
    Challenge(Result<KeyChallenge, NativeError>),
}

impl Outcome {
    fn error(&self) -> Option<&NativeError> {
        match self {
            Self::Step(Err(error)) | Self::Challenge(Err(error)) => Some(error),
            _ => None,
        }
    }

    fn told(self, id: OrgId, attempt: u64) -> Told {
        match self {
            Self::Step(step) => Told::Step(id, attempt, step),
            Self::Challenge(challenge) => Told::Challenge(id, attempt, challenge),
        }
    }
}

pub(super) type Port = Arc<dyn Native>;

/// Asks the server; what is under way of the attempt is dropped for it.
pub(super) fn asking<F: Future<Output = Outcome> + Send + 'static>(
    ctx: &Context,
    state: &mut State,
    id: &OrgId,
    back: Stage,
    call: impl FnOnce(Port, Organisation) -> F + Send + 'static,
) {
    let Some((number, organisation)) = ask_now(state, id, back) else { return };
    let (ctx, id) = (ctx.clone(), id.clone());
    let task = tokio::spawn({
        let id = id.clone();
        async move {
            let outcome = call(Arc::clone(&ctx.ports.native), organisation).await;
            ctx.send(Event::Native(outcome.told(id, number)));
        }
    });
    hold(state, &id, task);
}

/// As [`asking`], with an authorization request that is made first. A registration that the server forgot is made anew
/// once.
pub(super) fn with_request<F: Future<Output = Outcome> + Send>(
    ctx: &Context,
    state: &mut State,
    id: &OrgId,
    back: Stage,
    call: impl Fn(Port, Organisation, Arc<(ClientRegistration, AuthorizeRequest)>) -> F + Send + Sync + 'static,
) {
    let Some((number, organisation)) = ask_now(state, id, back) else { return };
    let sessions = sign_in::sessions(state, id);
    let clients = state.org(id).map(|org| org.clients.clone()).unwrap_or_default();
    let run = Run { ctx: ctx.clone(), org: organisation, attempt: number, sessions };
    let task = tokio::spawn(async move {
        let ports = &run.ctx.ports;
        let tell = |told| run.ctx.send(Event::Native(told));
        let mut known = clients.as_slice();
        loop {
            let request = async {
                let client = run.client(Method::Browser, known).await?;
                let nowhere = Url::parse(NOWHERE)
                    .map_err(|_| SsoError::Other(Code::Internal { what: "the redirect URI".to_owned() }))?;
                let request = ports.sso.authorize(&run.org, &client, &nowhere).map_err(SsoError::Other)?;
                Ok((client, request))
            };
            let request = match request.await {
                Ok(request) => Arc::new(request),
                Err(error) => {
                    return tell(Told::Step(run.org.id.clone(), number, Err(NativeError::Sso(error))));
                }
            };
            let outcome = call(Arc::clone(&ports.native), run.org.clone(), Arc::clone(&request)).await;
            if matches!(outcome.error(), Some(NativeError::Sso(SsoError::InvalidClient))) && !known.is_empty()
            {
                run.forget(&request.0).await;
                known = &[];
                continue;
            }
            tell(Told::Request(run.org.id.clone(), number, Box::new((*request).clone())));
            return tell(outcome.told(run.org.id.clone(), number));
        }
    });
    hold(state, id, task);
}

fn ask_now(state: &mut State, id: &OrgId, back: Stage) -> Option<(u64, Organisation)> {
    let organisation = state.org(id)?.organisation.clone();
    let (attempt, flow) = attempt(state, id)?;
    let now = attempt.in_app.as_mut()?;
    (now.stage, now.wrong, flow.back) = (Stage::Asking, None, Some(back));
    Some((attempt.id, organisation))
}

pub(super) fn hold(state: &mut State, id: &OrgId, task: tokio::task::JoinHandle<()>) {
    if let Some(before) = state.org_mut(id).and_then(|org| org.attempt.replace(task)) {
        before.abort();
    }
}
