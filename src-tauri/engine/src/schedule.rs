//! When the loop has to look again, and what it does then. Every moment comes from the model; nothing is
//! polled.

use crate::{
    deliver,
    engine::Context,
    keys,
    model::{
        Timestamp,
        code::Code,
        ids::OrgId,
        portal::Sync,
        profile::State as ProfileState,
        refresh::{Decision, Facts, decide},
        sign_in::{Ended, Session, SignIn},
        silence,
    },
    native, network, pause, refresh, renewal, safety, sign_in,
    snapshot::Launch,
    state::{Profile, State},
    step_up, sync,
};
use jiff::SignedDuration;

/// "Opened in …" is shown for so long.
const OPENED_SHOWN: SignedDuration = SignedDuration::from_secs(3);

/// The nearest moment at which something is to do.
pub(crate) fn next(state: &State, now: Timestamp) -> Option<Timestamp> {
    let mut moments = Vec::new();
    moments.extend(state.pause.and_then(|p| p.until));
    moments.extend(state.hush);
    moments.extend(network::next_attempt(state, now));
    for org in &state.orgs {
        moments.extend(org.renew_not_before);
        moments.extend(renewal::due(org));
        moments.extend(sync::due(org));
        moments.extend(native::due(org, now));
        let end = org.session().and_then(Session::known_end);
        moments.extend(end);
        moments.extend(end.map(|end| end - silence::SIGN_IN_ENDING));
        if let SignIn::InProgress(attempt) = &org.sign_in {
            moments.push(attempt.deadline);
        }
    }
    for profile in state.profiles.values() {
        moments.extend(profile_due(state, profile, now));
        moments.extend(profile.kept.written.as_ref().map(|w| w.expires));
        moments.extend(profile.kept.until);
        moments.extend(profile.not_before);
    }
    for (_, launch) in &state.launches {
        if let Launch::Opened(at, _) = launch {
            moments.push(*at + OPENED_SHOWN);
        }
    }
    moments.extend(keys::due(state));
    moments.extend(step_up::due(state));
    for pending in &state.pending {
        moments.extend(pending.not_before);
        moments.push(pending.since + silence::BATCH);
    }
    moments.into_iter().filter(|m| *m > now).min()
}

pub(crate) fn facts<'a>(state: &State, profile: &'a Profile, now: Timestamp) -> Facts<'a> {
    let org = state.org(&profile.kept.grant.org);
    // Without a token the profile waits for its renewal, and for the time that the renewal waits.
    let renewal = org.filter(|o| o.usable_token(now).is_none()).and_then(|o| o.renew_not_before);
    Facts {
        now,
        paused: profile.kept.paused || state.pause.is_some(),
        signed_in: org.is_some_and(|o| o.stands(now)),
        lead: state.settings.lead(),
        written: profile.kept.written.as_ref().filter(|_| !profile.forced && !profile.undone),
        not_before: profile.not_before.max(renewal),
        // What is not refreshed is never due.
        blocked: profile.blocked() || !profile.kept.delivery.is_refreshed(),
        in_flight: profile.in_flight,
    }
}

/// When a profile is refreshed next, if it is.
pub(crate) fn profile_due(state: &State, profile: &Profile, now: Timestamp) -> Option<Timestamp> {
    match decide(&facts(state, profile, now)) {
        Decision::KeepUntil(at) => {
            let signed_in = state.org(&profile.kept.grant.org).is_some_and(|o| o.stands(now));
            signed_in.then_some(at)
        }
        Decision::Renew | Decision::SignIn | Decision::Leave => None,
    }
}

/// After a wake-up or when the network came: every wait for a retry is over.
pub(crate) fn retry_now(state: &mut State, now: Timestamp) {
    for org in &mut state.orgs {
        org.renew_not_before = None;
        if let native::Offer::NotBefore(at) = &mut org.offer {
            *at = now;
        }
        sync::retry_now(org, now);
    }
    for profile in state.profiles.values_mut() {
        profile.not_before = None;
    }
}

/// An organisation's server answers again: what waited for that is tried now. Other waits go on.
pub(crate) fn retry_unanswered(state: &mut State, id: &OrgId, now: Timestamp) {
    let no_answer = |code: &Code| matches!(code, Code::NoAnswer { .. });
    if let Some(org) = state.org_mut(id)
        && matches!(&org.sync, Sync::Failed { code, .. } if no_answer(code))
    {
        sync::retry_now(org, now);
    }
    let waits = |p: &&mut Profile| p.kept.grant.org == *id && p.failing.as_ref().is_some_and(no_answer);
    for profile in state.profiles.values_mut().filter(waits) {
        profile.not_before = None;
    }
}

