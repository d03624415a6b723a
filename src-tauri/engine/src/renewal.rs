//! The life of a sign-in: silent renewal, its end, signing out.
//!
//! Whatever a task brings carries the era of the sign-in it was started under. A late answer of an older
//! one is not applied, and what it wrote to the store is set right.

use crate::{
    console,
    engine::{Context, Event},
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::{Grant, OrgId},
        organisation::Organisation,
        portal::Sync,
        refresh::{renew_at, retry_after},
        secret::{ClientRegistration, RoleCredentials, TokenSet},
        sign_in::{Ended, SignIn},
    },
    ports::{Keyring, SealKind, SsoError, WhoAmI, Write},
    request::{Answer, Reply},
    sign_in::{cancel, code_of, run_waiting},
    start::sign_in_rows,
    state::{Org, State},
};
use jiff::SignedDuration;
use secrecy::SecretString;

/// A renewed token that gains less than this shows that the sign-in itself ends then.
const NO_GAIN: SignedDuration = SignedDuration::from_secs(60);

/// What a silent renewal brought.
pub(crate) struct Renewal {
    pub tokens: TokenSet,
    pub who: WhoAmI,
    pub stored: bool,
}

/// When the access token is to be renewed silently.
pub(crate) fn due(org: &Org) -> Option<Timestamp> {
    let session = org.session()?;
    let tokens = org.tokens.as_ref()?;
    let gains = session.ends.is_none_or(|ends| tokens.expires + NO_GAIN < ends);
    if !session.renewable || !org.ready || org.renewing || !gains {
        return None;
    }
    // AWS's access tokens live for an hour; a shorter rest of one is renewed by the same rule.
    let issued = tokens.expires - SignedDuration::from_hours(1);
    let due = renew_at(issued.max(session.since), tokens.expires);
    Some(org.renew_not_before.map_or(due, |later| due.max(later)))
}

/// Starts a silent renewal.
pub(crate) fn begin(ctx: &Context, state: &mut State, id: &OrgId) {
    let sealing = state.keyring == Keyring::Ready;
    let Some(org) = state.org_mut(id) else { return };
    let Some(refresh_token) = org.tokens.as_ref().and_then(|t| t.refresh_token.clone()) else { return };
    let Some(mut session) = org.session().cloned() else { return };
    if org.renewing || !org.ready {
        return;
    }
    org.renewing = true;
    tracing::info!(organisation = %id, "renewing the sign-in silently");
    let (ctx, organisation, clients, era) =
        (ctx.clone(), org.organisation.clone(), org.clients.clone(), org.era);
    tokio::spawn(async move {
        let result = async {
            let mut tokens = refresh(&ctx, &organisation, &clients, &refresh_token).await?;
            // A server that sends no new refresh token means the old one to go on.
            tokens.refresh_token = tokens.refresh_token.or(Some(refresh_token));
            let sso = &ctx.ports.sso;
            let mut who = sso.who_am_i(&organisation, &tokens.access_token).await.unwrap_or_default();
            who.user = who.user.or(session.user.take());
            session.user.clone_from(&who.user);
            session.ends = who.ends.or(session.ends);
            if sealing {
                let rows = sign_in_rows(&ctx, &organisation.id, &session, tokens.clone());
                let rows = rows.map_err(SsoError::Other)?;
                ctx.ports.store.commit(rows.into()).await.map_err(SsoError::Other)?;
            }
            Ok(Renewal { tokens, who, stored: sealing })
        }
        .await;
        ctx.send(Event::Renewed(organisation.id.clone(), era, result));
    });
}

/// Trades the refresh token. It belongs to the client it was issued to, and there may be one for each way.
async fn refresh(
    ctx: &Context,
    organisation: &Organisation,
    clients: &[ClientRegistration],
    refresh_token: &SecretString,
) -> Result<TokenSet, SsoError> {
    let mut result = Err(SsoError::InvalidClient);
    for client in clients {
        result = ctx.ports.sso.refresh(organisation, client, refresh_token).await;
        if !matches!(result, Err(SsoError::InvalidClient | SsoError::InvalidGrant)) {
            break;
        }
    }
    result
}

