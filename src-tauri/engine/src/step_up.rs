//! Step-up: a privileged role is used only after a touch of a registered key. What asks for a touch is held here
//! until a key answered, and done then; what a touch opened is closed again by its time, by the person, with the
//! sign-in, or when the screen is locked.
//!
//! Invariant: whoever waits is answered: by what was asked for, or by why it was not done.

mod asking;
mod ending;
mod gate;
mod opened;
mod words;

pub(crate) use asking::{ended, finish, keys_changed, show_again};
pub(crate) use ending::deny;
pub(crate) use gate::{ask, demanded, gate, hold_found, learnt, mark_by_policy, mark_by_rules, unmarked};
pub(crate) use opened::{close, is_open, needs_no_touch, was_touched};
pub(crate) use words::{ask_in_words, is_allowed};

use crate::{
    console,
    engine::Context,
    hand_out,
    model::{
        Timestamp,
        code::Code,
        ids::{Grant, OrgId, ProfileName},
        keys::{KeyFault, KeyId, Step},
        step_up::{
            Closed, Demand, For, Opened, Program, Progress, Question, StepUpKey, StepUpNow, Unanswered,
        },
    },
    ports::{KeyChallenge, NativeError},
    request::{Answer, Request},
    state::State,
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use tokio::sync::oneshot;

/// What the loop keeps of it.
#[derive(Default)]
pub(crate) struct StepUp {
    /// Keys that are known here.
    pub keys: Vec<StepUpKey>,
    opened: Vec<Opened>,
    /// Roles that a server refused without a touch, also before this start.
    demanded: BTreeSet<Grant>,
    now: Option<Asking>,
    /// Other questions, in their order: there is one window.
    line: VecDeque<Asking>,
    /// What the person denied to programs, and until when that stands: a tool that tries again at once does not
    /// bring the window back.
    denied: Vec<(Grant, Timestamp)>,
    /// What the person allowed a program in words, and until when.
    allowed: Vec<(Grant, Program, Timestamp)>,
    numbers: u64,
}

impl StepUp {
    /// Whether a server gives this role out after a touch alone, as it told.
    pub fn is_demanded(&self, grant: &Grant) -> bool {
        self.demanded.contains(grant)
    }

    /// All of them.
    pub fn demanded(&self) -> impl Iterator<Item = &Grant> {
        self.demanded.iter()
    }

    /// What servers told before this start.
    pub fn remember(&mut self, demanded: Vec<Grant>) {
        self.demanded = demanded.into_iter().collect();
    }

    /// Whether keys have to be followed for it.
    pub fn asks(&self) -> bool {
        self.now.as_ref().is_some_and(|asking| !asking.is_in_words())
    }

    /// Whether the question of that number is asked.
    pub fn asks_number(&self, number: u64) -> bool {
        self.now.as_ref().is_some_and(|asking| asking.number == number)
    }
}

/// What is done when a touch came, and whoever waits for it.
pub(crate) enum Held {
    /// A wish, as it was asked.
    Ask(Request, oneshot::Sender<Answer>),
    /// Keys that a server gives out after a touch alone.
    HandOut(hand_out::Wish),
    /// A console, likewise.
    Console(console::Wish),
    /// A kept profile, likewise.
    Refresh(ProfileName),
}

impl Held {
    fn refuse(self, ctx: &Context, state: &mut State, code: &Code) {
        match self {
            // Whoever asked may have gone.
            Self::Ask(_, answer) => drop(answer.send(Err(code.clone()))),
            Self::HandOut(wish) => wish.answer(Err(code.clone())),
            // Who said no knows.
            Self::Console(wish) if *code == (Code::StepUpEnded { why: Unanswered::Denied }) => {
                state.launches.retain(|(target, _)| target.role() != Some(&wish.grant));
            }
            Self::Console(wish) => console::failed(ctx, state, &wish.grant, code.clone()),
            // It says so by itself.
            Self::Refresh(_) => {}
        }
    }
}

/// A question.
struct Asking {
    number: u64,
    wanted: For,
    /// For how long a profile is to be kept, where that was said.
    lasting: Option<Duration>,
    programs: Vec<Program>,
    until: Timestamp,
    /// However much happens, it is given up then.
    latest: Timestamp,
    held: Vec<Held>,
    /// Keys that did not answer it.
    tried: BTreeSet<KeyId>,
    refused: Option<(String, KeyFault)>,
    /// Keys that are asked by their PIN, though they take fingers or asked for a touch alone, and why.
    by_pin: BTreeMap<KeyId, KeyFault>,
    /// The operation under way with a key.
    running: Option<(u64, KeyId, String)>,
    /// A key that was busy, and when it is asked again.
    again: Option<(KeyId, Timestamp)>,
    /// The person wants another key.
    skip: bool,
    /// So often the person asked to see it.
    raised: u32,
    server: Server,
}

/// How far a question is with the server that demands the touch.
#[derive(Default)]
enum Server {
    /// Nothing was asked of it, or nothing is to be.
    #[default]
    Unasked,
    /// It is asked.
    Asked,
    /// It asks this.
    Challenge(Box<KeyChallenge>),
    /// It looks at the answer of this key.
    Checking(String),
}

impl Asking {
    fn role(&self) -> Option<(&Grant, Demand)> {
        match &self.wanted {
            For::Role { grant, demand, .. } => Some((grant, *demand)),
            _ => None,
        }
    }

    fn is_in_words(&self) -> bool {
        self.role().is_some_and(|(_, demand)| demand == Demand::Words)
    }

    fn is_of_server(&self) -> bool {
        self.role().is_some_and(|(_, demand)| demand == Demand::Server)
    }
}

/// What a task found out; each with the number of its question.
pub(crate) enum Told {
    /// The server asks this of the person's keys.
    Challenge(u64, Box<Result<KeyChallenge, NativeError>>),
    /// The server opened the role until then, by the key of that name.
    Opened(u64, Result<Timestamp, NativeError>),
}

/// As everybody sees it.
pub(crate) fn now(state: &State) -> StepUpNow {
    let it = &state.step_up;
    StepUpNow {
        question: it.now.as_ref().map(|asking| question(state, asking)),
        opened: it.opened.clone(),
        keys: it.keys.clone(),
        demanded: it.demanded.iter().cloned().collect(),
    }
}

fn question(state: &State, asking: &Asking) -> Question {
    Question {
        number: asking.number,
        wanted: asking.wanted.clone(),
        programs: asking.programs.clone(),
        until: asking.until,
        progress: progress(state, asking),
        refused: asking.refused.clone(),
        raised: asking.raised,
        others: state.keys.now.list().len() > 1 || !asking.tried.is_empty(),
    }
}

fn progress(state: &State, asking: &Asking) -> Progress {
    if asking.is_in_words() {
        return Progress::Word;
    }
    let keys = &state.keys.now;
    if matches!(asking.server, Server::Asked | Server::Checking(_)) {
        return Progress::Checking;
    }
    let of_it = |(no, ..): &&(u64, KeyId, String)| keys.running.as_ref().is_some_and(|run| run.no == *no);
    match (asking.running.as_ref().filter(of_it), keys.running.as_ref().map(|run| &run.step)) {
        (Some((.., key)), Some(Step::Touch)) => Progress::Touch { key: key.clone() },
        (Some((.., key)), Some(Step::Verify)) => Progress::Finger { key: key.clone() },
        (Some(_), Some(Step::Pin(_))) => Progress::Pin,
        (_, Some(_)) => Progress::Working,
        (_, None) if keys.plugged.is_none() && keys.problem.is_none() => Progress::Working,
        (_, None) => Progress::Insert,
    }
}

/// The nearest moments at which something is to do.
pub(crate) fn due(state: &State) -> impl Iterator<Item = Timestamp> {
    let it = &state.step_up;
    let asked =
        it.now.iter().flat_map(|asking| asking.again.iter().map(|(_, from)| *from).chain([asking.until]));
    asked.chain(it.opened.iter().map(|one| one.until))
}

/// What is due now.
pub(crate) fn tick(ctx: &Context, state: &mut State, now: Timestamp) {
    asking::tick(ctx, state, now);
    opened::tick(ctx, state, now);
}

/// A sign-in ended: what its person opened is closed, and nothing is asked for it any more.
pub(crate) fn signed_out(ctx: &Context, state: &mut State, org: &OrgId) {
    ending::drop_those_of(ctx, state, org);
    state.step_up.allowed.retain(|(grant, ..)| grant.org != *org);
    close(ctx, state, Closed::SignedOut, |one| one.grant.org == *org);
}

/// The screen was locked.
pub(crate) fn locked(ctx: &Context, state: &mut State) {
    if state.settings.safety.step_up.lock_ends {
        state.step_up.allowed.clear();
        close(ctx, state, Closed::Locked, |_| true);
    }
}
