//! Whether there is a network: what the machine says, and what answers show.

use crate::{
    engine::Context,
    model::{
        Timestamp, code::Code, ids::OrgId, organisation::Kind, portal::Sync, refresh::offline_attempt_after,
    },
    notify, schedule,
    state::{Org, Pass, State},
    sync,
};
use jiff::SignedDuration;

/// After a wake-up, and when the network returns, silent renewal has so long before anything is told.
const RENEWAL_FIRST: SignedDuration = SignedDuration::from_secs(15);

/// Since when it is gone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Network {
    /// The machine says so.
    down: Option<Timestamp>,
    /// Servers do not answer, which may mean it.
    unanswered: Option<Timestamp>,
    /// Attempts to reach a server since the machine said that the network is gone.
    attempts: u32,
    /// When the next one is.
    next: Option<Timestamp>,
}

impl Network {
    /// Whether calls can be made, as far as the machine knows.
    pub fn is_up(self) -> bool {
        self.down.is_none()
    }

    /// The earliest sign that there is none.
    pub fn offline_since(self) -> Option<Timestamp> {
        match (self.down, self.unanswered) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// The machine says that the network is gone.
pub(crate) fn gone(state: &mut State, now: Timestamp) {
    if state.network.down.is_none() {
        let next = Some(now + offline_attempt_after(0));
        state.network = Network { down: Some(now), attempts: 0, next, ..state.network };
    }
}

/// Whether an attempt can ask this organisation's server. One on this computer, such as the sample's, answers
/// without a network.
fn can_be_asked(org: &Org, now: Timestamp) -> bool {
    org.organisation.kind != Kind::Sandbox && !org.organisation.is_on_this_computer() && org.stands(now)
}

/// When a server is asked next although the machine says that there is no network: it may be wrong, behind
/// a VPN for example. Never while there is nobody to ask.
pub(crate) fn next_attempt(state: &State, now: Timestamp) -> Option<Timestamp> {
    state.network.down?;
    state.network.next.filter(|_| state.orgs.iter().any(|org| can_be_asked(org, now)))
}

/// The person had everything tried now, so the next attempt is a whole wait away.
pub(crate) fn tried(state: &mut State, now: Timestamp) {
    if state.network.down.is_some() {
        state.network.next = Some(now + offline_attempt_after(state.network.attempts));
    }
}

/// Makes an attempt that is due: lists are asked for, and what waits for an answer waits no longer.
pub(crate) fn attempt(ctx: &Context, state: &mut State, now: Timestamp) {
    if next_attempt(state, now).is_none_or(|at| at > now) {
        return;
    }
    state.network.attempts = state.network.attempts.saturating_add(1);
    tried(state, now);
    let able: Vec<_> =
        state.orgs.iter().filter(|org| can_be_asked(org, now)).map(|org| org.id().clone()).collect();
    for id in able {
        let Some(org) = state.org_mut(&id) else { continue };
        org.renew_not_before = None;
        // What the person paused stays so.
        if !matches!(org.sync, Sync::Paused { .. }) {
            sync::begin(ctx, state, &id);
        }
        schedule::retry_unanswered(state, &id, now);
    }
}

/// The machine says that the network is there.
pub(crate) fn came(state: &mut State, now: Timestamp) {
    state.network.down = None;
    woke(state, now);
}

/// After a wake-up, as when the network came, no wait for a retry goes on, and what was held back for want
/// of a network is judged when the retries have had their time.
pub(crate) fn woke(state: &mut State, now: Timestamp) {
    state.network.unanswered = None;
    schedule::retry_now(state, now);
    state.hush = Some(now + RENEWAL_FIRST);
    notify::online_again(state);
}

/// An answer that never came may mean that there is no network.
pub(crate) fn unanswered(state: &mut State, code: &Code, now: Timestamp) {
    if matches!(code, Code::NoAnswer { .. }) {
        state.network.unanswered = state.network.unanswered.or(Some(now));
    }
}

/// A server answered a call that was made with `pass`. What was begun before the network went says nothing
/// of it, and neither does a server on this computer.
pub(crate) fn answered(ctx: &Context, state: &mut State, id: &OrgId, pass: &Pass) {
    let now = ctx.now();
    let Some(org) = state.org(id) else { return };
    let proves = !org.organisation.is_on_this_computer();
    let waited = state.network.offline_since().is_some();
    state.network.unanswered = state.network.unanswered.filter(|since| *since >= pass.at);
    state.network.down = state.network.down.filter(|since| !proves || *since >= pass.at);
    if waited && state.network.offline_since().is_none() {
        // It is back, so that nothing waits for its retry longer than that.
        schedule::retry_unanswered(state, id, now);
        state.hush = state.hush.max(Some(now + RENEWAL_FIRST));
        notify::online_again(state);
    }
}
