//! One question at a time: a key is found, it is asked, its answer is looked at, and what waited is done.

use super::{
    Asking, Held, Server, Told,
    ending::{end, give_up},
    gate, opened, words,
};
use crate::{
    console,
    engine::{self, Context, Event},
    hand_out, keep, keys,
    model::{
        Timestamp,
        code::Code,
        environment::Act,
        history::{By, Event as Happened},
        keys::{Ceremony, Info, KeyFault, KeyId, Undone, UserProof, Verification},
        profile::State as ProfileState,
        step_up::{Demand, For, Opened, PATIENCE, Proof, Proved, StepUpKey, Unanswered},
    },
    notify,
    ports::{KeyAnswer, NativeError, Write},
    request::{Answer, Reply, Request, StepUpRequest},
    safety, sign_in,
    state::State,
};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// However much happens, whoever waits is answered after so long.
const LATEST: SignedDuration = SignedDuration::from_mins(5);

/// A key that another one talks to, or that is not yet done with what it was asked before, is asked again so soon.
const AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// Asks, with the same question where it is asked already.
pub(super) fn hold(ctx: &Context, state: &mut State, need: gate::Need, held: Held) {
    let gate::Need { wanted, program, lasting } = need;
    let it = &mut state.step_up;
    let same = |one: &&mut Asking| match (one.role(), &wanted) {
        // A yes to one program is none to another.
        (Some(_), For::Role { demand: Demand::Words, .. }) if !words::is_first(one, program.as_ref()) => {
            false
        }
        (Some((asked, by)), For::Role { grant, demand, .. }) => asked == grant && by == *demand,
        _ => false,
    };
    let asked = it.now.iter_mut().chain(&mut it.line).find(same);
    if let Some(asking) = asked {
        asking.lasting = asking.lasting.max(lasting);
        asking.programs.extend(program.filter(|p| !asking.programs.contains(p)));
        return asking.held.push(held);
    }
    it.numbers += 1;
    let asking = Asking {
        number: it.numbers,
        wanted,
        lasting,
        programs: program.into_iter().collect(),
        until: ctx.now() + PATIENCE,
        latest: ctx.now() + LATEST,
        held: vec![held],
        tried: BTreeSet::new(),
        refused: None,
        by_pin: BTreeMap::new(),
        running: None,
        again: None,
        skip: false,
        raised: 0,
        server: Server::Unasked,
    };
    it.line.push_back(asking);
    begin_next(ctx, state);
}

pub(super) fn begin_next(ctx: &Context, state: &mut State) {
    if state.step_up.now.is_some() {
        return;
    }
    let Some(mut asking) = state.step_up.line.pop_front() else { return keys::leave(ctx, state) };
    (asking.until, asking.latest) = (ctx.now() + PATIENCE, ctx.now() + LATEST);
    let notice = asking
        .programs
        .first()
        .and_then(|program| notify::touch_needed(&asking.wanted, program, asking.number, asking.until));
    let in_words = asking.is_in_words();
    state.step_up.now = Some(asking);
    if let Some(notice) = notice {
        notify::raise(state, notice, ctx.now());
    }
    if in_words {
        // Keys are for other questions.
        return keys::leave(ctx, state);
    }
    keys::follow(ctx, state);
    advance(ctx, state);
}

/// Keys came or went, or one is free again.
pub(crate) fn keys_changed(ctx: &Context, state: &mut State) {
    let list: Vec<KeyId> = state.keys.now.list().iter().map(|key| key.id.clone()).collect();
    if let Some(asking) = &mut state.step_up.now {
        // Plugged in again, it may be asked again.
        asking.tried.retain(|id| list.contains(id));
        asking.by_pin.retain(|id, _| list.contains(id));
    }
    advance(ctx, state);
}

