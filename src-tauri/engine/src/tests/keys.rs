//! Security keys: one operation at a time, a PIN for all that it opens, and a reset that hits no other key.

use super::world::{minutes, now, pass, start, until};
use crate::{
    Engine, Request, Snapshot,
    model::{
        code::Code,
        history::Event,
        keys::{KeyAct, KeyFault, KeyWish, PinState, Purpose, ResetStep, Step, Undone},
    },
    request::{Answer, KeysRequest},
};
use jiff::SignedDuration;
use std::sync::Arc;

mod low;
pub(super) mod port;

use port::{Port, id, key, pins};

async fn ask(engine: &Engine, request: KeysRequest) -> Answer {
    engine.ask(Request::Keys(request)).await
}

async fn wish(engine: &Engine, key: &str, wish: KeyWish) -> Answer {
    ask(engine, KeysRequest::Do { key: id(key), wish }).await
}

fn refused(answer: Answer) -> KeyFault {
    match answer {
        Err(Code::SecurityKey { fault }) => fault,
        other => panic!("not refused by a key: {other:?}"),
    }
}

async fn idle(engine: &Engine) -> Arc<Snapshot> {
    until(engine, |s| s.keys.running.is_none()).await
}

/// The number of the PIN that is asked for.
async fn asked(engine: &Engine) -> u64 {
    until(engine, |s| s.keys.pin_asked().is_some()).await.keys.pin_asked().unwrap().1.number
}

async fn enter(engine: &Engine, old: &str, new: &str) {
    let number = asked(engine).await;
    ask(engine, KeysRequest::EnterPin { number, pins: pins(old, new) }).await.unwrap();
}

/// A window looks at one key, of which is known what it is.
async fn looking() -> (Arc<Port>, Engine) {
    let (world, engine) = start(minutes(60), None).await;
    let port = world.keys.clone();
    port.plug(&["a"]);
    ask(&engine, KeysRequest::Follow(true)).await.unwrap();
    until(&engine, |s| s.keys.info(&id("a")).is_some()).await;
    (port, engine)
}

#[tokio::test(start_paused = true)]
async fn keys_come_and_go_while_somebody_looks() {
    let (port, engine) = looking().await;
    port.plug(&["a", "b"]);
    let both = until(&engine, |s| s.keys.known.len() == 2).await;
    assert_eq!(both.keys.selected, Some(id("a")));
    ask(&engine, KeysRequest::Select(id("b"))).await.unwrap();
    port.plug(&["a"]);
    let one = until(&engine, |s| s.keys.list().len() == 1).await;
    assert_eq!((one.keys.selected.clone(), one.keys.known.len()), (Some(id("a")), 1));
    ask(&engine, KeysRequest::Follow(false)).await.unwrap();
    assert_eq!(now(&engine).keys.plugged, None, "nobody looks: nothing is known");
}

/// A reader's driver that hangs: the key says so, the others have their turn, and it is asked again when the person
/// wants.
#[tokio::test(start_paused = true)]
async fn a_key_that_never_answers_keeps_no_other_waiting() {
    let (port, engine) = looking().await;
    *port.mute.lock().unwrap() = vec![id("b")];
    port.plug(&["a", "b", "c"]);
    let all = until(&engine, |s| s.keys.info(&id("c")).is_some()).await;
    assert!(
        matches!(all.keys.known[&id("b")].fault, Some(KeyFault::NoAnswer { .. })),
        "{:?}",
        all.keys.known
    );
    port.mute.lock().unwrap().clear();
    ask(&engine, KeysRequest::Rescan).await.unwrap();
    until(&engine, |s| s.keys.info(&id("b")).is_some()).await;
    assert_eq!(port.did(), ["Look", "Look", "Look", "Look"], "those that had told were not asked again");
}

