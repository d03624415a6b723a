//! What an unfinished sync knows: kept in the store as it grows, so that a restart asks for the rest only.

use crate::{
    engine::Context,
    model::{
        Timestamp,
        ids::OrgId,
        portal::{Account, HalfSync},
    },
    ports::{StoredSignIn, WhoAmI, Write},
    state::{Org, State},
};
use jiff::SignedDuration;
use std::sync::Arc;

/// A growing list is written at most this often: a kill costs so much of it.
const EVERY: SignedDuration = SignedDuration::from_secs(5);

/// Older lists are asked for anew.
const USABLE: SignedDuration = SignedDuration::from_hours(24);

/// The accounts are listed; what is known of their roles stays.
pub(crate) fn listed(ctx: &Context, org: &mut Org, accounts: Vec<Account>) {
    let before = org.half.take();
    org.half = Some(HalfSync {
        user: org.user().map(str::to_owned).or_else(|| org.portal.user.clone()),
        user_id: org.portal.user_id.clone(),
        since: before.as_ref().map_or_else(|| ctx.now(), |half| half.since),
        accounts,
        applications: before.map(|half| half.applications).unwrap_or_default(),
    });
    org.half_unsaved = true;
    save(ctx, org);
}

/// One more account is whole.
pub(crate) fn grown(ctx: &Context, org: &mut Org) {
    org.half_unsaved = true;
    if ctx.now().duration_since(org.half_saved).abs() >= EVERY {
        save(ctx, org);
    }
}

/// Brings the store up to what is known.
pub(crate) fn save(ctx: &Context, org: &mut Org) {
    // While another sign-in is being stored, what belongs to the one before it stays out.
    if org.landing || !std::mem::take(&mut org.half_unsaved) {
        return;
    }
    org.half_saved = ctx.now();
    ctx.commit(vec![Write::HalfSync(org.id().clone(), org.half.clone())]);
}

/// What is too old is not gone on with.
pub(crate) fn drop_old(ctx: &Context, org: &mut Org, now: Timestamp) {
    if org.half.as_ref().is_some_and(|half| !usable(half, now)) {
        forget(ctx, org);
    }
}

/// Drops it, here and in the store.
pub(crate) fn forget(ctx: &Context, org: &mut Org) {
    org.half_unsaved = false;
    if org.half.take().is_some() {
        ctx.commit(vec![Write::HalfSync(org.id().clone(), None)]);
    }
}

/// Whether it is known to be that person's.
pub(crate) fn is_of(half: &HalfSync, who: &WhoAmI) -> bool {
    match (&half.user_id, &who.id) {
        (Some(a), Some(b)) => a == b,
        _ => half.user.is_some() && half.user == who.user,
    }
}

/// At the start: it goes on where it was, if it is the signed-in person's and not too old.
pub(crate) fn restore(
    ctx: &Context,
    state: &mut State,
    id: &OrgId,
    half: HalfSync,
    sign_in: Option<&StoredSignIn>,
) {
    let Some(org) = state.org_mut(id) else { return };
    let theirs = sign_in.is_none_or(|s| s.user == half.user);
    if !theirs || !usable(&half, ctx.now()) {
        ctx.commit(vec![Write::HalfSync(id.clone(), None)]);
        return;
    }
    if org.portal.synced.is_none() {
        // The portal has no row before its first complete sync, and this knows whose it will be.
        let portal = Arc::make_mut(&mut org.portal);
        portal.user = portal.user.take().or_else(|| half.user.clone());
        portal.user_id = portal.user_id.take().or_else(|| half.user_id.clone());
    }
    org.half = Some(half);
}

fn usable(half: &HalfSync, now: Timestamp) -> bool {
    now.duration_since(half.since).abs() < USABLE
}