/// Does what can be done next for the question.
fn advance(ctx: &Context, state: &mut State) {
    let Some(asking) = &state.step_up.now else { return };
    if asking.is_in_words()
        || asking.running.is_some()
        || state.keys.now.running.is_some()
        || state.keys.now.reset.is_some()
    {
        return;
    }
    match &asking.server {
        Server::Unasked if asking.is_of_server() => return ask_server(ctx, state),
        Server::Asked | Server::Checking(_) => return,
        Server::Unasked | Server::Challenge(_) => {}
    }
    let keys = &state.keys.now;
    let Some(key) = keys.list().iter().find(|key| !asking.tried.contains(&key.id)).cloned() else { return };
    // Asked what it is first, which comes by itself.
    let Some(known) = keys.known.get(&key.id) else { return };
    let proof = proof(state, asking);
    let by = match (&known.info, &known.fault) {
        (_, Some(fault)) => Err(fault.clone()),
        (Some(info), None) if info.u2f_only => Err(KeyFault::U2fOnly),
        (Some(info), None) if asking.by_pin.contains_key(&key.id) => UserProof::by_pin(info),
        (Some(info), None) => by(&proof, info),
        // It is being looked at.
        (None, None) => return,
    };
    let why = asking.by_pin.get(&key.id).filter(|why| **why == KeyFault::NotRecognised).cloned();
    let begun = by.and_then(|by| keys::prove(ctx, state, &key.id, (proof, by), why));
    let Some(asking) = &mut state.step_up.now else { return };
    match begun {
        Ok(no) => asking.running = Some((no, key.id, key.name)),
        Err(fault) => {
            if matches!(fault, KeyFault::Busy | KeyFault::InUse) {
                asking.again = Some((key.id.clone(), ctx.now() + AGAIN));
            }
            asking.tried.insert(key.id);
            asking.refused = Some((key.name, fault));
            advance(ctx, state);
        }
    }
}

/// What the key is asked.
fn proof(state: &State, asking: &Asking) -> Proof {
    let keys = &state.step_up.keys;
    match (&asking.server, &asking.wanted) {
        (Server::Challenge(asked), _) => {
            Proof::Server { options: asked.options.clone(), origin: asked.origin.clone() }
        }
        (_, For::Register) => Proof::Register { known: keys.clone() },
        _ => Proof::Here { allowed: keys.clone(), verify: state.settings.safety.step_up.verify },
    }
}

/// How this key is to know who touches it.
fn by(proof: &Proof, info: &Info) -> Result<UserProof, KeyFault> {
    match proof {
        Proof::Here { verify: true, .. } => UserProof::of(info, Verification::Required),
        Proof::Here { verify: false, .. } => UserProof::of(info, Verification::Needless),
        // A key makes nothing without its PIN, where it has one.
        Proof::Register { .. } => UserProof::of(info, Verification::Preferred),
        // One that was registered with its PIN has to be asked for it again (WebAuthn, 7.2, step 17), and which was
        // is the server's to know: it says what it wants of all of them.
        Proof::Server { options, origin } => {
            Ceremony::new(options, origin).fit(info).map(|ceremony| ceremony.proof)
        }
    }
}

/// The operation of that number is over.
pub(crate) fn ended(ctx: &Context, state: &mut State, no: u64, result: Result<Option<Proved>, KeyFault>) {
    let now = ctx.now();
    let of_it = |asking: &&mut Asking| asking.running.as_ref().is_some_and(|(running, ..)| *running == no);
    let Some(asking) = state.step_up.now.as_mut().filter(of_it) else { return };
    let Some((_, id, name)) = asking.running.take() else { return };
    let skip = std::mem::take(&mut asking.skip);
    match result {
        Ok(Some(Proved::Key(key))) => return touched(ctx, state, key),
        Ok(Some(Proved::Answer(answer))) => return check(ctx, state, name, KeyAnswer(answer)),
        Ok(None) => {}
        // The person gave it up, here or in the window for the PIN.
        Err(KeyFault::Cancelled { .. }) if !skip => return give_up(ctx, state, Unanswered::Denied),
        Err(KeyFault::Cancelled { .. }) => drop(asking.tried.insert(id)),
        Err(KeyFault::TimedOut { .. }) => return give_up(ctx, state, Unanswered::TimedOut),
        Err(fault @ (KeyFault::Removed { undone: Undone::Nothing } | KeyFault::Gone)) => {
            // The list may learn of it later than who talked to the key: asked at once, the key would be found gone.
            asking.again = Some((id.clone(), now + AGAIN));
            asking.tried.insert(id);
            let said = asking.refused.as_ref().is_some_and(|(key, fault)| *key == name && was_taken(fault));
            if !said || fault != KeyFault::Gone {
                asking.refused = Some((name, fault));
                asking.until = (now + PATIENCE).min(asking.latest);
            }
        }
        Err(fault @ (KeyFault::Busy | KeyFault::InUse)) => {
            asking.again = Some((id.clone(), now + AGAIN));
            asking.tried.insert(id);
            asking.refused = Some((name, fault));
        }
        // It takes its PIN instead, which is asked for at once.
        Err(fault @ (KeyFault::PinNeeded | KeyFault::NotRecognised)) if !asking.by_pin.contains_key(&id) => {
            asking.by_pin.insert(id, fault);
            asking.until = (now + PATIENCE).min(asking.latest);
        }
        Err(fault) => {
            if fault == KeyFault::Cloned {
                ctx.note(state, By::Schedule, Happened::KeyCloned { key: name.clone() });
            }
            let Some(asking) = &mut state.step_up.now else { return };
            asking.tried.insert(id);
            asking.refused = Some((name, fault));
            asking.until = (now + PATIENCE).min(asking.latest);
        }
    }
    advance(ctx, state);
}

