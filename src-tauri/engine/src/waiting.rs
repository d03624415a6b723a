//! Wishes of the person that wait for a renewal or a sign-in: done after it, or told why not.

use crate::{
    console,
    engine::Context,
    hand_out,
    model::{code::Code, ids::OrgId},
    sign_in,
    state::State,
};

/// One wish.
pub(crate) enum Waiting {
    Console(console::Wish),
    HandOut(hand_out::Wish),
}

fn take(state: &mut State, id: &OrgId) -> Vec<Waiting> {
    state.org_mut(id).map(|o| std::mem::take(&mut o.waiting)).unwrap_or_default()
}

/// Does what waited.
pub(crate) fn run(ctx: &Context, state: &mut State, id: &OrgId) {
    for wish in take(state, id) {
        match wish {
            Waiting::Console(wish) => {
                let grant = wish.grant.clone();
                if let Err(code) = console::begin(ctx, state, wish) {
                    console::failed(ctx, state, &grant, code);
                }
            }
            Waiting::HandOut(wish) => hand_out::begin(ctx, state, wish),
        }
    }
}

/// What was waited for did not come for now: the person is told, and can try again.
pub(crate) fn fail(ctx: &Context, state: &mut State, id: &OrgId, code: &Code) {
    for wish in take(state, id) {
        match wish {
            Waiting::Console(wish) => console::failed(ctx, state, &wish.grant, code.clone()),
            Waiting::HandOut(wish) => wish.answer(Err(code.clone())),
        }
    }
}

/// The person gave the sign-in up: the wishes are given up with it.
pub(crate) fn give_up(state: &mut State, id: &OrgId) {
    for wish in take(state, id) {
        match wish {
            Waiting::Console(wish) => state.launches.retain(|(t, _)| t.role() != Some(&wish.grant)),
            Waiting::HandOut(wish) => wish.answer(Err(Code::SignInNeeded)),
        }
    }
}

/// Only a sign-in helps now. A click for a console is the person's act and begins one. Those who wait for
/// keys decide again, each by its own rule.
pub(crate) fn sign_in(ctx: &Context, state: &mut State, id: &OrgId) {
    let mut consoles = Vec::new();
    let mut askers = Vec::new();
    for wish in take(state, id) {
        match wish {
            Waiting::HandOut(wish) => askers.push(wish),
            console => consoles.push(console),
        }
    }
    if !consoles.is_empty() {
        begin_for(ctx, state, id, consoles);
    }
    for wish in askers {
        hand_out::begin(ctx, state, wish);
    }
}

fn begin_for(ctx: &Context, state: &mut State, id: &OrgId, consoles: Vec<Waiting>) {
    let begun = sign_in::begin(ctx, state, id, None);
    if let Some(org) = state.org_mut(id) {
        org.waiting = consoles;
    }
    if let Err(code) = begun {
        fail(ctx, state, id, &code);
    }
}