/// Everything that is due now.
pub(crate) fn tick(ctx: &Context, state: &mut State) {
    let now = ctx.now();
    state.clock_skew = ctx.ports.sso.clock_skew();
    keys::tick(ctx, state, now);
    step_up::tick(ctx, state, now);
    if state.pause.is_some_and(|p| p.until.is_some_and(|until| until <= now)) {
        let _ = pause::end(ctx, state);
    }
    state.hush = state.hush.filter(|h| *h > now);
    state
        .launches
        .retain(|(_, l)| !matches!(l, Launch::Opened(at, _) if now.duration_since(*at) > OPENED_SHOWN));
    network::attempt(ctx, state, now);
    let ids: Vec<_> = state.orgs.iter().map(|o| o.id().clone()).collect();
    for id in &ids {
        end_what_is_over(ctx, state, id, now);
        if state.org(id).is_some_and(|o| renewal::due(o).is_some_and(|at| at <= now)) {
            renewal::begin(ctx, state, id);
        }
        if state.network.is_up()
            && state.org(id).is_some_and(|o| native::due(o, now).is_some_and(|at| at <= now))
        {
            native::look(ctx, state, id);
        }
        if state.network.is_up() && state.org(id).is_some_and(|o| sync::due(o).is_some_and(|at| at <= now)) {
            sync::begin(ctx, state, id);
        }
    }
    // Before what is due: whose time is over is being ended then, and is not refreshed any more.
    safety::end_what_is_over(ctx, state, now);
    if state.keyring_opens {
        // Whether a profile can be renewed is not known yet.
        return;
    }
    let mut due = Vec::new();
    let names: Vec<_> = state.profiles.keys().cloned().collect();
    for name in names {
        let Some(profile) = state.profiles.get(&name) else { continue };
        let facts = facts(state, profile, now);
        let decision = decide(&facts);
        let expired = profile.kept.written.as_ref().is_some_and(|w| w.expires <= now);
        let shown = match (&decision, &profile.state) {
            _ if !profile.kept.delivery.is_refreshed() => deliver::shown(state, profile, now),
            (
                _,
                s @ (ProfileState::Conflict(_) | ProfileState::AccessRemoved | ProfileState::TouchNeeded),
            ) => s.clone(),
            (_, s) if profile.in_flight => s.clone(),
            _ if facts.paused => ProfileState::Paused,
            (Decision::SignIn, _) if expired => ProfileState::Expired,
            (Decision::SignIn, _) => ProfileState::SignInNeeded,
            (Decision::KeepUntil(_), s @ (ProfileState::Retrying { .. } | ProfileState::NotWritable(_)))
                if facts.not_before.is_some_and(|t| t > now) =>
            {
                s.clone()
            }
            (Decision::KeepUntil(_), _) if expired => ProfileState::Expired,
            // It works for now, and stops unless the person acts.
            (Decision::KeepUntil(_), _) if !facts.signed_in => ProfileState::SignInNeeded,
            (Decision::KeepUntil(_), _) => ProfileState::Fresh,
            (_, s) => s.clone(),
        };
        if decision == Decision::Renew {
            due.push(name.clone());
        }
        let place = deliver::is_due(profile, now);
        if let Some(profile) = state.profiles.get_mut(&name) {
            profile.state = shown;
        }
        if place {
            deliver::begin(ctx, state, &name);
        }
    }
    if !due.is_empty() {
        refresh::begin(ctx, state, &due);
    }
}

fn end_what_is_over(ctx: &Context, state: &mut State, id: &crate::model::ids::OrgId, now: Timestamp) {
    let Some(org) = state.org(id) else { return };
    if let Some(end) = org.session().and_then(Session::known_end).filter(|end| *end <= now) {
        renewal::ended(ctx, state, id, end, Ended::Expired);
    }
    let Some(org) = state.org(id) else { return };
    match &org.sign_in {
        // One that is being stored is no longer in the person's hands.
        SignIn::InProgress(attempt) if attempt.deadline <= now && !org.landing => {
            let attempt = attempt.id;
            sign_in::progress(
                ctx,
                state,
                id,
                attempt,
                sign_in::Progress::Failed(crate::model::code::Code::SignInTimedOut),
            );
        }
        _ => {}
    }
}
