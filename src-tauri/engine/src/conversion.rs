//! Profiles of the AWS config file given a session, shown before it is done, and undone within 30 days.

use crate::{
    engine::{Context, Event},
    import,
    model::{
        aws_config::{Converted, Undone},
        code::Code,
        history::{By, Event as Happened},
    },
    ports::Write,
    request::{Answer, Reply},
    state::State,
};
use tokio::sync::oneshot;

/// Tells what it would change.
pub(crate) fn plan(ctx: &Context, profiles: Vec<String>, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let planned = ctx.ports.files.plan_conversion(profiles).await;
        let _ = answer.send(planned.map(Reply::Conversion));
    });
}

pub(crate) fn begin(ctx: &Context, profiles: Vec<String>, seen: String, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = ctx.ports.files.convert(profiles, seen).await;
        ctx.send(Event::Converted(result.map(Box::new), answer));
    });
}

pub(crate) fn made(
    ctx: &Context,
    state: &mut State,
    result: Result<Converted, Code>,
    answer: oneshot::Sender<Answer>,
) {
    let result = result.map(|mut made| {
        let event = Happened::Converted {
            path: made.path.display().to_string(),
            backup: made.backup.display().to_string(),
            profiles: made.profiles.clone(),
        };
        made.entry = ctx.note(state, By::You, event);
        state.conversions.push(made);
        store(ctx, state);
        Reply::Done
    });
    let _ = answer.send(result);
    import::look_again(ctx);
}

pub(crate) fn undo(ctx: &Context, state: &State, entry: i64, answer: oneshot::Sender<Answer>) {
    let now = ctx.now();
    let Some(made) = state.conversions.iter().find(|it| it.entry == entry && it.undoable(now)).cloned()
    else {
        let _ = answer.send(Err(Code::Gone { what: "import".to_owned() }));
        return;
    };
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = ctx.ports.files.undo_conversion(made).await;
        ctx.send(Event::ConversionUndone(entry, result, answer));
    });
}

pub(crate) fn undone(
    ctx: &Context,
    state: &mut State,
    entry: i64,
    result: Result<Undone, Code>,
    answer: oneshot::Sender<Answer>,
) {
    let at = state.conversions.iter().position(|it| it.entry == entry);
    let result = result.map(|undone| {
        if let Some(at) = at {
            let Converted { path, profiles, .. } = state.conversions.remove(at);
            let path = path.display().to_string();
            ctx.note(state, By::You, Happened::ConversionUndone { path, profiles, whole: undone.whole });
            store(ctx, state);
        }
        Reply::Done
    });
    let _ = answer.send(result);
    import::look_again(ctx);
}

/// What cannot be undone any more is forgotten; its backup is the person's.
fn store(ctx: &Context, state: &mut State) {
    let now = ctx.now();
    state.conversions.retain(|it| it.undoable(now));
    ctx.commit(vec![Write::Conversions(state.conversions.clone())]);
}
