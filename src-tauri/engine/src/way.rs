//! The way to servers: a proxy, and whom TLS trusts. What cannot be used is not saved.

use crate::{
    engine::{Context, Event},
    model::{
        code::Code,
        settings::{Network, Settings, without_name},
    },
    request::Answer,
    state::State,
};
use tokio::sync::oneshot;

/// A way that was tried out.
pub(crate) struct Tried {
    /// The person's own part of it.
    network: Network,
    result: Result<(), Code>,
    answer: oneshot::Sender<Answer>,
}

pub(crate) fn begin(ctx: &Context, state: &State, wanted: Network, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    // A name and password that somebody wrote into the file are not shown; who changes another part keeps
    // them.
    let stands = state.own.network.proxy.clone();
    let same = stands.as_deref().map(without_name) == wanted.proxy;
    let network = Network { proxy: if same { stands } else { wanted.proxy }, ..wanted };
    let network = state.policy.keep(&state.own, Settings { network, ..Settings::default() }).network;
    let held = state.policy.over_network(&network);
    tokio::spawn(async move {
        let result = ctx.ports.sso.go_by(&held).await;
        ctx.send(Event::Way(Tried { network, result, answer }));
    });
}

/// What works is saved; what is under way meanwhile ends the way it began.
pub(crate) fn finish(ctx: &Context, state: &mut State, tried: Tried) {
    let Tried { network, result, answer } = tried;
    state.way = ctx.ports.sso.way();
    if let Err(code) = result {
        let _ = answer.send(Err(code));
        return;
    }
    let settings = state.change(|own| own.network = network);
    ctx.save(settings, answer);
}
