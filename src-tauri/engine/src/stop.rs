//! A kept profile's end: our keys leave the file, if that is wanted, and it is kept no more.

use crate::{
    add, cache,
    engine::{Context, Event},
    keep::{look_at_file, missing, recheck_missed},
    model::{
        code::Code,
        history::{By, Event as Happened},
        ids::ProfileName,
        profile::State as ProfileState,
    },
    ports::{FileChange, FileOutcome, FileSet, Write},
    request::{Answer, Reply},
    safety,
    state::{Ending, Org, State},
};
use jiff::SignedDuration;
use tokio::sync::oneshot;

/// So long a profile shows why its keys could not be taken out.
const AFTER_A_FAILED_STOP: SignedDuration = SignedDuration::from_secs(30);

pub(crate) fn begin(
    ctx: &Context,
    state: &mut State,
    name: &ProfileName,
    remove: bool,
    answer: oneshot::Sender<Answer>,
) {
    let Some(profile) = state.profiles.get(name) else {
        let _ = answer.send(Err(missing(name)));
        return;
    };
    let set = state.org(&profile.kept.grant.org).map_or(FileSet::Own, Org::file_set);
    end_when_free(ctx, state, name, Ending { remove, stays: false, set, answers: vec![answer] });
}

/// Ends a profile now, or when what is under way with it is over.
pub(crate) fn end_when_free(ctx: &Context, state: &mut State, name: &ProfileName, mut ending: Ending) {
    match state.profiles.get_mut(name) {
        Some(profile) if profile.in_flight => {
            ending.answers.extend(profile.ending.take().into_iter().flat_map(|e| e.answers));
            profile.ending = Some(ending);
        }
        _ => end(ctx, state, name, ending),
    }
}

/// Ends a profile: it is kept no more once our keys have left the file, if that is wanted.
pub(crate) fn end(ctx: &Context, state: &mut State, name: &ProfileName, ending: Ending) {
    let Ending { remove, stays, set, answers } = ending;
    let Some(profile) = state.profiles.get_mut(name) else {
        return answer_all(answers, &Ok(Reply::Done));
    };
    if !remove {
        kept_no_more(ctx, state, name, false);
        return answer_all(answers, &Ok(Reply::Done));
    }
    profile.in_flight = true;
    let wish = profile.wish;
    let change = FileChange::Remove { profile: name.clone(), last: profile.kept.written.clone() };
    let (ctx, name) = (ctx.clone(), name.clone());
    tokio::spawn(async move {
        let outcome = ctx.ports.files.apply(set, vec![change]).await;
        let result = outcome.map(|(outcomes, _)| outcomes.into_iter().next());
        ctx.send(Event::Stopped(Stopped { name, wish, stays, set, result, answers }));
    });
}

/// How taking a profile's keys out of the file ended.
pub(crate) struct Stopped {
    name: ProfileName,
    /// The last wish when it began.
    wish: u64,
    stays: bool,
    set: FileSet,
    result: Result<Option<FileOutcome>, Code>,
    answers: Vec<oneshot::Sender<Answer>>,
}

/// Keys that are still in the file are still kept: the person is told and can try again.
pub(crate) fn stopped(ctx: &Context, state: &mut State, stopped: Stopped) {
    let Stopped { name, wish, stays, set, result, answers } = stopped;
    let Some(profile) = state.profiles.get_mut(&name) else {
        return answer_all(answers, &Ok(Reply::Done));
    };
    profile.in_flight = false;
    let (org, profile_delivery) = (profile.kept.grant.org.clone(), profile.kept.delivery);
    let asked_again = profile.ending.take();
    let result = match result {
        Ok(Some(FileOutcome::Conflict(conflict))) => {
            profile.state = ProfileState::Conflict(conflict);
            let (profile, suggestion) = (name.to_string(), name.to_string());
            let delivery = profile_delivery;
            Err(Code::ProfileTaken { profile, conflict, suggestion, delivery })
        }
        Ok(Some(FileOutcome::Failed(code))) | Err(code) => {
            profile.state = ProfileState::NotWritable(code.clone());
            profile.not_before = Some(ctx.now() + AFTER_A_FAILED_STOP);
            Err(code)
        }
        Ok(_) if profile.wish == wish && stays => {
            // What goes by itself asks nobody: the next ones come with a touch.
            (profile.kept.written, profile.closed) = (None, false);
            profile.state = ProfileState::TouchNeeded;
            ctx.commit(vec![Write::Kept(profile.kept.clone())]);
            Ok(Reply::Done)
        }
        Ok(_) if profile.wish == wish => {
            kept_no_more(ctx, state, &name, true);
            Ok(Reply::Done)
        }
        Ok(_) => {
            // Wished anew meanwhile: it is written again.
            profile.kept.written = None;
            ctx.commit(vec![Write::Kept(profile.kept.clone())]);
            Ok(Reply::Done)
        }
    };
    answer_all(answers, &result);
    if let Some(ending) = asked_again {
        end(ctx, state, &name, ending);
    }
    add::left(ctx, state, &org, result.err());
    look_at_file(ctx, set);
    recheck_missed(ctx, state);
}

fn kept_no_more(ctx: &Context, state: &mut State, name: &ProfileName, removed: bool) {
    let profile = state.profiles.remove(name);
    ctx.commit(vec![Write::RemoveKept(name.clone())]);
    if let Some((org, session)) =
        profile.as_ref().and_then(|p| Some((p.kept.grant.org.clone(), p.kept.session.clone()?)))
    {
        cache::unused(ctx, state, &org, session);
    }
    if let Some(profile) = profile.filter(|p| p.over) {
        return safety::time_over(ctx, state, &profile.kept);
    }
    ctx.note(state, By::You, Happened::KeepStopped { profile: name.clone(), removed });
}

pub(crate) fn answer_all(answers: Vec<oneshot::Sender<Answer>>, result: &Answer) {
    for answer in answers {
        let _ = answer.send(result.clone());
    }
}