/// The key was taken away while it was asked.
fn was_taken(fault: &KeyFault) -> bool {
    matches!(fault, KeyFault::Removed { .. })
}

/// A key that is known here was touched, or made known.
fn touched(ctx: &Context, state: &mut State, key: StepUpKey) {
    let now = ctx.now();
    let name = key.name.clone();
    let registered = state.step_up.now.as_ref().is_some_and(|asking| asking.wanted == For::Register);
    let known = &mut state.step_up.keys;
    let before = known.iter().position(|one| one.id == key.id);
    match before.and_then(|at| known.get_mut(at)) {
        // Its counter, and when it was touched.
        Some(one) => *one = StepUpKey { used: Some(now), name: one.name.clone(), added: one.added, ..key },
        None => known.push(StepUpKey { name: free_name(known, &key.name), added: now, used: None, ..key }),
    }
    ctx.commit(vec![Write::StepUpKeys(known.clone())]);
    if registered {
        let key = known.last().map_or(name.clone(), |one| one.name.clone());
        ctx.note(state, By::You, Happened::StepUpKeyAdded { key });
    }
    let name = before.and_then(|at| state.step_up.keys.get(at)).map_or(name, |one| one.name.clone());
    let lasting = state.settings.safety.step_up.lasting();
    answered(ctx, state, &name, now + lasting);
}

