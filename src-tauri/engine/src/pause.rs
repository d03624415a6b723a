//! A pause of all refreshing, and its end.

use crate::{
    engine::Context,
    model::{
        history::{By, Event as Happened},
        settings::Pause,
    },
    ports::Write,
    request::{Answer, PauseFor, Reply},
    state::State,
};
use jiff::SignedDuration;

/// Pauses all refreshing.
pub(crate) fn begin(ctx: &Context, state: &mut State, how_long: PauseFor) -> Answer {
    let until = match how_long {
        // A time beyond the calendar's end is until the person resumes.
        PauseFor::Duration(d) => ctx.now().checked_add(d).ok(),
        PauseFor::Tomorrow => {
            let local = ctx.now().to_zoned_datetime(ctx.zone.clone());
            let nine = local
                .tomorrow()
                .and_then(|day| day.with().hour(9).minute(0).second(0).subsec_nanosecond(0).build());
            Some(nine.map_or(ctx.now() + SignedDuration::from_hours(24), |z| z.timestamp()))
        }
        PauseFor::UntilResumed => None,
    };
    state.pause = Some(Pause { until });
    ctx.commit(vec![Write::Pause(state.pause)]);
    ctx.note(state, By::You, Happened::Paused { until });
    Ok(Reply::Done)
}

/// Goes on with it.
pub(crate) fn end(ctx: &Context, state: &mut State) -> Answer {
    if state.pause.take().is_some() {
        ctx.commit(vec![Write::Pause(None)]);
        ctx.note(state, By::You, Happened::Resumed);
    }
    Ok(Reply::Done)
}
