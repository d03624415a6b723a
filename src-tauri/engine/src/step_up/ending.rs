//! How a question ends that no key answered: it was denied, nobody answered in time, or its sign-in ended. Whoever
//! waited is told why.

use super::{Asking, asking};
use crate::{
    engine::Context,
    keys,
    model::{
        code::Code,
        history::{By, Event as Happened},
        ids::{Grant, OrgId},
        step_up::{For, Unanswered},
    },
    state::State,
};
use jiff::SignedDuration;

/// What was denied to a program is not asked again for so long.
const DENIED: SignedDuration = SignedDuration::from_secs(30);

/// Whether the person denied the role to programs a moment ago.
pub(super) fn was_denied(ctx: &Context, state: &State, grant: &Grant) -> bool {
    state.step_up.denied.iter().any(|(denied, until)| denied == grant && ctx.now() < *until)
}

/// The person said no to the question of that number.
pub(crate) fn deny(ctx: &Context, state: &mut State, number: u64) {
    if state.step_up.now.as_ref().is_some_and(|asking| asking.number == number) {
        give_up(ctx, state, Unanswered::Denied);
    }
}

/// Nobody touched a key.
pub(super) fn give_up(ctx: &Context, state: &mut State, why: Unanswered) {
    let now = ctx.now();
    let Some(asking) = &state.step_up.now else { return };
    let by_program = !asking.programs.is_empty();
    let program = asking.programs.first().and_then(|program| program.name.clone());
    if let For::Role { grant, account_name, act, .. } = asking.wanted.clone() {
        let denied = &mut state.step_up.denied;
        denied.retain(|(other, until)| *other != grant && now < *until);
        if why == Unanswered::Denied && by_program {
            denied.push((grant.clone(), now + DENIED));
        }
        let by = if by_program { By::Program } else { By::You };
        ctx.note(state, by, Happened::StepUpUnanswered { grant, account_name, act, why, program });
    }
    let denied = asking_words(state).filter(|_| why == Unanswered::Denied);
    end(ctx, state, &Code::StepUpEnded { why });
    if let Some(grant) = denied {
        // Those that wait behind it would bring the window back at once.
        drop_words_of(ctx, state, &grant);
    }
}

/// The role of a question in words.
fn asking_words(state: &State) -> Option<Grant> {
    let asking = state.step_up.now.as_ref().filter(|asking| asking.is_in_words())?;
    asking.role().map(|(grant, _)| grant.clone())
}

/// Nobody is asked in words for this role any more.
fn drop_words_of(ctx: &Context, state: &mut State, grant: &Grant) {
    let of_it = |asking: &Asking| asking.is_in_words() && asking.role().is_some_and(|(of, _)| of == grant);
    let (gone, stay) = std::mem::take(&mut state.step_up.line).into_iter().partition::<Vec<_>, _>(of_it);
    state.step_up.line = stay.into();
    let code = Code::StepUpEnded { why: Unanswered::DeniedBefore };
    for held in gone.into_iter().flat_map(|asking| asking.held) {
        held.refuse(ctx, state, &code);
    }
    if state.step_up.now.as_ref().is_some_and(of_it) {
        end(ctx, state, &code);
    }
}

/// The question is over, and nothing of what waited is done.
pub(super) fn end(ctx: &Context, state: &mut State, code: &Code) {
    let Some(asking) = state.step_up.now.take() else { return };
    if asking.running.is_some() {
        keys::give_up(ctx, state);
    }
    for held in asking.held {
        held.refuse(ctx, state, code);
    }
    asking::begin_next(ctx, state);
}

/// Nothing is asked for an organisation any more whose sign-in ended.
pub(super) fn drop_those_of(ctx: &Context, state: &mut State, org: &OrgId) {
    let of_it = |asking: &Asking| asking.role().is_some_and(|(grant, _)| grant.org == *org);
    let (gone, stay) = std::mem::take(&mut state.step_up.line).into_iter().partition::<Vec<_>, _>(of_it);
    state.step_up.line = stay.into();
    for held in gone.into_iter().flat_map(|asking| asking.held) {
        held.refuse(ctx, state, &Code::SignInNeeded);
    }
    if state.step_up.now.as_ref().is_some_and(of_it) {
        end(ctx, state, &Code::SignInNeeded);
    }
}
