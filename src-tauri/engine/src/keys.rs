//! What is done with security keys: one operation at a time, a PIN asked for once for all that it opens, and
//! the wizard that empties a key.

pub(crate) mod errand;
pub(crate) mod low;
pub(crate) mod system;
mod wizard;

use crate::{
    engine::{Context, Event},
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
        keys::{
            Finished, Found, Job, KeyAct, KeyFault, KeyId, KeyWish, Keys, Learnt, PinState, Pins, Plugged,
            Purpose, ResetStep, Step, Undone, UserProof,
        },
        step_up::{Proof, Proved},
    },
    request::{Answer, KeysRequest, Reply},
    state::State,
    step_up,
};
use std::{collections::VecDeque, time::Duration};
use tokio::task::JoinHandle;

/// How long a key may take to tell what it is, which nobody asked for and everybody waits for: a second or less, unless
/// the system's driver hangs.
const LOOKS: Duration = Duration::from_secs(20);

/// What the loop keeps of it.
#[derive(Default)]
pub(crate) struct KeyWork {
    pub now: Keys,
    /// Someone looks, or is to be told.
    followed: bool,
    watching: Option<JoinHandle<()>>,
    /// What comes when the PIN was right.
    then: Option<KeyWish>,
    /// What comes when a look is over.
    waiting: VecDeque<(KeyId, KeyWish)>,
    /// It was given up because nobody touched the key.
    late: bool,
    /// The organisation of whose keys one is looked for.
    finding: Option<OrgId>,
    /// Somebody waits for what a key signs.
    errand: Option<errand::Errand>,
    /// Keys with few tries left.
    low: low::Low,
    /// What the key proved, until its operation is over.
    proved: Option<Proved>,
}

impl KeyWork {
    /// Somebody looks at the view of keys.
    pub fn is_followed(&self) -> bool {
        self.followed
    }
}

/// What a task found out.
pub(crate) enum Told {
    /// Keys came or went.
    Seen(Vec<Plugged>),
    /// Nothing can be looked for.
    Blind(KeyFault),
    /// How far the operation of that number is.
    Step(u64, Step),
    /// The port follows the key of the wizard, or cannot.
    Prepared(Result<(), KeyFault>),
    /// What became of a job of the operation of that number.
    Ended(u64, KeyAct, Result<Box<Learnt>, KeyFault>),
}

pub(crate) fn ask(ctx: &Context, state: &mut State, request: KeysRequest) -> Answer {
    let done = match request {
        KeysRequest::Follow(true) => {
            state.keys.followed = true;
            crate::registering::look(ctx, state);
            watch(ctx, state);
            Ok(())
        }
        KeysRequest::Follow(false) => {
            state.keys.followed = false;
            // Nobody sees the wizard, and nobody can end it.
            wizard::end_reset(ctx, state);
            leave(ctx, state);
            Ok(())
        }
        KeysRequest::Rescan => {
            stop_watching(state);
            // A key that did not tell what it is is asked once more.
            state.keys.now.known.retain(|_, known| known.info.is_some());
            watch(ctx, state);
            Ok(())
        }
        KeysRequest::Select(key) => {
            let there = state.keys.now.find(&key).is_some();
            if there {
                state.keys.now.selected = Some(key);
                state.keys.now.last = None;
            }
            if there { Ok(()) } else { Err(KeyFault::Gone) }
        }
        KeysRequest::Do { key, wish } => wish_for(ctx, state, &key, wish),
        KeysRequest::EnterPin { number, pins } => enter_pin(ctx, state, number, pins),
        KeysRequest::Lock => {
            lock(ctx, state);
            Ok(())
        }
        KeysRequest::Cancel => {
            cancel(ctx, state);
            Ok(())
        }
        KeysRequest::Dismiss => {
            state.keys.now.last = None;
            Ok(())
        }
        KeysRequest::Use(key) => errand::choose(ctx, state, key),
        // Answered by their own use-cases.
        KeysRequest::Register { .. } | KeysRequest::System(_) | KeysRequest::WaiveSpare(_) => Ok(()),
        KeysRequest::BeginReset(key) => wizard::begin_reset(state, &key),
        KeysRequest::AgreeReset => {
            wizard::agree(ctx, state);
            Ok(())
        }
        KeysRequest::EndReset => {
            wizard::end_reset(ctx, state);
            Ok(())
        }
    };
    done.map(|()| Reply::Done).map_err(|fault| Code::SecurityKey { fault })
}