/// `Solo 2`, `Solo 2 (2)`.
fn free_name(known: &[StepUpKey], name: &str) -> String {
    let taken = |name: &str| known.iter().any(|key| key.name == name);
    let numbered = (2..).map(|n: u32| format!("{name} ({n})"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

/// A key answered: what waited is done. A role is open until then; a profile for as long as it is to be kept.
fn answered(ctx: &Context, state: &mut State, key: &str, until: Timestamp) {
    let Some(asking) = state.step_up.now.take() else { return };
    let now = ctx.now();
    let registered = asking.wanted == For::Register;
    if let For::Role { grant, account_name, act, demand, .. } = asking.wanted {
        let kept = safety::ends(state, &grant, asking.lasting, now)
            .filter(|_| act == Act::KeepFresh && demand == Demand::Here);
        let until = kept.unwrap_or(until);
        let one =
            Opened { grant: grant.clone(), account_name: account_name.clone(), since: now, until, demand };
        opened::open(state, one);
        // Who touches their key for the role takes back that it was denied.
        state.step_up.denied.retain(|(denied, _)| *denied != grant);
        for profile in state.profiles.values_mut().filter(|p| p.kept.grant == grant) {
            if profile.state == ProfileState::TouchNeeded {
                profile.state = ProfileState::Waiting;
            }
        }
        let program = asking.programs.first().and_then(|program| program.name.clone());
        let by = if asking.programs.is_empty() { By::You } else { By::Program };
        let key = key.to_owned();
        let event = Happened::SteppedUp { grant, account_name, act, demand, key, until, program };
        ctx.note(state, by, event);
    }
    for held in asking.held {
        go_on(ctx, state, held, registered);
    }
    begin_next(ctx, state);
}

/// The organisation asks for no touch any more: what waited is done as if it never had, with its own questions.
fn not_needed(ctx: &Context, state: &mut State) {
    let Some(asking) = state.step_up.now.take() else { return };
    if let Some((grant, _)) = asking.role() {
        gate::lifted(ctx, state, grant);
    }
    for held in asking.held {
        match held {
            Held::Ask(request, answer) => {
                if let Some((request, answer)) = gate::gate(ctx, state, request, answer) {
                    engine::ask(ctx, state, request, answer);
                }
            }
            Held::HandOut(wish) => hand_out::confirm_first(ctx, state, wish),
            Held::Console(_) | Held::Refresh(_) => go_on(ctx, state, held, false),
        }
    }
    begin_next(ctx, state);
}

pub(super) fn go_on(ctx: &Context, state: &mut State, held: Held, registered: bool) {
    match held {
        // Whoever asked may have gone.
        Held::Ask(Request::StepUp(StepUpRequest::AddKey), answer) if registered => {
            drop(answer.send(Ok(Reply::Done)));
        }
        // Each role of several asks for itself.
        Held::Ask(request @ Request::KeepMany { .. }, answer) => {
            if let Some((request, answer)) = gate::gate(ctx, state, request, answer) {
                engine::ask(ctx, state, confirmed(request), answer);
            }
        }
        Held::Ask(request, answer) => engine::ask(ctx, state, confirmed(request), answer),
        Held::HandOut(wish) => hand_out::begin(ctx, state, wish),
        Held::Console(wish) => {
            let grant = wish.grant.clone();
            if let Err(code) = console::begin(ctx, state, wish) {
                console::failed(ctx, state, &grant, code);
            }
        }
        Held::Refresh(profile) => drop(keep::refresh_one(ctx, state, &profile)),
    }
}

/// A touch says more than a yes.
fn confirmed(mut request: Request) -> Request {
    match &mut request {
        Request::OpenConsole { confirmed, .. }
        | Request::CopyEnvironment { confirmed, .. }
        | Request::CopyCredentials { confirmed, .. }
        | Request::HandOut { confirmed, .. }
        | Request::KeepFresh { confirmed, .. }
        | Request::KeepMany { confirmed, .. } => *confirmed = true,
        _ => {}
    }
    request
}

/// What the server asks of the person's keys, for the role.
fn ask_server(ctx: &Context, state: &mut State) {
    let Some((number, grant)) =
        state.step_up.now.as_ref().and_then(|it| Some((it.number, it.role()?.0.clone())))
    else {
        return;
    };
    let pass = state.org(&grant.org).and_then(|org| Some((org.organisation.clone(), org.pass(ctx.now())?)));
    let Some((org, pass)) = pass else { return end(ctx, state, &Code::SignInNeeded) };
    if let Some(asking) = &mut state.step_up.now {
        asking.server = Server::Asked;
    }
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let native = &ctx.ports.native;
        let asked = native.step_up_challenge(&org, &pass.token, &grant.account, &grant.role).await;
        ctx.send(Event::StepUp(Told::Challenge(number, Box::new(asked))));
    });
}

/// The server looks at a key's answer.
fn check(ctx: &Context, state: &mut State, key: String, answer: KeyAnswer) {
    let Some(asking) = &mut state.step_up.now else { return };
    let (number, grant) = (asking.number, asking.role().map(|(grant, _)| grant.clone()));
    let Server::Challenge(challenge) = std::mem::replace(&mut asking.server, Server::Checking(key)) else {
        return;
    };
    let Some((grant, sealed)) = grant.zip(challenge.state) else { return };
    let pass = state.org(&grant.org).and_then(|org| Some((org.organisation.clone(), org.pass(ctx.now())?)));
    let Some((org, pass)) = pass else { return end(ctx, state, &Code::SignInNeeded) };
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let native = &ctx.ports.native;
        let (account, role) = (&grant.account, &grant.role);
        let opened = native.step_up(&org, &pass.token, account, role, &sealed, &answer).await;
        ctx.send(Event::StepUp(Told::Opened(number, opened)));
    });
}

