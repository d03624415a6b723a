//! Activity as a whole: whether it is what was written, taking it all away, and writing it to a file.

use crate::{
    engine::{Context, Event},
    model::{
        code::Code,
        history::{By, Event as Happened},
    },
    ports::{RecordCheck, Write},
    request::{Answer, ExportFormat, Reply},
    state::State,
};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::oneshot;

/// What a task found out or did.
pub(crate) enum Outcome {
    Checked(Result<RecordCheck, Code>),
    /// Up to the line of this number.
    Cleared(i64, Result<(), Code>, oneshot::Sender<Answer>),
    Exported(Result<PathBuf, Code>, u32, oneshot::Sender<Answer>),
}

/// Follows the record's chain, in the background.
pub(crate) fn check(ctx: &Context, state: &mut State) {
    if std::mem::replace(&mut state.record.checking, true) {
        return;
    }
    let ctx = ctx.clone();
    tokio::spawn(async move {
        ctx.flush().await;
        let checked = ctx.ports.store.check_record().await;
        ctx.send(Event::Record(Outcome::Checked(checked)));
    });
}

/// Takes all lines away that are there now.
pub(crate) fn clear(ctx: &Context, state: &State, answer: oneshot::Sender<Answer>) {
    let last = state.last_line;
    let cleared = ctx.committed(vec![Write::ClearHistory]);
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = cleared.await;
        ctx.send(Event::Record(Outcome::Cleared(last, result, answer)));
    });
}

/// Writes a file among the person's downloads.
pub(crate) fn export(
    ctx: &Context,
    format: ExportFormat,
    text: String,
    lines: u32,
    answer: oneshot::Sender<Answer>,
) {
    let local = ctx.now().to_zoned_datetime(ctx.zone.clone());
    let what = if format == ExportFormat::Report { "report" } else { "activity" };
    let name = format!("latchkey-{what}-{}.{}", local.strftime("%Y%m%d-%H%M%S"), format.ending());
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let saved = ctx.ports.exports.save(&name, text).await;
        // A report has nothing of Activity but kinds.
        if format == ExportFormat::Report {
            let _ = answer.send(saved.map(Reply::Exported));
        } else {
            ctx.send(Event::Record(Outcome::Exported(saved, lines, answer)));
        }
    });
}

/// Shows the folder of logs.
pub(crate) fn show_logs(ctx: &Context, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let _ = answer.send(ctx.ports.exports.show_logs().await.map(|()| Reply::Done));
    });
}

pub(crate) fn finish(ctx: &Context, state: &mut State, outcome: Outcome) {
    match outcome {
        Outcome::Checked(checked) => {
            state.record.checking = false;
            let before = state.record.checked.as_ref().map(|(_, found)| found.clone());
            if let Ok(RecordCheck::Broken { entry }) = checked {
                tracing::warn!(entry, "the record was changed outside");
                if before != Some(checked.clone()) {
                    ctx.note(state, By::Schedule, Happened::RecordBroken { entry });
                }
            }
            state.record.checked = Some((ctx.now(), checked));
        }
        Outcome::Cleared(last, result, answer) => {
            if result.is_ok() {
                Arc::make_mut(&mut state.history).retain(|line| line.id > last);
                ctx.note(state, By::You, Happened::RecordCleared);
                check(ctx, state);
            }
            let _ = answer.send(result.map(|()| Reply::Done));
        }
        Outcome::Exported(saved, lines, answer) => {
            if let Ok(path) = &saved {
                let path = path.display().to_string();
                ctx.note(state, By::You, Happened::RecordExported { path, lines });
            }
            let _ = answer.send(saved.map(Reply::Exported));
        }
    }
}