pub(crate) fn told(ctx: &Context, state: &mut State, told: Told) {
    match told {
        // A watch that was stopped may have told something before.
        Told::Seen(list) if state.keys.watching.is_some() => seen(ctx, state, list),
        Told::Blind(fault) if state.keys.watching.is_some() => {
            tracing::warn!(?fault, "security keys cannot be looked for");
            stop_watching(state);
            state.keys.now.plugged = Some(Vec::new());
            state.keys.now.problem = Some(fault);
            step_up::keys_changed(ctx, state);
        }
        Told::Seen(_) | Told::Blind(_) => {}
        Told::Step(no, step) => state.keys.now.step(no, step, ctx.now()),
        Told::Prepared(result) => wizard::prepared(state, result),
        Told::Ended(no, act, result) => ended(ctx, state, no, act, result.map(|learnt| *learnt)),
    }
    low::note(state, ctx.now());
}

/// The nearest moment at which something is to do.
pub(crate) fn due(state: &State) -> impl Iterator<Item = Timestamp> {
    let keys = &state.keys.now;
    let locks = keys.unlocked.as_ref().map(|open| open.until);
    let gives_up = keys.running.as_ref().filter(|_| !state.keys.late).and_then(|running| running.until);
    locks.into_iter().chain(gives_up).chain(errand::due(state))
}

/// What is due now.
pub(crate) fn tick(ctx: &Context, state: &mut State, now: Timestamp) {
    let open = state.keys.now.unlocked.as_ref();
    // What is under way is let end; it holds what it needs.
    if open.is_some_and(|open| open.until <= now) {
        lock(ctx, state);
    }
    let late = state.keys.now.running.as_ref().and_then(|running| running.until).is_some_and(|t| t <= now);
    if late && !std::mem::replace(&mut state.keys.late, true) {
        ctx.ports.keys.cancel();
    }
    errand::tick(ctx, state, now);
}

fn watch(ctx: &Context, state: &mut State) {
    if state.keys.watching.is_some() {
        return;
    }
    tracing::debug!("keys are watched");
    (state.keys.now.plugged, state.keys.now.problem) = (None, None);
    let ctx = ctx.clone();
    state.keys.watching = Some(tokio::spawn(async move {
        let tell = ctx.clone();
        let told = Box::new(move |list| tell.send(Event::Keys(Told::Seen(list))));
        let fault = ctx.ports.keys.watch(told).await;
        ctx.send(Event::Keys(Told::Blind(fault)));
    }));
}

/// Keys are followed from now on, for a question that waits for one.
pub(crate) fn follow(ctx: &Context, state: &mut State) {
    watch(ctx, state);
}

fn stop_watching(state: &mut State) {
    if let Some(watching) = state.keys.watching.take() {
        tracing::debug!("keys are watched no more");
        watching.abort();
    }
}

/// Nobody looks: nothing is watched, and nothing is known any more, once nothing is under way.
pub(crate) fn leave(ctx: &Context, state: &mut State) {
    let asks = state.step_up.asks();
    let keys = &mut state.keys;
    let busy = keys.now.running.is_some() || keys.now.reset.is_some() || keys.errand.is_some();
    if asks || keys.followed || busy {
        return;
    }
    stop_watching(state);
    lock(ctx, state);
    let keys = &mut state.keys.now;
    (keys.plugged, keys.problem, keys.last, keys.selected) = (None, None, None, None);
    keys.known.clear();
}

