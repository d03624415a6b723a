//! Pausing all refreshing.

use crate::{
    engine::Context,
    model::history::{By, Event as Happened},
    ports::Write,
    request::{Answer, PauseFor, Reply},
    state::State,
};
use jiff::SignedDuration;

pub(crate) fn all(ctx: &Context, state: &mut State, how_long: PauseFor) -> Answer {
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
    state.pause = Some(crate::model::settings::Pause { until });
    ctx.commit(vec![Write::Pause(state.pause)]);
    ctx.note(state, By::You, Happened::Paused { until });
    Ok(Reply::Done)
}

pub(crate) fn resume(ctx: &Context, state: &mut State) -> Answer {
    if state.pause.take().is_some() {
        ctx.commit(vec![Write::Pause(None)]);
        ctx.note(state, By::You, Happened::Resumed);
    }
    Ok(Reply::Done)
}
