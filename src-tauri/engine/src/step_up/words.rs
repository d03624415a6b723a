//! Programs that ask for a role which the person confirms in words, where nobody can be asked at the place they run:
//! the window asks, naming the program. A yes holds for that program and role for a while.

use super::{Asking, Held, asking, gate};
use crate::{
    engine::Context,
    hand_out,
    model::{
        Timestamp,
        code::Code,
        environment::Act,
        history::{By, Event as Happened},
        ids::Grant,
        step_up::{Demand, For, Program, Unanswered},
    },
    safety::QUIET,
    state::State,
};

/// Holds keys until the person allowed them, or did not.
pub(crate) fn ask_in_words(ctx: &Context, state: &mut State, wish: hand_out::Wish) {
    if asking::was_denied(ctx, state, wish.grant()) {
        return wish.answer(Err(Code::StepUpEnded { why: Unanswered::DeniedBefore }));
    }
    let (profile, program) = (wish.profile().cloned(), wish.program());
    match gate::role(state, wish.grant(), Act::CopyKeys, profile, Demand::Words) {
        Some(wanted) => {
            let need = gate::Need { wanted, program, lasting: None };
            asking::hold(ctx, state, need, Held::HandOut(wish));
        }
        None => wish.answer(Err(Code::AccessRemoved)),
    }
}

/// Whether the person allowed it to this very program, and that holds still. One that the system knows nothing of is
/// asked about each time.
pub(crate) fn is_allowed(state: &State, grant: &Grant, program: &Program, now: Timestamp) -> bool {
    state.step_up.allowed.iter().any(|(of, to, until)| of == grant && now < *until && is_same(to, program))
}

/// Whether it is the question of this program.
pub(super) fn is_first(asking: &Asking, program: Option<&Program>) -> bool {
    matches!((asking.programs.first(), program), (Some(one), Some(other)) if is_same(one, other))
}

/// By its file, where that is known: a name is anybody's to take.
fn is_same(one: &Program, other: &Program) -> bool {
    one.path.is_some() && one.path == other.path && one.name == other.name
}

/// The person said yes to the question of that number: what waited is done.
pub(super) fn allow(ctx: &Context, state: &mut State, number: u64) {
    let of_it = |asking: &mut Asking| asking.number == number && asking.is_in_words();
    let Some(asking) = state.step_up.now.take_if(of_it) else { return };
    let now = ctx.now();
    let For::Role { grant, account_name, act, .. } = asking.wanted else { return };
    let allowed = &mut state.step_up.allowed;
    allowed.retain(|(.., until)| now < *until);
    let first = asking.programs.into_iter().next();
    allowed.extend(first.map(|program| (grant.clone(), program, now + QUIET)));
    // Who allows it takes back that it was denied.
    state.step_up.denied.retain(|(denied, _)| *denied != grant);
    ctx.note(state, By::You, Happened::Confirmed { grant, account_name, act, why: None, quiet: true });
    for held in asking.held {
        asking::go_on(ctx, state, held, false);
    }
    asking::begin_next(ctx, state);
}
