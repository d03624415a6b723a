//! Organisations come and go: start URLs, the sandbox.

use crate::{
    engine::{Context, Event},
    keep,
    model::{
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
        organisation::{Endpoints, Kind, Organisation},
        portal::Portal,
        sign_in::SignIn,
    },
    ports::{Discovered, FileSet, SandboxReady, Write},
    request::{Answer, Reply},
    sign_out,
    snapshot::SandboxNow,
    start::client_rows,
    state::{Ending, Org, State},
    stop, sync,
};
use tokio::sync::oneshot;

/// What the person typed.
pub(crate) struct Wanted {
    pub typed: String,
    pub name: Option<String>,
    pub region: Option<String>,
    pub endpoints: Option<Endpoints>,
}

/// What the network said to it.
pub(crate) struct Found {
    name: Option<String>,
    result: Result<Discovered, Code>,
    answer: oneshot::Sender<Answer>,
}

impl Found {
    /// One that was looked up already.
    pub fn discovered(found: Discovered, answer: oneshot::Sender<Answer>) -> Self {
        Self { name: None, result: Ok(found), answer }
    }
}

pub(crate) fn check(
    ctx: &Context,
    typed: String,
    region: Option<String>,
    endpoints: Option<Endpoints>,
    answer: oneshot::Sender<Answer>,
) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let found = ctx.ports.sso.discover(&typed, region.as_deref(), endpoints.as_ref()).await;
        let _ = answer.send(found.map(Reply::Checked));
    });
}

pub(crate) fn begin(ctx: &Context, wanted: Wanted, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let Wanted { typed, name, region, endpoints } = wanted;
        let result = ctx.ports.sso.discover(&typed, region.as_deref(), endpoints.as_ref()).await;
        ctx.send(Event::Added(Box::new(Found { name, result, answer })));
    });
}

pub(crate) fn finish(ctx: &Context, state: &mut State, found: Found) {
    let Found { name, result, answer } = found;
    let result = result.map(|d| {
        let known = state
            .orgs
            .iter()
            .find(|o| o.organisation.start_url == d.start_url && o.organisation.kind != Kind::Sandbox);
        if let Some(known) = known {
            return Reply::Added(known.id().clone());
        }
        let organisation = Organisation {
            id: ctx.new_org_id(),
            name: name.filter(|n| !n.trim().is_empty()).unwrap_or(d.name),
            start_url: d.start_url,
            region: d.region,
            kind: d.kind,
            endpoints: d.endpoints,
            added: ctx.now(),
        };
        Reply::Added(add(ctx, state, organisation))
    });
    let _ = answer.send(result);
}

/// The same organisation once more, with a sign-in of its own. The sample has its users beside it.
pub(crate) fn another_user(ctx: &Context, state: &mut State, id: &OrgId) -> Answer {
    let known = state.org(id).filter(|o| o.organisation.kind != Kind::Sandbox);
    let known = known.ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    let again = Organisation { id: ctx.new_org_id(), added: ctx.now(), ..known.organisation.clone() };
    Ok(Reply::Added(add(ctx, state, again)))
}

fn add(ctx: &Context, state: &mut State, organisation: Organisation) -> OrgId {
    let (id, name) = (organisation.id.clone(), organisation.name.clone());
    ctx.commit(vec![Write::Organisation(organisation.clone())]);
    state.orgs.push(Org::new(organisation, Portal::default()));
    ctx.note(state, By::You, Happened::OrganisationAdded { org: id.clone(), name });
    id
}

/// Shows this organisation of several.
pub(crate) fn choose(ctx: &Context, state: &mut State, id: OrgId) -> Answer {
    if state.org(&id).is_none() {
        return Err(Code::Gone { what: "organisation".to_owned() });
    }
    if state.chosen.as_ref() != Some(&id) {
        ctx.commit(vec![Write::Chosen(id.clone())]);
        state.chosen = Some(id);
    }
    Ok(Reply::Done)
}

/// Signs out, takes its profiles' credentials out of the file, and then forgets it: while keys of it are
/// in the file, it stays.
pub(crate) fn remove(ctx: &Context, state: &mut State, id: &OrgId, answer: oneshot::Sender<Answer>) {
    if let Err(code) = sign_out::begin(ctx, state, id) {
        let _ = answer.send(Err(code));
        return;
    }
    let Some(org) = state.org_mut(id) else { return };
    let set = org.file_set();
    if let Some(before) = org.leaving.replace(answer) {
        let _ = before.send(Ok(Reply::Done));
    }
    let names: Vec<_> =
        state.profiles.values().filter(|p| p.kept.grant.org == *id).map(|p| p.kept.profile.clone()).collect();
    for name in names {
        stop::end_when_free(
            ctx,
            state,
            &name,
            Ending { remove: true, stays: false, set, answers: Vec::new() },
        );
    }
    left(ctx, state, id, None);
}

