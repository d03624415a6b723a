//! The life of a sign-in: silent renewal, its end, and role credentials that came by it.
//!
//! Whatever a task brings carries the era of the sign-in it was started under. A late answer of an older
//! one is not applied, and what it wrote to the store is set right.

use crate::{
    cache,
    engine::{Context, Event},
    half_sync,
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::{Grant, OrgId},
        organisation::Organisation,
        portal::Sync,
        refresh::{renew_at, retry_after, wait_named},
        secret::{ClientRegistration, RoleCredentials, TokenSet},
        sign_in::{Ended, Session, SignIn},
    },
    network,
    ports::{SealKind, SsoError, WhoAmI, Write},
    refresh,
    sign_in::code_of,
    sign_out,
    start::{client_rows, sign_in_rows},
    state::{Org, Pass, State},
    waiting,
};
use jiff::SignedDuration;
use secrecy::SecretString;

/// A renewed token that gains less than this shows that the sign-in itself ends then.
const NO_GAIN: SignedDuration = SignedDuration::from_secs(60);

/// What a silent renewal brought.
pub(crate) struct Renewal {
    pub tokens: TokenSet,
    pub stored: bool,
    /// The registration that the tokens were issued to.
    pub client: Option<ClientRegistration>,
    /// A tool renewed it.
    pub adopted: bool,
}

/// When the access token is to be renewed silently.
pub(crate) fn due(org: &Org) -> Option<Timestamp> {
    let session = org.session()?;
    let tokens = org.tokens.as_ref()?;
    let gains = session.ends.is_none_or(|ends| ends.duration_since(tokens.expires) > NO_GAIN);
    if !session.renewable || !org.ready || org.renewing || !gains {
        return None;
    }
    let due = renew_at(tokens.issued, tokens.expires);
    Some(org.renew_not_before.map_or(due, |later| due.max(later)))
}

/// Starts a silent renewal, unless one is under way or the last one's failure still has to be waited out.
pub(crate) fn begin(ctx: &Context, state: &mut State, id: &OrgId) {
    let now = ctx.now();
    let sealing = state.sealing();
    let Some(org) = state.org_mut(id) else { return };
    let Some(refresh_token) = org.tokens.as_ref().and_then(|t| t.refresh_token.clone()) else { return };
    let Some(session) = org.session().cloned() else { return };
    if org.renewing || !org.ready || org.renew_not_before.is_some_and(|later| later > now) {
        return;
    }
    org.renewing = true;
    tracing::info!(organisation = %id, "renewing the sign-in silently");
    let before = org.tokens.as_ref().map_or(now, |tokens| tokens.expires);
    let ours = cache::clients(org);
    let sessions = cache::sessions(state, id);
    let Some(org) = state.org(id) else { return };
    let (ctx, organisation, clients, era) =
        (ctx.clone(), org.organisation.clone(), org.clients.clone(), org.era);
    tokio::spawn(async move {
        // A tool may have renewed it first, or in between: then ours is used up, and theirs goes on.
        let whose = (&organisation, session.user.as_deref());
        let theirs = async || cache::newer(&ctx, &sessions, &ours, before, &refresh_token, whose).await;
        let mut adopted = true;
        let mut result = match theirs().await {
            Some(found) => Ok((found.tokens, found.client)),
            None => {
                adopted = false;
                refresh(&ctx, &organisation, &clients, &refresh_token).await
            }
        };
        if let Err(SsoError::InvalidGrant) = result
            && let Some(found) = theirs().await
        {
            adopted = true;
            result = Ok((found.tokens, found.client));
        }
        let mut stored = false;
        if let Ok((tokens, _)) = &mut result {
            // A server that sends no new refresh token means the old one to go on.
            tokens.refresh_token = tokens.refresh_token.take().or(Some(refresh_token));
            // The old one is used up, so the new one is stored before anything else is asked.
            stored = sealing && store(&ctx, &organisation.id, &session, tokens.clone()).await;
        }
        let token = result.as_ref().ok().map(|(tokens, _)| tokens.access_token.clone());
        let renewal = result.map(|(tokens, client)| Renewal { tokens, stored, client, adopted });
        ctx.send(Event::Renewed(organisation.id.clone(), era, renewal));
        if let Some(token) = token
            && let Ok(who) = ctx.ports.sso.who_am_i(&organisation, &token).await
        {
            ctx.send(Event::Told(organisation.id.clone(), era, who));
        }
    });
}

/// Seals and stores a sign-in. One that cannot be stored now works all the same, and is stored later.
pub(crate) async fn store(ctx: &Context, id: &OrgId, session: &Session, tokens: TokenSet) -> bool {
    match sign_in_rows(ctx, id, session, tokens) {
        Ok(rows) => ctx.committed(rows.into()).await.is_ok(),
        Err(code) => {
            tracing::error!(?code, "the sign-in could not be sealed");
            false
        }
    }
}