fn seen(ctx: &Context, state: &mut State, list: Vec<Plugged>) {
    tracing::debug!(keys = list.len(), running = ?state.keys.now.running.as_ref().map(|it| it.act), "keys are there");
    let was_unlocked = state.keys.now.unlocked.is_some();
    let pin_is_moot = state.keys.now.seen(list, ctx.now());
    if was_unlocked && state.keys.now.unlocked.is_none() {
        lock(ctx, state);
    }
    if pin_is_moot && let Some(running) = &state.keys.now.running {
        let fault = KeyFault::Removed { undone: Undone::Nothing };
        let no = running.no;
        over(ctx, state, no, Err(fault));
    }
    wizard::erase_if_wanted(ctx, state);
    errand::seen(ctx, state);
    look_at_next(ctx, state);
    step_up::keys_changed(ctx, state);
}

/// Asks a key that has not told yet what it is, when nothing else is under way.
fn look_at_next(ctx: &Context, state: &mut State) {
    let keys = &mut state.keys.now;
    if keys.running.is_some() || matches!(&keys.reset, Some(r) if r.step != ResetStep::Done) {
        return;
    }
    let untold = |key: &&Plugged| !keys.known.contains_key(&key.id);
    let Some(id) = keys.list().iter().find(untold).map(|key| key.id.clone()) else {
        return find(ctx, state);
    };
    if let Ok(no) = keys.begin(&id, KeyAct::Look) {
        run(ctx, state, no, &id, Job { wish: KeyWish::Look, pins: None });
    }
}

/// Asks a key whether it is one of those that an organisation knows, when nothing else is under way.
pub(crate) fn find(ctx: &Context, state: &mut State) {
    if !state.keys.followed || state.keys.now.running.is_some() || wizard::is_resetting(state) {
        return;
    }
    let Some((key, org)) = state.keys.now.unfound() else { return };
    let site = state.org(&org).and_then(|org| org.organisation.start_url.domain().map(str::to_owned));
    let all = state.keys.now.registered.get(&org).into_iter().flatten();
    let credentials: Vec<_> = all.filter_map(|one| one.credential.clone()).collect();
    let Some(site) = site.filter(|_| !credentials.is_empty()) else {
        return found(ctx, state, &key, &org, Found::No);
    };
    if let Ok(no) = state.keys.now.begin(&key, KeyAct::Find) {
        state.keys.finding = Some(org);
        run(ctx, state, no, &key, Job { wish: KeyWish::Find { site, credentials }, pins: None });
    }
}

fn found(ctx: &Context, state: &mut State, key: &KeyId, org: &OrgId, what: Found) {
    if let Some(known) = state.keys.now.known.get_mut(key) {
        known.found.insert(org.clone(), what);
    }
    find(ctx, state);
}

/// An organisation told anew, or tells no more, where the person's keys are. A key that is being asked with the list of
/// before says nothing of this one, such as that it is not registered which was registered a moment ago.
pub(crate) fn ask_anew(state: &mut State, org: &OrgId) {
    state.keys.finding.take_if(|finding| finding == org);
    for known in state.keys.now.known.values_mut() {
        known.found.remove(org);
    }
}

/// Which of the registered keys it is.
fn which(state: &State, org: &OrgId, result: Result<Learnt, KeyFault>) -> Found {
    match result {
        Ok(Learnt { holds: Some(id), .. }) => {
            let mut all = state.keys.now.registered.get(org).into_iter().flatten();
            let one = all.find(|one| one.credential.as_ref() == Some(&id)).cloned();
            one.map_or(Found::No, Found::As)
        }
        Ok(_) => Found::No,
        Err(_) => Found::Untold,
    }
}

