//! Programs that ask for a role which the person confirms in words, where nobody can be asked at the place they run:
//! the window asks, naming the program. A yes holds for that program and role for a while.

use super::{Asking, Held, asking, ending, gate};
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
    if ending::was_denied(ctx, state, wish.grant()) {
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

/// By its file and name, where they are known. What runs scripts is another program with each: it has to be the very
/// process, unless it goes by the script's name. That keeps slips away, not what takes another's name on purpose.
fn is_same(one: &Program, other: &Program) -> bool {
    let very = one.pid != 0 && one.pid == other.pid;
    if one.path != other.path || one.name != other.name {
        return false;
    }
    very || one.path.as_deref().is_some_and(|path| !runs_scripts(path, one.name.as_deref()))
}

/// Programs that run what others wrote, by how their files' names begin.
const RUN_SCRIPTS: [&str; 19] = [
    "ash", "bash", "bun", "busybox", "dash", "deno", "fish", "java", "ksh", "lua", "node", "perl", "php",
    "pwsh", "python", "ruby", "sh", "tcsh", "zsh",
];

fn runs_scripts(path: &str, name: Option<&str>) -> bool {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let one_of = |name: &str| {
        // `python3.13`, `ruby3.1`: the version is no other program.
        let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        RUN_SCRIPTS.contains(&bare)
    };
    // A script that is started by its own name goes by it: `aws`, `ansible-playbook`.
    one_of(file) && name.is_none_or(one_of)
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
        match held {
            // The role may have been marked while this was asked: a word is no touch.
            Held::HandOut(wish) => {
                if let Some(wish) = gate::hold_found(ctx, state, wish) {
                    hand_out::begin(ctx, state, wish);
                }
            }
            other => asking::go_on(ctx, state, other, false),
        }
    }
    asking::begin_next(ctx, state);
}