#[tokio::test(start_paused = true)]
async fn a_pin_is_asked_for_once_and_what_it_opened_closes_by_itself() {
    let (port, engine) = looking().await;
    wish(&engine, "a", KeyWish::ListPasskeys).await.unwrap();
    enter(&engine, "1234", "").await;
    let listed = idle(&engine).await;
    assert_eq!(listed.keys.known[&id("a")].passkeys.as_ref().map(Vec::len), Some(1));
    wish(&engine, "a", KeyWish::DeletePasskey { id: "01".into() }).await.unwrap();
    let deleted = idle(&engine).await;
    assert_eq!(deleted.keys.known[&id("a")].passkeys.as_ref().map(Vec::len), Some(0));
    assert_eq!(port.did(), ["Look", "Unlock", "ListPasskeys", "DeletePasskey"]);
    let line = Event::KeyChanged { key: "Solo 2 A+".into(), act: KeyAct::DeletePasskey };
    assert!(deleted.history.iter().any(|entry| entry.event == line));
    pass(minutes(4)).await;
    assert!(now(&engine).keys.unlocked.is_some());
    pass(minutes(2)).await;
    let locked = now(&engine);
    assert_eq!((locked.keys.unlocked.clone(), port.locks() > 0), (None, true));
    assert_eq!(locked.keys.known[&id("a")].passkeys, None, "what it showed is forgotten");
    wish(&engine, "a", KeyWish::ListPasskeys).await.unwrap();
    asked(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_pin_is_asked_for_again_with_the_tries_that_are_left() {
    let (_port, engine) = looking().await;
    wish(&engine, "a", KeyWish::ListPasskeys).await.unwrap();
    let first = asked(&engine).await;
    enter(&engine, "9999", "").await;
    let again = until(&engine, |s| s.keys.pin_asked().is_some_and(|(_, p)| p.number != first)).await;
    let (_, question) = again.keys.pin_asked().unwrap();
    assert_eq!((question.tries, &question.wrong), (Some(7), &Some(KeyFault::WrongPin { left: Some(7) })));
    let late = KeysRequest::EnterPin { number: first, pins: pins("1234", "") };
    assert_eq!(refused(ask(&engine, late).await), KeyFault::Gone, "an answer is for one question");
    enter(&engine, "9999", "").await;
    enter(&engine, "9999", "").await;
    let paused = idle(&engine).await;
    assert_eq!(paused.keys.last.as_ref().map(|last| last.result.clone()), Some(Err(KeyFault::PinPaused)));
    assert_eq!(paused.keys.info(&id("a")).map(|info| info.pin), Some(PinState::Paused));
    assert_eq!(refused(wish(&engine, "a", KeyWish::ListPasskeys).await), KeyFault::PinPaused);
}

#[tokio::test(start_paused = true)]
async fn a_new_pin_is_measured_before_the_key_sees_it() {
    let (port, engine) = looking().await;
    wish(&engine, "a", KeyWish::ChangePin).await.unwrap();
    enter(&engine, "1234", "12").await;
    let again = until(&engine, |s| s.keys.pin_asked().is_some_and(|(_, p)| p.wrong.is_some())).await;
    let (_, question) = again.keys.pin_asked().unwrap();
    assert_eq!(
        (question.purpose, &question.wrong),
        (Purpose::Change, &Some(KeyFault::PinTooShort { least: 4 }))
    );
    assert_eq!(port.did(), ["Look"]);
    enter(&engine, "1234", "567890").await;
    idle(&engine).await;
    assert_eq!(port.did(), ["Look", "ChangePin"]);
}

#[tokio::test(start_paused = true)]
async fn one_operation_at_a_time_and_it_can_be_cancelled_at_any_moment() {
    let (port, engine) = looking().await;
    wish(&engine, "a", KeyWish::Identify).await.unwrap();
    until(&engine, |s| s.keys.running.as_ref().is_some_and(|r| r.step == Step::Touch)).await;
    assert_eq!(refused(wish(&engine, "a", KeyWish::ListPasskeys).await), KeyFault::InUse);
    ask(&engine, KeysRequest::Cancel).await.unwrap();
    let cancelled = idle(&engine).await;
    assert_eq!(cancelled.keys.last, None, "what the person ended is no news");
    wish(&engine, "a", KeyWish::ListPasskeys).await.unwrap();
    asked(&engine).await;
    ask(&engine, KeysRequest::Cancel).await.unwrap();
    assert!(now(&engine).keys.running.is_none());
    assert_eq!(port.did(), ["Look", "Identify"]);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_done_though_it_was_given_up_stays_in_sight() {
    let (port, engine) = looking().await;
    // By the person, and by the clock.
    for late in [false, true] {
        port.answers(KeyFault::Cancelled { undone: Undone::LastStep });
        wish(&engine, "a", KeyWish::Identify).await.unwrap();
        until(&engine, |s| s.keys.running.as_ref().is_some_and(|it| it.step == Step::Touch)).await;
        if late {
            pass(SignedDuration::from_secs(61)).await;
        } else {
            ask(&engine, KeysRequest::Cancel).await.unwrap();
        }
        let undone = Undone::LastStep;
        let fault = if late { KeyFault::TimedOut { undone } } else { KeyFault::Cancelled { undone } };
        let ended = idle(&engine).await;
        assert_eq!(ended.keys.last.as_ref().map(|last| last.result.clone()), Some(Err(fault)));
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_touches_the_key() {
    let (_port, engine) = looking().await;
    wish(&engine, "a", KeyWish::Identify).await.unwrap();
    pass(SignedDuration::from_secs(61)).await;
    let given_up = idle(&engine).await;
    let timed_out = KeyFault::TimedOut { undone: Undone::Nothing };
    assert_eq!(given_up.keys.last.as_ref().map(|last| last.result.clone()), Some(Err(timed_out)));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_goes_while_its_pin_is_asked_for_ends_the_question() {
    let (port, engine) = looking().await;
    wish(&engine, "a", KeyWish::ChangePin).await.unwrap();
    asked(&engine).await;
    port.plug(&[]);
    let gone = idle(&engine).await;
    let fault = KeyFault::Removed { undone: Undone::Nothing };
    assert_eq!(gone.keys.last.as_ref().map(|last| last.result.clone()), Some(Err(fault)));
}

#[tokio::test(start_paused = true)]
async fn a_reset_waits_for_the_same_key_and_empties_it_alone() {
    let (port, engine) = looking().await;
    assert_eq!(
        refused(wish(&engine, "a", KeyWish::Reset).await),
        KeyFault::NotSupported,
        "by the wizard alone"
    );
    ask(&engine, KeysRequest::BeginReset(id("a"))).await.unwrap();
    ask(&engine, KeysRequest::AgreeReset).await.unwrap();
    let step =
        |wanted: ResetStep| move |s: &Snapshot| s.keys.reset.as_ref().is_some_and(|r| r.step == wanted);
    until(&engine, step(ResetStep::Unplug)).await;
    port.plug(&[]);
    until(&engine, step(ResetStep::Plug)).await;
    port.plug_these(vec![key("x", "9999")]);
    until(&engine, |s| s.keys.reset.as_ref().is_some_and(|r| r.fault.is_some())).await;
    assert_eq!(port.did(), ["Look"], "the other key was not talked to");
    port.plug(&[]);
    until(&engine, |s| s.keys.list().is_empty()).await;
    port.plug_these(vec![key("b", "5678")]);
    until(&engine, |s| s.keys.running.as_ref().is_some_and(|r| r.step == Step::Touch)).await;
    port.touch();
    let done = until(&engine, step(ResetStep::Done)).await;
    assert!(done.history.iter().any(|e| matches!(e.event, Event::KeyChanged { act: KeyAct::Reset, .. })));
    assert_eq!(port.did(), ["Look", "Reset"]);
    ask(&engine, KeysRequest::EndReset).await.unwrap();
    until(&engine, |s| s.keys.info(&id("b")).is_some()).await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_that_nobody_touches_begins_again_with_unplugging() {
    let (port, engine) = looking().await;
    ask(&engine, KeysRequest::BeginReset(id("a"))).await.unwrap();
    ask(&engine, KeysRequest::AgreeReset).await.unwrap();
    until(&engine, |s| s.keys.reset.as_ref().is_some_and(|r| r.step == ResetStep::Unplug)).await;
    port.plug(&[]);
    until(&engine, |s| s.keys.list().is_empty()).await;
    port.plug(&["a"]);
    until(&engine, |s| s.keys.running.is_some()).await;
    // The ten seconds that a key allows, not the minute that it would wait.
    pass(SignedDuration::from_secs(11)).await;
    let late = now(&engine);
    assert!(late.keys.running.is_none());
    let reset = late.keys.reset.as_ref().unwrap();
    let timed_out = KeyFault::TimedOut { undone: Undone::Nothing };
    assert_eq!((reset.step, reset.fault.clone()), (ResetStep::Unplug, Some(timed_out)));
}

#[tokio::test(start_paused = true)]
async fn what_a_key_cannot_do_is_refused_before_a_pin_is_asked_for() {
    let (port, engine) = looking().await;
    port.change(|info| info.pin = PinState::NotSet);
    wish(&engine, "a", KeyWish::Look).await.unwrap();
    idle(&engine).await;
    assert_eq!(refused(wish(&engine, "a", KeyWish::ListPasskeys).await), KeyFault::PinNotSet);
    port.change(|info| info.u2f_only = true);
    wish(&engine, "a", KeyWish::Look).await.unwrap();
    idle(&engine).await;
    assert_eq!(refused(wish(&engine, "a", KeyWish::SetPin).await), KeyFault::U2fOnly);
}

#[tokio::test(start_paused = true)]
async fn what_stands_in_the_way_of_looking_is_told_and_looked_for_again() {
    let (world, engine) = start(minutes(60), None).await;
    world.keys.blind(Some(KeyFault::NotElevated));
    ask(&engine, KeysRequest::Follow(true)).await.unwrap();
    until(&engine, |s| s.keys.problem == Some(KeyFault::NotElevated)).await;
    world.keys.blind(None);
    world.keys.plug(&["a"]);
    ask(&engine, KeysRequest::Rescan).await.unwrap();
    let seen = until(&engine, |s| s.keys.info(&id("a")).is_some()).await;
    assert_eq!(seen.keys.problem, None);
}