/// Trades the refresh token. It belongs to the client it was issued to, and there may be several.
pub(crate) async fn refresh(
    ctx: &Context,
    organisation: &Organisation,
    clients: &[ClientRegistration],
    refresh_token: &SecretString,
) -> Result<(TokenSet, Option<ClientRegistration>), SsoError> {
    let mut result = Err(SsoError::InvalidClient);
    for client in clients {
        let answer = ctx.ports.sso.refresh(organisation, client, refresh_token).await;
        result = answer.map(|tokens| (tokens, Some(client.clone())));
        if matches!(result, Err(SsoError::InvalidClient)) {
            ctx.forgotten(&organisation.id, client);
        }
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
    let Some(org) = state.org_mut(id) else { return };
    if org.era != era {
        if let Ok(renewal) = result {
            // Signed out while it was under way: what it brought must not live on either.
            if matches!(org.sign_in, SignIn::SignedOut) {
                sign_out::revoke(ctx, state, id, renewal.tokens);
            }
            set_right(ctx, state, id);
        }
        return;
    }
    org.renewing = false;
    let Some(session) = org.session_mut() else { return };
    match result {
        Ok(renewal) => renewed(ctx, state, id, renewal, now),
        Err(SsoError::InvalidGrant | SsoError::InvalidClient | SsoError::Unauthorized) => {
            if session.token_expires > now {
                // The rest of the token still works; after that only the person helps.
                session.renewable = false;
            } else {
                let early = session.ends.is_none_or(|ends| ends.duration_since(now) > NO_GAIN);
                ended(ctx, state, id, now, if early { Ended::Revoked } else { Ended::Expired });
            }
        }
        Err(error) => later(ctx, state, id, error, now),
    }
}

fn renewed(ctx: &Context, state: &mut State, id: &OrgId, renewal: Renewal, now: Timestamp) {
    let chance = ctx.chance();
    let Some(org) = state.org_mut(id) else { return };
    let Renewal { tokens, stored, client, adopted } = renewal;
    // A server that gives no token beyond the sign-in's end gives one that gains less than the time since
    // the last one was given.
    let end = org.tokens.as_ref().and_then(|before| {
        let gain = tokens.expires.duration_since(before.expires);
        let since = tokens.issued.duration_since(before.issued);
        (gain < NO_GAIN.min(since / 2)).then_some(tokens.expires)
    });
    let Some(session) = org.session_mut() else { return };
    session.ends = end.or(session.ends);
    session.token_expires = tokens.expires;
    session.stored = stored;
    org.take_tokens(tokens);
    org.issued_to = client;
    if adopted {
        // Whether the portal takes theirs is another question than whether it took ours.
        org.refused = None;
    }
    if org.usable_token(now).is_some() {
        org.renew_failures = 0;
        org.renew_not_before = None;
    } else {
        // It was over before it came; asking again at once would bring the like.
        org.renew_failures = org.renew_failures.saturating_add(1);
        org.renew_not_before = Some(now + retry_after(org.renew_failures, chance));
    }
    if org.usable_token(now).is_none() {
        let host = org.organisation.endpoints.oidc.host_str().unwrap_or_default().to_owned();
        waiting::fail(ctx, state, id, &Code::Garbled { host });
    } else {
        cache::write(ctx, state, id);
        // Also beside a sign-in under way: the one that stands does what was asked of it.
        waiting::run(ctx, state, id);
    }
}

fn later(ctx: &Context, state: &mut State, id: &OrgId, error: SsoError, now: Timestamp) {
    let chance = ctx.chance();
    let Some(org) = state.org_mut(id) else { return };
    org.renew_failures = org.renew_failures.saturating_add(1);
    let first = org.renew_failures == 1;
    let again = now + retry_after(org.renew_failures, chance).max(wait_named(error.named_wait()));
    org.renew_not_before = Some(again);
    let code = code_of(error);
    tracing::warn!(organisation = %id, ?code, "could not renew the sign-in yet");
    network::unanswered(state, &code, now);
    if first {
        let code = code.clone();
        ctx.note(state, By::Schedule, Happened::RenewalFailed { org: id.clone(), code });
    }
    refresh::held_up(ctx, state, id, &code, again);
    waiting::fail(ctx, state, id, &code);
}

/// Applies what the server said of who is signed in and until when.
pub(crate) fn told(ctx: &Context, state: &mut State, id: &OrgId, era: u64, who: WhoAmI) {
    let sealing = state.sealing();
    let Some(org) = state.org_mut(id).filter(|o| o.era == era) else { return };
    let Some(session) = org.session_mut() else { return };
    let before = session.clone();
    session.ends = who.ends.or(session.ends);
    // The name of a sign-in does not change; at most it was not known yet.
    session.user = session.user.take().or(who.user);
    if *session == before {
        return;
    }
    let session = session.clone();
    if let (true, Some(tokens)) = (sealing && session.stored, &org.tokens) {
        match sign_in_rows(ctx, id, &session, tokens.clone()) {
            Ok(rows) => ctx.commit(rows.into()),
            Err(code) => ctx.send(Event::StoreFailed(code)),
        }
    }
}

/// A call was answered 401 although the token should be good: renew once, and if the portal does not take
/// the renewed token either, the sign-in is over.
pub(crate) fn unauthorized(ctx: &Context, state: &mut State, id: &OrgId, pass: &Pass) {
    let now = ctx.now();
    let Some(org) = state.org_mut(id) else { return };
    // A token that was replaced since is no news.
    if org.era != pass.era || org.token_no != pass.number {
        return;
    }
    // The token is dead whatever its date says.
    if let Some(tokens) = &mut org.tokens {
        tokens.expires = tokens.expires.min(now);
    }
    let Some(session) = org.session_mut() else { return };
    session.token_expires = session.token_expires.min(now);
    let renewable = session.renewable;
    match org.refused.replace(pass.number) {
        Some(before) if before != pass.number => ended(ctx, state, id, now, Ended::Revoked),
        _ if renewable => begin(ctx, state, id),
        _ => ended(ctx, state, id, now, Ended::Revoked),
    }
}

/// The portal took the token.
pub(crate) fn accepted(state: &mut State, id: &OrgId, pass: &Pass) {
    if let Some(org) = state.org_mut(id).filter(|o| o.era == pass.era && o.token_no == pass.number) {
        org.refused = None;
    }
}

/// The sign-in is over. One that the person has begun meanwhile goes on, and a click that waits begins one.
pub(crate) fn ended(ctx: &Context, state: &mut State, id: &OrgId, at: Timestamp, why: Ended) {
    let Some(org) = state.org_mut(id) else { return };
    tracing::info!(organisation = %id, ?why, "the sign-in ended");
    forget(org);
    half_sync::save(ctx, org);
    let begun = matches!(org.sign_in, SignIn::InProgress(_));
    if !begun {
        org.sign_in = SignIn::Ended { at, why };
    }
    ctx.commit(gone(id, Some(SealKind::Tokens)));
    ctx.note(state, By::Schedule, Happened::SignInEnded { org: id.clone(), revoked: why == Ended::Revoked });
    crate::step_up::signed_out(ctx, state, id);
    if !begun {
        waiting::sign_in(ctx, state, id);
    }
}

/// What ends with a sign-in, whatever ended it.
pub(crate) fn forget(org: &mut Org) {
    org.era += 1;
    org.tokens = None;
    org.issued_to = None;
    org.previous = None;
    org.renewing = false;
    org.refused = None;
    org.renew_failures = 0;
    org.renew_not_before = None;
    org.sync_wanted = false;
    if let Some(task) = org.syncing.take() {
        task.abort();
    }
    org.sync = Sync::Idle;
}

pub(crate) fn gone(id: &OrgId, kind: Option<SealKind>) -> Vec<Write> {
    vec![Write::RemoveSealed(id.clone(), kind), Write::SignedIn(id.clone(), None)]
}

/// Role credentials that a task fetched: kept if the sign-in they came by still stands.
pub(crate) fn remember(
    ctx: &Context,
    state: &mut State,
    grant: &Grant,
    pass: &Pass,
    credentials: RoleCredentials,
) {
    accepted(state, &grant.org, pass);
    let Some(org) = state.org_mut(&grant.org) else { return };
    if org.era == pass.era {
        org.credentials.insert((grant.account.clone(), grant.role.clone()), credentials);
    } else {
        set_right(ctx, state, &grant.org.clone());
    }
}

/// A task of an older sign-in wrote to the store after that had ended: the store gets what is true now.
pub(crate) fn set_right(ctx: &Context, state: &State, id: &OrgId) {
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

/// Stores every sign-in that lives in memory only, now that there is a keyring and room on the disk.
pub(crate) fn store_all(ctx: &Context, state: &State) {
    if !state.sealing() {
        return;
    }
    for org in &state.orgs {
        let (Some(session), Some(tokens)) = (org.session(), &org.tokens) else { continue };
        if session.stored {
            continue;
        }
        match all_rows(ctx, org, session, tokens) {
            Ok(rows) => {
                let (id, number, task) = (org.id().clone(), org.token_no, ctx.clone());
                let stored = ctx.committed(rows);
                tokio::spawn(async move {
                    if stored.await.is_ok() {
                        task.send(Event::Stored(id, number));
                    }
                });
            }
            Err(code) => tracing::error!(?code, "the sign-in could not be sealed"),
        }
    }
}

fn all_rows(ctx: &Context, org: &Org, session: &Session, tokens: &TokenSet) -> Result<Vec<Write>, Code> {
    let mut rows = client_rows(ctx, org)?;
    rows.extend(sign_in_rows(ctx, org.id(), session, tokens.clone())?);
    Ok(rows)
}

/// A sign-in that lived in memory only is in the store now, unless it was renewed meanwhile.
pub(crate) fn stored(state: &mut State, id: &OrgId, number: u64) {
    if let Some(org) = state.org_mut(id).filter(|o| o.token_no == number)
        && let Some(session) = org.session_mut()
    {
        session.stored = true;
    }
}