/// Forgets an organisation that is being removed as soon as none of its keys is in the file, or says why
/// it stays.
pub(crate) fn left(ctx: &Context, state: &mut State, id: &OrgId, failed: Option<Code>) {
    let Some(org) = state.org_mut(id).filter(|o| o.leaving.is_some()) else { return };
    if let Some(code) = failed {
        if let Some(answer) = org.leaving.take() {
            let _ = answer.send(Err(code));
        }
        return;
    }
    if state.profiles.values().any(|p| p.kept.grant.org == *id) {
        return;
    }
    let Some(place) = state.orgs.iter().position(|o| o.id() == id) else { return };
    let org = state.orgs.remove(place);
    state.favourites.retain(|t| t.org() != id);
    std::sync::Arc::make_mut(&mut state.launched).retain(|(t, _)| t.org() != id);
    ctx.commit(vec![Write::RemoveOrganisation(id.clone())]);
    ctx.note(state, By::You, Happened::OrganisationRemoved { org: id.clone(), name: org.organisation.name });
    if let Some(answer) = org.leaving {
        let _ = answer.send(Ok(Reply::Done));
    }
}

/// Starts the sandbox's server after it ended, if that is not under way.
pub(crate) fn start_sandbox_again(ctx: &Context, state: &mut State) {
    if !state.sandbox.starting {
        start_sandbox(ctx, state, None);
    }
}

pub(crate) fn start_sandbox(ctx: &Context, state: &mut State, answer: Option<oneshot::Sender<Answer>>) {
    state.sandbox.starting = true;
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = ctx.ports.sandbox.start().await;
        ctx.send(Event::Sandbox(result, answer));
    });
}

/// The sandbox is ready: its organisation is added, or follows it to another port.
pub(crate) fn sandbox_started(
    ctx: &Context,
    state: &mut State,
    result: Result<SandboxReady, Code>,
    answer: Option<oneshot::Sender<Answer>>,
) {
    state.sandbox.starting = false;
    let ready = match result {
        Ok(ready) => ready,
        Err(code) => {
            tracing::error!(?code, "the sandbox did not start");
            if let Some(org) = state.orgs.iter_mut().find(|o| o.organisation.kind == Kind::Sandbox) {
                org.failure = Some(code.clone());
            }
            if let Some(answer) = answer {
                let _ = answer.send(Err(code));
            }
            return;
        }
    };
    state.sandbox = SandboxNow {
        running: true,
        starting: false,
        users: ready.users,
        exports: ctx.ports.sandbox.exports(),
    };
    let sealing = state.sealing();
    let known = state.orgs.iter_mut().find(|o| o.organisation.kind == Kind::Sandbox);
    let id = if let Some(org) = known {
        org.ready = true;
        org.offer = crate::native::Offer::Unknown;
        org.failure = None;
        let o = &mut org.organisation;
        let moved = o.start_url != ready.start_url || o.endpoints != ready.endpoints;
        (o.start_url, o.region, o.endpoints) = (ready.start_url, ready.region, ready.endpoints);
        let organisation = o.clone();
        let id = organisation.id.clone();
        if moved {
            // A registration names its issuer: the next sign-in makes a new one for the new port. The
            // sign-in that stands is renewed by the one it was made with.
            let mut writes = vec![Write::Organisation(organisation)];
            for client in &mut org.clients {
                client.expires = client.expires.min(ctx.now());
            }
            if sealing {
                writes.extend(client_rows(ctx, org).unwrap_or_default());
            }
            ctx.commit(writes);
        }
        sync::if_stale(ctx, state, &id);
        id
    } else {
        let organisation = Organisation {
            id: ctx.new_org_id(),
            name: ready.name,
            start_url: ready.start_url,
            region: ready.region,
            kind: Kind::Sandbox,
            endpoints: ready.endpoints,
            added: ctx.now(),
        };
        let id = add(ctx, state, organisation);
        if let Some(org) = state.org_mut(&id) {
            org.ready = true;
        }
        id
    };
    let watch = ctx.clone();
    tokio::spawn(async move {
        watch.ports.sandbox.ended().await;
        watch.send(Event::SandboxEnded);
    });
    keep::look_at_file(ctx, FileSet::Sandbox);
    if let Some(answer) = answer {
        let _ = answer.send(Ok(Reply::Added(id)));
    }
}

/// Its server ended by itself: nothing is sent to its port until it runs again.
pub(crate) fn sandbox_ended(ctx: &Context, state: &mut State) {
    if !state.sandbox.running {
        return;
    }
    tracing::warn!("the sandbox server ended");
    state.sandbox.running = false;
    for org in state.orgs.iter_mut().filter(|o| o.organisation.kind == Kind::Sandbox) {
        org.ready = false;
    }
    start_sandbox(ctx, state, None);
}

pub(crate) fn delete_sandbox(ctx: &Context, state: &mut State, answer: oneshot::Sender<Answer>) {
    state.sandbox = SandboxNow::default();
    let id = state.orgs.iter().find(|o| o.organisation.kind == Kind::Sandbox).map(|o| o.id().clone());
    let left = id.map(|id| {
        if let Some(org) = state.org_mut(&id) {
            org.sign_in = SignIn::SignedOut;
            org.tokens = None;
        }
        let (gone, left) = oneshot::channel();
        remove(ctx, state, &id, gone);
        left
    });
    let ctx = ctx.clone();
    tokio::spawn(async move {
        if let Some(left) = left
            && let Ok(Err(code)) = left.await
        {
            let _ = answer.send(Err(code));
            return;
        }
        let _ = answer.send(ctx.ports.sandbox.delete().await.map(|()| Reply::Done));
    });
}