/// The server answered.
pub(crate) fn finish(ctx: &Context, state: &mut State, told: Told) {
    let (Told::Challenge(number, _) | Told::Opened(number, _)) = &told;
    let Some(asking) = state.step_up.now.as_mut().filter(|asking| asking.number == *number) else { return };
    let before = std::mem::take(&mut asking.server);
    match (told, before) {
        (Told::Challenge(_, asked), _) => match *asked {
            Ok(challenge) => {
                asking.server = Server::Challenge(Box::new(challenge));
                advance(ctx, state);
            }
            Err(NativeError::NoSuchFactor) => give_up(ctx, state, Unanswered::NoKey),
            Err(NativeError::NotNeeded) => not_needed(ctx, state),
            Err(error) => end(ctx, state, &code_of(error)),
        },
        (Told::Opened(_, Ok(until)), Server::Checking(key)) => answered(ctx, state, &key, until),
        (Told::Opened(_, Err(error)), Server::Checking(key)) => {
            let fault = match error {
                NativeError::KeyNotRegistered => KeyFault::NotRegistered,
                NativeError::KeyRefused => KeyFault::Refused,
                NativeError::KeyCopied => {
                    ctx.note(state, By::Schedule, Happened::KeyCloned { key: key.clone() });
                    KeyFault::Cloned
                }
                // Too late for this challenge: the next one is asked for.
                NativeError::Over => return advance(ctx, state),
                other => return end(ctx, state, &code_of(other)),
            };
            let id = state.keys.now.list().iter().find(|one| one.name == key).map(|one| one.id.clone());
            let Some(asking) = &mut state.step_up.now else { return };
            asking.tried.extend(id);
            asking.refused = Some((key, fault));
            asking.until = (ctx.now() + PATIENCE).min(asking.latest);
            advance(ctx, state);
        }
        (Told::Opened(..), _) => {}
    }
}

fn code_of(error: NativeError) -> Code {
    match error {
        NativeError::Sso(error) => sign_in::code_of(error),
        NativeError::NoAccess => Code::AccessRemoved,
        _ => Code::StepUpNeeded,
    }
}

/// The person wants to see the question, wherever its window is.
pub(crate) fn show_again(state: &mut State) {
    if let Some(asking) = &mut state.step_up.now {
        asking.raised += 1;
    }
}

/// The person wants another key than the one that waits.
pub(super) fn another(ctx: &Context, state: &mut State, number: u64) {
    let Some(asking) = state.step_up.now.as_mut().filter(|asking| asking.number == number) else { return };
    if asking.running.is_some() {
        asking.skip = true;
        ctx.ports.keys.cancel();
    } else {
        // Those that were no use may be tried once more.
        asking.tried.clear();
        asking.by_pin.clear();
        asking.refused = None;
        advance(ctx, state);
    }
}

/// A key is known here no more.
pub(super) fn forget(ctx: &Context, state: &mut State, id: &str) -> Answer {
    let known = &mut state.step_up.keys;
    let at =
        known.iter().position(|key| key.id == id).ok_or_else(|| Code::Gone { what: "key".to_owned() })?;
    let key = known.remove(at).name;
    ctx.commit(vec![Write::StepUpKeys(known.clone())]);
    ctx.note(state, By::You, Happened::StepUpKeyForgotten { key });
    Ok(Reply::Done)
}

pub(super) fn tick(ctx: &Context, state: &mut State, now: Timestamp) {
    // While a PIN is typed, the window for it has the word.
    if let (Some(asking), Some(_)) = (&mut state.step_up.now, state.keys.now.pin_asked()) {
        asking.until = asking.until.max((now + PATIENCE / 2).min(asking.latest));
    }
    if state.step_up.now.as_ref().is_some_and(|asking| asking.until <= now) {
        let in_words = state.step_up.now.as_ref().is_some_and(Asking::is_in_words);
        let why = if in_words { Unanswered::NotAllowed } else { Unanswered::TimedOut };
        return give_up(ctx, state, why);
    }
    let Some(asking) = &mut state.step_up.now else { return };
    if let Some((id, _)) = asking.again.take_if(|(_, from)| *from <= now) {
        asking.tried.remove(&id);
        // That it was taken away stays said: who laid it back sees that it is asked, too.
        asking.refused.take_if(|(_, fault)| !was_taken(fault));
        advance(ctx, state);
    }
}