fn wish_for(ctx: &Context, state: &mut State, key: &KeyId, wish: KeyWish) -> Result<(), KeyFault> {
    let (keys, act) = (&mut state.keys.now, wish.act());
    // A key is emptied by the wizard alone.
    if act == KeyAct::Reset {
        return Err(KeyFault::NotSupported);
    }
    if matches!(&keys.reset, Some(r) if r.step != ResetStep::Done) {
        return Err(KeyFault::InUse);
    }
    if keys.running.as_ref().is_some_and(|running| running.act.is_a_look()) {
        state.keys.waiting.push_back((key.clone(), wish));
        return Ok(());
    }
    let info = keys.info(key);
    let has_pin = info.map(|info| info.pin);
    let open = keys.is_unlocked(key, ctx.now());
    if info.is_some_and(|info| info.u2f_only) && act != KeyAct::Look {
        return Err(KeyFault::U2fOnly);
    }
    let purpose = match act {
        KeyAct::SetPin => Some(Purpose::Set),
        KeyAct::ChangePin => Some(Purpose::Change),
        KeyAct::Unlock => Some(Purpose::Unlock),
        _ if act.needs_pin() && !open => Some(Purpose::Unlock),
        _ => None,
    };
    let refused = match (purpose, has_pin) {
        (Some(Purpose::Unlock | Purpose::Change), Some(PinState::NotSet)) => Some(KeyFault::PinNotSet),
        (Some(_), Some(PinState::None)) => Some(KeyFault::NotSupported),
        (Some(_), Some(PinState::Paused)) => Some(KeyFault::PinPaused),
        (Some(_), Some(PinState::Blocked)) => Some(KeyFault::PinBlocked),
        (Some(Purpose::Unlock), Some(PinState::ChangeNeeded)) => Some(KeyFault::PinChangeNeeded),
        _ => None,
    };
    if let Some(fault) = refused {
        return Err(fault);
    }
    let no = keys.begin(key, act)?;
    match purpose {
        Some(purpose) => {
            keys.ask_pin(purpose, None);
            state.keys.then = Some(wish);
        }
        None => run(ctx, state, no, key, Job { wish, pins: None }),
    }
    Ok(())
}

/// Has a key prove that its owner touched it, with its PIN first where that is how it knows them: the operation's
/// number. `wrong`: why the PIN is asked for where something else was tried.
pub(crate) fn prove(
    ctx: &Context,
    state: &mut State,
    key: &KeyId,
    (proof, by): (Proof, UserProof),
    wrong: Option<KeyFault>,
) -> Result<u64, KeyFault> {
    let wish = KeyWish::Prove { proof: Box::new(proof), by };
    let no = state.keys.now.begin(key, wish.act())?;
    if by == UserProof::Pin {
        state.keys.now.ask_pin(Purpose::Unlock, wrong);
        state.keys.then = Some(wish);
    } else {
        run(ctx, state, no, key, Job { wish, pins: None });
    }
    Ok(no)
}

/// Gives up what is under way, for whoever began it.
pub(crate) fn give_up(ctx: &Context, state: &mut State) {
    cancel(ctx, state);
}

/// The window for it sent a PIN. It is for the question of that number alone.
fn enter_pin(ctx: &Context, state: &mut State, number: u64, pins: Pins) -> Result<(), KeyFault> {
    let keys = &mut state.keys;
    let Some((running, asked)) = keys.now.pin_asked().filter(|(_, asked)| asked.number == number) else {
        return Err(KeyFault::Gone);
    };
    let (no, key, purpose, least) = (running.no, running.key.id.clone(), asked.purpose, asked.least);
    let (wants_old, wants_new) = (purpose != Purpose::Set, matches!(purpose, Purpose::Set | Purpose::Change));
    let missing = (wants_old && pins.old.is_none()) || (wants_new && pins.new.is_none());
    let unfit = pins.new.as_ref().filter(|_| wants_new).and_then(|new| new.fits(least).err());
    if let Some(fault) = unfit.or_else(|| missing.then_some(KeyFault::PinTooShort { least })) {
        keys.now.ask_pin(purpose, Some(fault));
        return Ok(());
    }
    let wish = match purpose {
        // The PIN is for this one proof, and opens nothing else.
        Purpose::Unlock => match &keys.then {
            Some(proof @ KeyWish::Prove { .. }) => proof.clone(),
            _ => KeyWish::Unlock,
        },
        Purpose::Set => KeyWish::SetPin,
        Purpose::Change => KeyWish::ChangePin,
        Purpose::Prove => keys.then.clone().ok_or(KeyFault::Gone)?,
    };
    keys.now.step(no, Step::Working, ctx.now());
    run(ctx, state, no, &key, Job { wish, pins: Some(pins) });
    Ok(())
}

