//! What a key signs for somebody who waits for it: a sign-in, a registration. Which key it is, its PIN, and the way
//! back to who waits.

use super::{cancel, look_at_next, run, watch};
use crate::{
    engine::Context,
    model::{
        Timestamp,
        ids::OrgId,
        keys::{
            Ceremony, Job, KeyAct, KeyFault, KeyId, KeyWish, Plugged, Purpose, Signed, Undone, UserProof,
        },
    },
    native, registering,
    state::State,
};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// A key that was swapped a moment ago is waited for so long: readers tell within a second.
const SWAPPED: SignedDuration = SignedDuration::from_secs(5);

/// Who waits.
pub(crate) enum For {
    /// A sign-in: of which organisation, and the number of the attempt.
    SignIn(OrgId, u64),
    /// A registration.
    Register(registering::Wanted),
}

/// What is to be signed.
pub(crate) struct Errand {
    of: For,
    /// [`KeyWish::Authenticate`] or [`KeyWish::Register`].
    wish: KeyWish,
    /// By this key; `None` takes the one that is there.
    key: Option<KeyId>,
    /// The operation that does it, once it is under way.
    no: Option<u64>,
    signed: Vec<Signed>,
    /// Keys that were not there any more when they were asked, until the list says so as well.
    gone: BTreeSet<KeyId>,
    /// The list says that the key under way left, whatever it says of one in its place.
    left: bool,
    /// All that are listed are gone: it is given up then.
    until: Option<Timestamp>,
}

/// Has a key sign. One errand at a time: the one before is cancelled.
pub(crate) fn begin(ctx: &Context, state: &mut State, of: For, wish: KeyWish, key: Option<KeyId>) {
    drop_it(ctx, state);
    let (gone, signed) = (BTreeSet::new(), Vec::new());
    state.keys.errand = Some(Errand { of, wish, key, no: None, signed, gone, left: false, until: None });
    watch(ctx, state);
    go_on(ctx, state);
}

/// Which of several keys it is. One that is under way is not changed any more, and one that left a moment ago leaves the
/// choice to the others.
pub(crate) fn choose(ctx: &Context, state: &mut State, key: KeyId) -> Result<(), KeyFault> {
    let there = state.keys.now.find(&key).is_some();
    let errand = state.keys.errand.as_mut().filter(|errand| errand.no.is_none()).ok_or(KeyFault::Gone)?;
    errand.gone.remove(&key);
    errand.key = there.then_some(key);
    go_on(ctx, state);
    Ok(())
}

/// Nobody waits for it any more: the sign-in is over, or was given up.
pub(crate) fn no_more(ctx: &Context, state: &mut State, org: &OrgId) {
    let theirs = |errand: &Errand| matches!(&errand.of, For::SignIn(of, _) if of == org);
    if state.keys.errand.as_ref().is_some_and(theirs)
        && let Some(errand) = state.keys.errand.take()
    {
        if errand.no.is_some() {
            cancel(ctx, state);
        }
        super::leave(ctx, state);
    }
}

/// The errand under way is given up, and who waits for it is told.
pub(super) fn drop_it(ctx: &Context, state: &mut State) -> bool {
    let Some(errand) = state.keys.errand.take() else { return false };
    let mut undone = Undone::Nothing;
    if errand.no.is_some() {
        // A key that was asked to make a key pair may make it yet.
        let asked = state.keys.now.pin_asked().is_none() && errand.wish.act() == KeyAct::Register;
        if asked {
            undone = Undone::LastStep;
        }
        cancel(ctx, state);
    }
    tell(ctx, state, errand, Err(KeyFault::Cancelled { undone }));
    true
}

/// The errand waits for a key, and no operation is under way for it.
pub(super) fn waits(state: &State) -> bool {
    state.keys.errand.as_ref().is_some_and(|errand| errand.no.is_none())
}

/// Begins as soon as a key is there, has told what it is, and nothing else is done with keys.
pub(super) fn go_on(ctx: &Context, state: &mut State) {
    if !waits(state) || state.keys.now.running.is_some() || super::wizard::is_resetting(state) {
        return;
    }
    let Some(errand) = &mut state.keys.errand else { return };
    let list = state.keys.now.list();
    let there: Vec<_> = list.iter().filter(|one| !errand.gone.contains(&one.id)).collect();
    let chosen = match (&errand.key, &there[..]) {
        (Some(key), _) => there.iter().find(|one| one.id == *key),
        (None, [one]) => Some(one),
        (None, _) => None,
    };
    // None there yet, or the person has to say which.
    let Some(key) = chosen.map(|key| key.id.clone()) else {
        let all_gone = there.is_empty() && !list.is_empty();
        errand.until = all_gone.then(|| errand.until.unwrap_or(ctx.now() + SWAPPED));
        return;
    };
    errand.until = None;
    let known = state.keys.now.known.get(&key);
    let fitted = match (known.and_then(|it| it.info.as_ref()), known.and_then(|it| it.fault.clone())) {
        (Some(info), _) if info.u2f_only => Err(KeyFault::U2fOnly),
        (Some(info), _) => fit(errand.wish.clone(), info),
        (None, Some(fault)) => Err(fault),
        // It is being looked at.
        (None, None) => return,
    };
    let begun = fitted.and_then(|wish| Ok((state.keys.now.begin(&key, wish.act())?, wish)));
    let (no, wish) = match begun {
        Ok(begun) => begun,
        Err(KeyFault::Gone) if state.keys.errand.as_mut().is_some_and(|it| takes_another(it, &key)) => {
            return go_on(ctx, state);
        }
        Err(fault) => {
            if let Some(errand) = state.keys.errand.take() {
                tell(ctx, state, errand, Err(fault));
            }
            return;
        }
    };
    if let Some(errand) = &mut state.keys.errand {
        (errand.no, errand.key, errand.left) = (Some(no), Some(key.clone()), false);
    }
    if proof(&wish) == UserProof::Pin {
        state.keys.now.ask_pin(Purpose::Prove, None);
        state.keys.then = Some(wish);
    } else {
        run(ctx, state, no, &key, Job { wish, pins: None });
    }
}

