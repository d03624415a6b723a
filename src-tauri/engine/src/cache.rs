//! The sign-in in the AWS CLI's own cache, for profiles that are delivered so: kept as fresh as ours, and
//! taken over from there where a tool renewed it first. Refresh tokens may work once only, so whoever was
//! later goes on with what the other one got: the newest end wins.

use crate::{
    engine::{Context, Event},
    model::{
        Timestamp, delivery::Delivery, ids::OrgId, organisation::Organisation, secret::ClientRegistration,
    },
    ports::CachedSignIn,
    renewal::{self, Renewal},
    state::{Org, State},
};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;

/// The sessions of the config file by which an organisation's profiles sign in.
pub(crate) fn sessions(state: &State, id: &OrgId) -> BTreeSet<String> {
    let of_org = state.profiles.values().filter(|p| p.kept.grant.org == *id);
    let cached = of_org.filter(|p| p.kept.delivery == Delivery::SsoCache);
    cached.filter_map(|p| p.kept.session.clone()).collect()
}

/// The sessions by which other users and organisations sign in: each has its own, as a session has one sign-in.
pub(crate) fn sessions_of_others(state: &State, id: &OrgId) -> Vec<String> {
    let others = state.orgs.iter().filter(|org| org.id() != id);
    others.flat_map(|org| sessions(state, org.id())).collect()
}

/// Writes the sign-in to the cache, if a profile is delivered so.
pub(crate) fn write(ctx: &Context, state: &mut State, id: &OrgId) {
    let sessions = sessions(state, id);
    let Some(org) = state.org(id).filter(|_| !sessions.is_empty()) else { return };
    let Some(tokens) = org.tokens.clone().filter(|_| org.session().is_some()) else { return };
    let Some(client) = org.issued_to.clone() else {
        // Which of our registrations renews it is known after the next renewal.
        return renewal::begin(ctx, state, id);
    };
    let sign_in = CachedSignIn {
        start_url: org.organisation.start_url.to_string(),
        region: org.organisation.region.clone(),
        tokens,
        client: Some(client),
    };
    let (ours, era, id) = (clients(org), org.era, id.clone());
    let then = ctx.clone();
    ctx.turns.then(async move {
        let ctx = then;
        for session in sessions {
            match ctx.ports.files.cache_sign_in(&session, sign_in.clone(), ours.clone()).await {
                Ok(Some(newer)) if is_of(&newer, &ours) => ctx.send(Event::Cached(id.clone(), era, newer)),
                Ok(None) => {}
                Ok(Some(_)) => {
                    tracing::info!(%session, "another program's sign-in works; left alone");
                }
                Err(code) => {
                    tracing::warn!(?code, %session, "the sign-in could not be put in the CLI's cache");
                }
            }
        }
    });
}

/// What a tool renewed with our registration since, if that works for longer than ours. What has the refresh
/// token that is to be `used` is no other.
pub(crate) async fn newer(
    ctx: &Context,
    sessions: &BTreeSet<String>,
    ours: &[String],
    than: Timestamp,
    used: &SecretString,
    whose: (&Organisation, Option<&str>),
) -> Option<CachedSignIn> {
    let mut best: Option<CachedSignIn> = None;
    for session in sessions {
        let Ok(Some(found)) = ctx.ports.files.cached_sign_in(session).await else { continue };
        let known = best.as_ref().map_or(than, |best| best.tokens.expires);
        let same = found.tokens.refresh_token.as_ref().map(ExposeSecret::expose_secret)
            == Some(used.expose_secret());
        if is_of(&found, ours) && !same && found.tokens.expires > known {
            best = Some(found);
        }
    }
    let found = best?;
    is_theirs(ctx, whose, &found).await.then_some(found)
}

/// A client may be the CLI's as well, by which somebody else signed in meanwhile: not where the server says so.
async fn is_theirs(ctx: &Context, whose: (&Organisation, Option<&str>), found: &CachedSignIn) -> bool {
    let (organisation, Some(user)) = whose else { return true };
    let who = ctx.ports.sso.who_am_i(organisation, &found.tokens.access_token).await;
    let another = who.is_ok_and(|who| who.user.is_some_and(|found| found != user));
    if another {
        tracing::info!(organisation = %organisation.id, "another person's sign-in is in the CLI's cache; left alone");
    }
    !another
}

/// Files changed: what a tool renewed is taken over at once, before anybody renews with what it used up.
pub(crate) fn look(ctx: &Context, state: &State) {
    for org in &state.orgs {
        let sessions = sessions(state, org.id());
        let Some(than) = org.tokens.as_ref().map(|tokens| tokens.expires).filter(|_| !org.renewing) else {
            continue;
        };
        let (ctx, id, era, ours) = (ctx.clone(), org.id().clone(), org.era, clients(org));
        tokio::spawn(async move {
            for session in sessions {
                let Ok(Some(found)) = ctx.ports.files.cached_sign_in(&session).await else { continue };
                if is_of(&found, &ours) && found.tokens.expires > than {
                    ctx.send(Event::Cached(id.clone(), era, found));
                }
            }
        });
    }
}

/// A tool was quicker with the renewal: what it got goes on.
pub(crate) fn adopt(ctx: &Context, state: &State, id: &OrgId, era: u64, newer: CachedSignIn) {
    let Some(org) = state.org(id).filter(|org| org.era == era && !org.renewing) else { return };
    let Some(session) = org.session().cloned() else { return };
    if org.tokens.as_ref().is_some_and(|tokens| tokens.expires >= newer.tokens.expires) {
        return;
    }
    let (ctx, id, sealing) = (ctx.clone(), id.clone(), state.sealing());
    let organisation = org.organisation.clone();
    tokio::spawn(async move {
        if !is_theirs(&ctx, (&organisation, session.user.as_deref()), &newer).await {
            return;
        }
        let CachedSignIn { tokens, client, .. } = newer;
        let stored = sealing && renewal::store(&ctx, &id, &session, tokens.clone()).await;
        ctx.send(Event::Renewed(id, era, Ok(Renewal { tokens, stored, client, adopted: true })));
    });
}

/// Takes what is ours out of the cache: these sessions of an organisation.
pub(crate) fn forget(ctx: &Context, org: &Org, sessions: BTreeSet<String>) {
    let (files, ours) = (ctx.ports.files.clone(), clients(org));
    if sessions.is_empty() {
        return;
    }
    // After a renewal that is on its way there, which would stay behind otherwise.
    ctx.turns.then(async move {
        for session in sessions {
            if let Err(code) = files.uncache_sign_in(&session, ours.clone()).await {
                tracing::warn!(?code, %session, "the sign-in could not be taken out of the CLI's cache");
            }
        }
    });
}

/// A profile does not use this session any more: its sign-in goes with the last one.
pub(crate) fn unused(ctx: &Context, state: &State, id: &OrgId, session: String) {
    if let Some(org) = state.org(id).filter(|_| !sessions(state, id).contains(&session)) {
        forget(ctx, org, BTreeSet::from([session]));
    }
}

/// The ids of our registrations.
pub(crate) fn clients(org: &Org) -> Vec<String> {
    let id = |client: &ClientRegistration| client.client_id.clone();
    org.clients.iter().chain(&org.issued_to).map(id).collect()
}

fn is_of(found: &CachedSignIn, ours: &[String]) -> bool {
    found.client.as_ref().is_some_and(|client| ours.contains(&client.client_id))
}