/// Applies a renewal.
pub(crate) fn finish(
    ctx: &Context,
    state: &mut State,
    id: &OrgId,
    era: u64,
    result: Result<Renewal, SsoError>,
) {
    let now = ctx.now();
    let chance = ctx.chance();
    let Some(org) = state.org_mut(id) else { return };
    if org.era != era {
        if result.is_ok() {
            set_right(ctx, state, id);
        }
        return;
    }
    org.renewing = false;
    let Some(session) = org.session_mut() else { return };
    match result {
        Ok(Renewal { tokens, who, stored }) => {
            let gain = tokens.expires.duration_since(session.token_expires);
            session.ends = who.ends.or((gain < NO_GAIN).then_some(tokens.expires)).or(session.ends);
            session.token_expires = tokens.expires;
            session.stored = stored;
            session.user = who.user.or(session.user.take());
            org.renew_failures = 0;
            org.renew_not_before = None;
            org.tokens = Some(tokens);
            if matches!(org.sign_in, SignIn::SignedIn(_)) {
                run_waiting(ctx, state, id);
            }
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
    if org.renewing {
        return;
    }
    // The token is dead whatever its date says.
    if let Some(tokens) = &mut org.tokens {
        tokens.expires = now;
    }
    let Some(session) = org.session_mut() else { return };
    session.token_expires = now;
    if session.renewable {
        begin(ctx, state, id);
    } else {
        ended(ctx, state, id, now, Ended::Revoked);
    }
}

/// The sign-in is over. One that the person has begun meanwhile goes on.
pub(crate) fn ended(ctx: &Context, state: &mut State, id: &OrgId, at: Timestamp, why: Ended) {
    let Some(org) = state.org_mut(id) else { return };
    tracing::info!(organisation = %id, ?why, "the sign-in ended");
    forget(org);
    if !matches!(org.sign_in, SignIn::InProgress(_)) {
        org.sign_in = SignIn::Ended { at, why };
        for wish in std::mem::take(&mut org.waiting) {
            console::not_signed_in(state, &wish);
        }
    }
    ctx.commit(gone(id, Some(SealKind::Tokens)));
    ctx.note(state, By::Schedule, Happened::SignInEnded { org: id.clone(), revoked: why == Ended::Revoked });
}

/// What ends with a sign-in, whatever ended it.
fn forget(org: &mut Org) {
    org.era += 1;
    org.tokens = None;
    org.previous = None;
    org.renewing = false;
    org.renew_failures = 0;
    org.renew_not_before = None;
    if let Some(task) = org.syncing.take() {
        task.abort();
    }
    org.sync = Sync::Idle;
}

fn gone(id: &OrgId, kind: Option<SealKind>) -> Vec<Write> {
    vec![Write::RemoveSealed(id.clone(), kind), Write::SignedIn(id.clone(), None)]
}

/// Signs out: the server ends the tokens, we forget them and every cached credential.
pub(crate) fn sign_out(ctx: &Context, state: &mut State, id: &OrgId) -> Answer {
    let _ = cancel(state, id);
    let org = state.org_mut(id).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    let tokens = org.tokens.take();
    forget(org);
    org.half = None;
    org.credentials.clear();
    let clients = std::mem::take(&mut org.clients);
    org.failure = None;
    org.sign_in = SignIn::SignedOut;
    let organisation = org.organisation.clone();
    ctx.commit(gone(id, None));
    ctx.note(state, By::You, Happened::SignedOut { org: id.clone() });
    if let Some(tokens) = tokens {
        let ctx = ctx.clone();
        tokio::spawn(async move {
            if let Err(error) = revoke(&ctx, &organisation, &clients, tokens).await {
                tracing::warn!(%error, "the server did not confirm the sign-out; the tokens are gone here");
            }
        });
    }
    Ok(Reply::Done)
}

/// Ends the sign-in on the server. An access token that has run out cannot; the refresh token gets one
/// that can, else the sign-in would live on there.
async fn revoke(
    ctx: &Context,
    organisation: &Organisation,
    clients: &[ClientRegistration],
    tokens: TokenSet,
) -> Result<(), SsoError> {
    match ctx.ports.sso.logout(organisation, &tokens.access_token).await {
        Err(SsoError::Unauthorized) => {}
        other => return other,
    }
    let Some(refresh_token) = tokens.refresh_token else { return Err(SsoError::Unauthorized) };
    let renewed = refresh(ctx, organisation, clients, &refresh_token).await?;
    ctx.ports.sso.logout(organisation, &renewed.access_token).await
}

/// Role credentials that a task fetched: kept if the sign-in they came by still stands.
pub(crate) fn remember(
    ctx: &Context,
    state: &mut State,
    grant: &Grant,
    era: u64,
    credentials: RoleCredentials,
) {
    let Some(org) = state.org_mut(&grant.org) else { return };
    if org.era == era {
        org.credentials.insert((grant.account.clone(), grant.role.clone()), credentials);
    } else {
        set_right(ctx, state, &grant.org.clone());
    }
}

/// A task of an older sign-in wrote to the store after that had ended: the store gets what is true now.
fn set_right(ctx: &Context, state: &State, id: &OrgId) {
    let Some(org) = state.org(id) else { return };
    let mut writes = gone(id, Some(SealKind::Tokens));
    writes.push(Write::RemoveSealed(id.clone(), Some(SealKind::RoleCredentials)));
    if let (Some(session), Some(tokens)) = (org.session(), &org.tokens)
        && session.stored
    {
        match sign_in_rows(ctx, id, session, tokens.clone()) {
            Ok(rows) => writes.extend(rows),
            Err(code) => ctx.send(Event::StoreFailed(code)),
        }
    }
    ctx.commit(writes);
}
