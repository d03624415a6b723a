//! What touches opened, and how that ends.

use crate::{
    engine::Context,
    model::{
        Timestamp,
        history::{By, Event as Happened},
        ids::Grant,
        profile::State as ProfileState,
        step_up::{Closed, Demand, Opened},
    },
    ports::FileSet,
    state::{Ending, Org, Profile, State},
    stop,
};

/// Whether a touch opened the role, and it is open still. A profile that is kept for a limited time was opened so
/// when it began.
pub(crate) fn is_open(state: &State, grant: &Grant, now: Timestamp) -> bool {
    let kept = |until: Option<Timestamp>| until.is_some_and(|until| now < until);
    was_touched(state, grant, now)
        || state.profiles.values().any(|p| p.kept.grant == *grant && p.ending.is_none() && kept(p.kept.until))
}

/// Whether a role's credentials may be used, or fetched, as far as its server is concerned: it asks for no touch, as far
/// as is known, or one counts still here. What was closed here may be open there for a while.
pub(crate) fn needs_no_touch(state: &State, grant: &Grant, now: Timestamp) -> bool {
    !state.step_up.is_demanded(grant) || was_touched(state, grant, now)
}

/// Whether a key was touched for the role, and that counts still: more than a yes.
pub(crate) fn was_touched(state: &State, grant: &Grant, now: Timestamp) -> bool {
    state.step_up.opened.iter().any(|one| one.grant == *grant && now < one.until)
}

/// From now on it is open until then.
pub(super) fn open(state: &mut State, opened: Opened) {
    let all = &mut state.step_up.opened;
    let longer = all.iter().filter(|one| one.grant == opened.grant).map(|one| one.until).max();
    all.retain(|one| one.grant != opened.grant);
    let until = longer.map_or(opened.until, |until| until.max(opened.until));
    all.push(Opened { until, ..opened });
}

pub(super) fn tick(ctx: &Context, state: &mut State, now: Timestamp) {
    let (open, over) = std::mem::take(&mut state.step_up.opened).into_iter().partition(|one| now < one.until);
    state.step_up.opened = open;
    over.into_iter().for_each(|one: Opened| note(ctx, state, &one, Closed::Over));
    // Where the file could not be written, it is tried again.
    take_keys_out(ctx, state, now);
}

/// Closes those, and ends the profiles that are kept by them: their keys leave the file.
pub(crate) fn close(ctx: &Context, state: &mut State, why: Closed, those: impl Fn(&Opened) -> bool) {
    let (over, open): (Vec<_>, Vec<_>) =
        std::mem::take(&mut state.step_up.opened).into_iter().partition(those);
    state.step_up.opened = open;
    for one in &over {
        end_profiles(ctx, state, &one.grant, why);
        if one.demand == Demand::Server {
            lock_profiles(state, &one.grant);
        }
        note(ctx, state, one, why);
    }
    take_keys_out(ctx, state, ctx.now());
}

/// What is kept by that role without an end is kept on, and needs a touch: the role is one that the server guards, which
/// gives no new keys before that.
fn lock_profiles(state: &mut State, grant: &Grant) {
    let kept = state.profiles.values_mut().filter(|p| p.kept.grant == *grant && p.kept.until.is_none());
    for profile in
        kept.filter(|p| p.kept.delivery.is_refreshed() && (p.in_flight || p.kept.written.is_some()))
    {
        profile.closed = true;
    }
}

/// Takes the keys of profiles that were closed out of the file. What another program wrote there is not ours to take.
fn take_keys_out(ctx: &Context, state: &mut State, now: Timestamp) {
    // Those that are being taken out already are in flight as well.
    let idle = |p: &&Profile| !p.in_flight || p.state == ProfileState::Refreshing;
    let closed = state.profiles.values().filter(|p| p.closed && p.ending.is_none()).filter(idle);
    let free = closed.filter(|p| match p.state {
        ProfileState::Conflict(_) => false,
        ProfileState::NotWritable(_) => p.not_before.is_none_or(|from| from <= now),
        _ => true,
    });
    let due: Vec<_> = free.map(|p| (p.kept.profile.clone(), p.kept.grant.org.clone())).collect();
    for (name, org) in due {
        let set = state.org(&org).map_or(FileSet::Own, Org::file_set);
        let ending = Ending { remove: true, stays: true, set, answers: Vec::new() };
        stop::end_when_free(ctx, state, &name, ending);
    }
}

/// Ends what is kept for a limited time by that role.
fn end_profiles(ctx: &Context, state: &mut State, grant: &Grant, why: Closed) {
    let now = ctx.now();
    let set = state.org(&grant.org).map_or(FileSet::Own, Org::file_set);
    let kept = state.profiles.values_mut().filter(|p| p.kept.grant == *grant && p.kept.until.is_some());
    let names: Vec<_> = kept
        .map(|profile| {
            // What nobody stopped by hand is told, with the way to go on.
            profile.over = why != Closed::Stopped;
            if profile.over {
                profile.kept.until = profile.kept.until.map(|until| until.min(now));
            }
            profile.kept.profile.clone()
        })
        .collect();
    for name in names {
        let conflict = state.profiles.get(&name).is_some_and(crate::state::Profile::blocked);
        let ending = Ending { remove: !conflict, stays: false, set, answers: Vec::new() };
        stop::end_when_free(ctx, state, &name, ending);
    }
}

fn note(ctx: &Context, state: &mut State, one: &Opened, why: Closed) {
    let by = if why == Closed::Stopped { By::You } else { By::Schedule };
    let (grant, account_name) = (one.grant.clone(), one.account_name.clone());
    ctx.note(state, by, Happened::StepUpClosed { grant, account_name, why });
}