/// A key was not there any more when it was asked, so nothing was done with it: a sign-in goes on with another one, by
/// itself or as the person says; a registration is of that key.
fn takes_another(errand: &mut Errand, key: &KeyId) -> bool {
    if matches!(errand.of, For::Register(_)) {
        return false;
    }
    (errand.key, errand.no) = (None, None);
    if !std::mem::take(&mut errand.left) {
        errand.gone.insert(key.clone());
    }
    true
}

/// The nearest moment at which something is to do.
pub(super) fn due(state: &State) -> Option<Timestamp> {
    state.keys.errand.as_ref().and_then(|errand| errand.until)
}

/// What is due now: no other key has come in the place of one that is gone.
pub(super) fn tick(ctx: &Context, state: &mut State, now: Timestamp) {
    let late = |errand: &mut Errand| errand.no.is_none() && errand.until.is_some_and(|until| until <= now);
    if let Some(errand) = state.keys.errand.take_if(late) {
        tell(ctx, state, errand, Err(KeyFault::Gone));
        super::leave(ctx, state);
    }
}

fn fit(wish: KeyWish, info: &crate::model::keys::Info) -> Result<KeyWish, KeyFault> {
    Ok(match wish {
        KeyWish::Authenticate(ceremony) => KeyWish::Authenticate(ceremony.fit(info)?),
        KeyWish::Register(ceremony) => KeyWish::Register(ceremony.fit(info)?),
        other => other,
    })
}

fn proof(wish: &KeyWish) -> UserProof {
    match wish {
        KeyWish::Authenticate(ceremony) | KeyWish::Register(ceremony) => ceremony.proof,
        _ => UserProof::Touch,
    }
}

/// A finger was of no use to that key, or it wants more than a touch: the same with its PIN, if it takes one.
pub(super) fn by_pin(state: &mut State, key: &KeyId, why: &KeyFault) -> bool {
    let Some(errand) = &state.keys.errand else { return false };
    let Some(Ok(proof)) = state.keys.now.info(key).map(UserProof::by_pin) else { return false };
    let wish = match errand.wish.clone() {
        KeyWish::Authenticate(it) => KeyWish::Authenticate(Ceremony { proof, ..it }),
        KeyWish::Register(it) => KeyWish::Register(Ceremony { proof, ..it }),
        _ => return false,
    };
    state.keys.then = Some(wish);
    state.keys.now.ask_pin(Purpose::Prove, (*why == KeyFault::NotRecognised).then(|| why.clone()));
    true
}

/// Keys came or went. Another key may be put in for a sign-in; a registration was of the one that is gone.
pub(super) fn seen(ctx: &Context, state: &mut State) {
    let now = &state.keys.now;
    let Some(errand) = &mut state.keys.errand else { return };
    errand.gone.retain(|key| now.find(key).is_some());
    let gone = errand.key.as_ref().is_some_and(|key| now.find(key).is_none());
    if errand.no.is_some() {
        errand.left |= gone;
        return;
    }
    match (&errand.of, gone) {
        (For::Register(_), true) => {
            if let Some(errand) = state.keys.errand.take() {
                tell(ctx, state, errand, Err(KeyFault::Removed { undone: Undone::Nothing }));
            }
        }
        (For::SignIn(..), true) => errand.key = None,
        _ => {}
    }
    go_on(ctx, state);
}

/// A key signed; told when its operation is over.
pub(super) fn signed(state: &mut State, no: u64, signed: Vec<Signed>) {
    if let Some(errand) = state.keys.errand.as_mut().filter(|errand| errand.no == Some(no)) {
        errand.signed = signed;
    }
}

/// The operation of that number is over.
pub(super) fn over_with(ctx: &Context, state: &mut State, no: u64, result: Result<(), KeyFault>) {
    let Some(mut errand) = state.keys.errand.take_if(|errand| errand.no == Some(no)) else { return };
    if result == Err(KeyFault::Gone)
        && let Some(key) = errand.key.clone()
        && takes_another(&mut errand, &key)
    {
        // It goes on once the operation is over.
        state.keys.errand = Some(errand);
        return;
    }
    tell(ctx, state, errand, result);
}

fn tell(ctx: &Context, state: &mut State, errand: Errand, result: Result<(), KeyFault>) {
    let Errand { of, key, mut signed, .. } = errand;
    let result = result.and_then(|()| {
        if signed.is_empty() { Err(KeyFault::NotRegistered) } else { Ok(std::mem::take(&mut signed)) }
    });
    match of {
        For::SignIn(org, attempt) => native::signed(ctx, state, &org, attempt, key.as_ref(), result),
        For::Register(wanted) => {
            let key: Option<Plugged> = key.and_then(|key| state.keys.now.find(&key).cloned());
            registering::signed(ctx, state, wanted, key, result);
        }
    }
    look_at_next(ctx, state);
}
