//! Signing out: the server ends the tokens, we forget them and every cached credential.

use crate::{
    cache,
    engine::{Context, Event},
    half_sync,
    model::{
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
        organisation::Organisation,
        secret::{ClientRegistration, TokenSet},
        sign_in::SignIn,
    },
    native,
    ports::SsoError,
    registering, renewal,
    request::{Answer, Reply},
    sign_in::{cancel, code_of},
    state::State,
};

pub(crate) fn begin(ctx: &Context, state: &mut State, id: &OrgId) -> Answer {
    let _ = cancel(ctx, state, id);
    let sessions = cache::sessions(state, id);
    let org = state.org_mut(id).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    cache::forget(ctx, org, sessions);
    let tokens = org.tokens.take();
    renewal::forget(org);
    half_sync::forget(ctx, org);
    org.credentials.clear();
    org.failure = None;
    org.sign_in = SignIn::SignedOut;
    org.offer = native::Offer::Unknown;
    let mut writes = renewal::gone(id, None);
    // It lets nobody in, and keeps strangers from locking the person out.
    writes.extend(native::known_rows(ctx, org));
    registering::forget(state, id);
    ctx.commit(writes);
    crate::assume::forget(state, id);
    crate::step_up::signed_out(ctx, state, id);
    ctx.note(state, By::You, Happened::SignedOut { org: id.clone() });
    if let Some(tokens) = tokens {
        revoke(ctx, state, id, tokens);
    }
    if let Some(org) = state.org_mut(id) {
        org.clients.clear();
    }
    Ok(Reply::Done)
}

/// Ends tokens on the server, in a task that quitting waits for.
pub(crate) fn revoke(ctx: &Context, state: &mut State, id: &OrgId, tokens: TokenSet) {
    let Some(org) = state.org(id) else { return };
    let (organisation, clients) = (org.organisation.clone(), org.clients.clone());
    state.revoking += 1;
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = end_tokens(&ctx, &organisation, &clients, tokens).await;
        ctx.send(Event::Revoked(organisation.id, result));
    });
}

/// Ends the sign-in on the server. An access token that has run out cannot; the refresh token gets one
/// that can, else the sign-in would live on there.
async fn end_tokens(
    ctx: &Context,
    organisation: &Organisation,
    clients: &[ClientRegistration],
    tokens: TokenSet,
) -> Result<(), SsoError> {
    match ctx.ports.sso.logout(organisation, &tokens.access_token).await {
        Err(SsoError::Unauthorized) => {}
        other => return other,
    }
    let Some(refresh_token) = tokens.refresh_token else { return Ok(()) };
    let (renewed, _) = match renewal::refresh(ctx, organisation, clients, &refresh_token).await {
        Err(SsoError::InvalidGrant) => return Ok(()),
        other => other?,
    };
    match ctx.ports.sso.logout(organisation, &renewed.access_token).await {
        Err(SsoError::Unauthorized) => Ok(()),
        other => other,
    }
}

pub(crate) fn revoked(ctx: &Context, state: &mut State, id: &OrgId, result: Result<(), SsoError>) {
    state.revoking = state.revoking.saturating_sub(1);
    if let Err(error) = result {
        let code = code_of(error);
        tracing::warn!(organisation = %id, ?code, "the server did not confirm the sign-out; the tokens are gone here");
        ctx.note(state, By::Schedule, Happened::NotRevoked { org: id.clone(), code });
    }
}
