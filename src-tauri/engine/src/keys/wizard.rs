//! The wizard that empties a key, as far as the loop follows it: its steps are [`Reset`]'s own.

use super::{Told, cancel, lock, look_at_next, run};
use crate::{
    engine::{Context, Event},
    model::keys::{Job, KeyAct, KeyFault, KeyId, KeyWish, Reset, ResetStep},
    state::State,
};

pub(super) fn is_resetting(state: &State) -> bool {
    matches!(&state.keys.now.reset, Some(reset) if reset.step != ResetStep::Done)
}

/// The wizard's key is there again and waits to be emptied.
pub(super) fn erase_if_wanted(ctx: &Context, state: &mut State) {
    let keys = &mut state.keys.now;
    let Some(Reset { step: ResetStep::Touch { .. }, key, .. }) = &keys.reset else { return };
    let there = keys.list().iter().find(|one| one.is(key)).map(|one| one.id.clone());
    let (Some(id), None) = (there, &keys.running) else { return };
    if let Ok(no) = keys.begin(&id, KeyAct::Reset) {
        run(ctx, state, no, &id, Job { wish: KeyWish::Reset, pins: None });
    }
}

pub(super) fn begin_reset(state: &mut State, key: &KeyId) -> Result<(), KeyFault> {
    let keys = &mut state.keys.now;
    if keys.running.as_ref().is_some_and(|running| !running.act.is_a_look()) {
        return Err(KeyFault::InUse);
    }
    let key = keys.find(key).cloned().ok_or(KeyFault::Gone)?;
    keys.last = None;
    keys.reset = Some(Reset::of(key));
    Ok(())
}

/// The person has read what is lost. Only when the port follows the key too, it is to be unplugged.
pub(super) fn agree(ctx: &Context, state: &mut State) {
    let Some(reset) = state.keys.now.reset.as_ref().filter(|reset| reset.step == ResetStep::Lost) else {
        return;
    };
    let key = reset.key.id.clone();
    lock(ctx, state);
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = ctx.ports.keys.prepare_reset(&key).await;
        ctx.send(Event::Keys(Told::Prepared(result)));
    });
}

pub(super) fn prepared(state: &mut State, result: Result<(), KeyFault>) {
    let keys = &mut state.keys.now;
    let list = keys.plugged.as_deref().unwrap_or_default();
    keys.reset = keys.reset.take().map(|reset| match result {
        Ok(()) => reset.agreed(list),
        Err(fault) => Reset { fault: Some(fault), ..reset },
    });
}

pub(super) fn end_reset(ctx: &Context, state: &mut State) {
    if state.keys.now.reset.take().is_some() {
        ctx.ports.keys.forget_reset();
        cancel(ctx, state);
        look_at_next(ctx, state);
    }
}