fn run(ctx: &Context, state: &mut State, no: u64, key: &KeyId, job: Job) {
    state.keys.late = false;
    let act = job.wish.act();
    // These are done by a key that is closed.
    if matches!(act, KeyAct::Identify | KeyAct::SetPin | KeyAct::ChangePin | KeyAct::Reset | KeyAct::Prove) {
        lock(ctx, state);
    }
    tracing::debug!(no, ?act, %key, "a key is asked");
    let (ctx, key) = (ctx.clone(), key.clone());
    tokio::spawn(async move {
        let (tell, working) = (ctx.clone(), ctx.clone());
        let told = Box::new(move |step| tell.send(Event::Keys(Told::Step(no, step))));
        // A task of its own: what a driver of the system's holds up, or a mistake, ends that one alone.
        let work = tokio::spawn(async move { working.ports.keys.run(&key, job, told).await });
        let result = if act.is_a_look() { tokio::time::timeout(LOOKS, work).await } else { Ok(work.await) };
        let no_answer = |what| Err(KeyFault::NoAnswer { what });
        let result = match result {
            Ok(ended) => ended.unwrap_or_else(|error| no_answer(error.to_string())),
            Err(late) => {
                ctx.ports.keys.cancel();
                no_answer(late.to_string())
            }
        };
        ctx.send(Event::Keys(Told::Ended(no, act, result.map(Box::new))));
    });
}

/// A job is over, and with it the operation, unless a PIN opened the way to what was wished, or was wrong.
fn ended(ctx: &Context, state: &mut State, no: u64, act: KeyAct, result: Result<Learnt, KeyFault>) {
    tracing::debug!(no, ?act, fault = ?result.as_ref().err(), "a key is done");
    let Some(running) = state.keys.now.running.clone().filter(|running| running.no == no) else { return };
    let key = &running.key.id;
    let result = match result {
        // Cancelled by the clock, not by the person.
        Err(KeyFault::Cancelled { undone }) if state.keys.late => Err(KeyFault::TimedOut { undone }),
        other => other,
    };
    match (act, result) {
        (KeyAct::Unlock, Ok(learnt)) => {
            state.keys.now.learn(key, learnt);
            state.keys.now.unlocked(key, ctx.now());
            match state.keys.then.take().filter(|wish| wish.act() != KeyAct::Unlock) {
                Some(wish) => run(ctx, state, no, key, Job { wish, pins: None }),
                None => over(ctx, state, no, Ok(())),
            }
        }
        (KeyAct::Find, result) => {
            let org = state.keys.finding.take();
            state.keys.now.end(no, Ok(()), ctx.now());
            if let Some(org) = org {
                let what = which(state, &org, result);
                if let Some(known) = state.keys.now.known.get_mut(key) {
                    known.found.insert(org, what);
                }
            }
            over(ctx, state, no, Ok(()));
        }
        (act, Ok(learnt)) if act.signs() => {
            errand::signed(state, no, learnt.signed);
            over(ctx, state, no, Ok(()));
        }
        (act, Err(fault @ KeyFault::WrongPin { .. })) if act.signs() => {
            state.keys.now.learn_fault(key, &fault);
            state.keys.now.ask_pin(Purpose::Prove, Some(fault));
        }
        (act, Err(fault @ (KeyFault::PinNeeded | KeyFault::NotRecognised)))
            if act.signs() && state.keys.then.is_none() && errand::by_pin(state, key, &fault) => {}
        (KeyAct::Prove, Ok(learnt)) => {
            state.keys.proved = learnt.proved;
            over(ctx, state, no, Ok(()));
        }
        (_, Ok(learnt)) => {
            // A key that demands another PIN takes nothing more by the one that opened it.
            let demands = learnt.info.as_ref().is_some_and(|info| info.pin == PinState::ChangeNeeded);
            if demands || act == KeyAct::ForcePinChange {
                lock(ctx, state);
            }
            note(ctx, state, &running.key, act);
            state.keys.now.learn(key, learnt);
            over(ctx, state, no, Ok(()));
        }
        (KeyAct::Unlock | KeyAct::ChangePin | KeyAct::Prove, Err(fault @ KeyFault::WrongPin { .. })) => {
            state.keys.now.learn_fault(key, &fault);
            let purpose = if act == KeyAct::ChangePin { Purpose::Change } else { Purpose::Unlock };
            state.keys.now.ask_pin(purpose, Some(fault));
        }
        (KeyAct::SetPin | KeyAct::ChangePin, Err(fault @ KeyFault::PinRefused)) => {
            let purpose = if act == KeyAct::SetPin { Purpose::Set } else { Purpose::Change };
            state.keys.now.ask_pin(purpose, Some(fault));
        }
        (_, Err(fault)) => {
            // What the PIN opened has closed by itself: the next wish asks for it.
            if fault == KeyFault::PinNeeded {
                lock(ctx, state);
            }
            over(ctx, state, no, Err(fault));
        }
    }
}

/// The operation is over; what waited begins.
fn over(ctx: &Context, state: &mut State, no: u64, result: Result<(), KeyFault>) {
    let proves = state.keys.now.running.as_ref().is_some_and(|it| it.no == no && it.act == KeyAct::Prove);
    state.keys.now.end(no, result.clone(), ctx.now());
    state.keys.then = None;
    state.keys.late = false;
    let proved = state.keys.proved.take();
    if proves {
        step_up::ended(ctx, state, no, result.clone().map(|()| proved));
    }
    while state.keys.now.running.is_none()
        && let Some((key, wish)) = state.keys.waiting.pop_front()
    {
        let act = wish.act();
        if let (Err(fault), Some(key)) =
            (wish_for(ctx, state, &key, wish), state.keys.now.find(&key).cloned())
        {
            state.keys.now.last = Some(Finished { key, act, result: Err(fault), at: ctx.now() });
        }
    }
    errand::over_with(ctx, state, no, result);
    wizard::erase_if_wanted(ctx, state);
    errand::go_on(ctx, state);
    look_at_next(ctx, state);
    step_up::keys_changed(ctx, state);
    leave(ctx, state);
}

fn cancel(ctx: &Context, state: &mut State) {
    // What goes on at a key is given up before what waits for one.
    let idle = state.keys.now.running.as_ref().is_none_or(|running| running.act.is_a_look());
    if idle && errand::waits(state) {
        errand::drop_it(ctx, state);
        leave(ctx, state);
        return;
    }
    let Some(running) = &state.keys.now.running else { return };
    let no = running.no;
    if matches!(running.step, Step::Pin(_)) {
        over(ctx, state, no, Err(KeyFault::Cancelled { undone: Undone::Nothing }));
    } else {
        ctx.ports.keys.cancel();
    }
}

fn lock(ctx: &Context, state: &mut State) {
    state.keys.now.lock();
    ctx.ports.keys.lock();
}

/// Activity has what changed a key.
fn note(ctx: &Context, state: &mut State, key: &Plugged, act: KeyAct) {
    if act.changes() {
        ctx.note(state, By::You, Happened::KeyChanged { key: key.name.clone(), act });
    }
}
