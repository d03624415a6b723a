//! How a key knows who touches it: by its PIN or a finger where that is wanted, also by a server, and by the PIN
//! where a finger was of no use.

use super::{
    admin, asked, asks, hand_out, in_world, key, known, now, open, pins, quiet, role, touch, touching,
};
use crate::{
    Engine, Reply, Request, Snapshot,
    model::{
        keys::{KeyFault, PinState, Undone},
        step_up::{Progress, Unanswered},
    },
    ports::SsoError,
    request::{KeysRequest, StepUpRequest},
    tests::world::{World, begin, minutes, pass, until},
};
use std::sync::Arc;

/// A server that asks for a touch of a role, and one key, which is plugged in.
async fn guarded(change: impl FnOnce(&World)) -> (Arc<World>, Engine) {
    in_world(|world| {
        *world.refuse.lock().unwrap() = vec![SsoError::StepUpNeeded];
        *world.native.touches.opens.lock().unwrap() = Some(begin() + minutes(20));
        *world.native.touches.prefers.lock().unwrap() = true;
        world.keys.plug(&["a"]);
        change(world);
    })
    .await
}

/// A key that is known here, of which a finger or the PIN is wanted, too; it knows a finger.
async fn with_a_finger() -> (Arc<World>, Engine) {
    in_world(|world| {
        *world.step_up_keys.lock().unwrap() = vec![key("0a", "Desk")];
        world.settings.lock().unwrap().safety.step_up.verify = true;
        world.keys.change(|info| info.fingerprints = Some(1));
        world.keys.plug(&["a"]);
    })
    .await
}

/// Enters this PIN where the question asks for it, and tells why it was asked.
async fn enter(engine: &Engine, pin: &str) -> Option<KeyFault> {
    let s = until(engine, |s| s.keys.pin_asked().is_some()).await;
    assert_eq!(s.step_up.question.as_ref().unwrap().progress, Progress::Pin);
    let asked = s.keys.pin_asked().unwrap().1.clone();
    let request = KeysRequest::EnterPin { number: asked.number, pins: pins(pin, "") };
    engine.ask(Request::Keys(request)).await.unwrap();
    asked.wrong
}

fn by_finger(s: &Snapshot) -> bool {
    s.step_up.question.as_ref().is_some_and(|q| matches!(q.progress, Progress::Finger { .. }))
}

fn refused(s: &Snapshot) -> Option<KeyFault> {
    s.step_up.question.as_ref()?.refused.as_ref().map(|(_, fault)| fault.clone())
}

#[tokio::test(start_paused = true)]
async fn a_server_gets_the_pin_of_a_key_that_has_one_as_it_was_registered() {
    let (world, engine) = guarded(|_| ()).await;
    let waits = asks(&engine, hand_out(&role("1", "Dev"), "aws", 7));
    assert_eq!(enter(&engine, "4321").await, None);
    until(&engine, |s| s.keys.pin_asked().is_some_and(|(_, asked)| asked.wrong.is_some())).await;
    enter(&engine, "1234").await;
    touch(&world, &engine).await;
    assert!(matches!(waits.await.unwrap(), Ok(Reply::Credentials(_))));
    let told = world.native.touches.asked.lock().unwrap().clone();
    assert_eq!(told, ["challenge 1/Dev", "answer 1/Dev options by Pin latchkey-app:https://h"]);
    assert!(now(&engine).keys.unlocked.is_none(), "the PIN opened nothing else");
}

#[tokio::test(start_paused = true)]
async fn a_server_gets_a_finger_and_the_pin_where_that_was_of_no_use() {
    let (world, engine) = guarded(|world| world.keys.change(|info| info.fingerprints = Some(1))).await;
    let waits = asks(&engine, hand_out(&role("1", "Dev"), "aws", 7));
    world.keys.answers(KeyFault::NotRecognised);
    until(&engine, by_finger).await;
    world.keys.touch();
    assert_eq!(enter(&engine, "1234").await, Some(KeyFault::NotRecognised));
    touch(&world, &engine).await;
    assert!(waits.await.unwrap().is_ok());
    let told = world.native.touches.asked.lock().unwrap().clone();
    assert_eq!(told[1], "answer 1/Dev options by Pin latchkey-app:https://h");
    // The next time it is the finger again.
    engine.ask(Request::StepUp(StepUpRequest::Stop(role("1", "Dev")))).await.unwrap();
    let waits = asks(&engine, hand_out(&role("1", "Dev"), "aws", 7));
    until(&engine, by_finger).await;
    world.keys.touch();
    assert!(waits.await.unwrap().is_ok());
    let told = world.native.touches.asked.lock().unwrap().clone();
    assert_eq!(told[3], "answer 1/Dev options by Finger latchkey-app:https://h");
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_pin_is_paused_is_said_to_be_rather_than_refused_by_the_server() {
    let (world, engine) = guarded(|world| world.keys.change(|info| info.pin = PinState::Paused)).await;
    let waits = asks(&engine, hand_out(&role("1", "Dev"), "aws", 7));
    let told = until(&engine, |s| refused(s).is_some()).await;
    assert_eq!(refused(&told), Some(KeyFault::PinPaused));
    let number = told.step_up.question.as_ref().unwrap().number;
    engine.ask(Request::StepUp(StepUpRequest::Deny { number })).await.unwrap();
    assert_eq!(waits.await.unwrap(), super::ended(Unanswered::Denied));
    assert_eq!(world.native.touches.asked.lock().unwrap().len(), 1, "the server got no answer");
}

#[tokio::test(start_paused = true)]
async fn a_finger_that_is_not_recognised_is_replaced_by_the_pin() {
    // Not recognised, and not taken any more: the key says which.
    for (fault, said) in
        [(KeyFault::NotRecognised, Some(KeyFault::NotRecognised)), (KeyFault::PinNeeded, None)]
    {
        let (world, engine) = with_a_finger().await;
        world.keys.answers(fault);
        let waits = asks(&engine, open(&admin()));
        until(&engine, by_finger).await;
        world.keys.touch();
        assert_eq!(enter(&engine, "1234").await, said);
        touch(&world, &engine).await;
        assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
        pass(minutes(1)).await;
        assert_eq!(world.count("tab"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_finger_and_a_pin_of_no_use_leave_another_key_to_try() {
    let (world, engine) = with_a_finger().await;
    world.keys.answers(KeyFault::NotRecognised);
    world.keys.answers(KeyFault::PinNeeded);
    let waits = asks(&engine, open(&admin()));
    until(&engine, by_finger).await;
    world.keys.touch();
    enter(&engine, "1234").await;
    let number = asked(&engine).await;
    world.keys.touch();
    until(&engine, |s| refused(s).is_some()).await;
    // "Use another key" begins anew, with the finger.
    engine.ask(Request::StepUp(StepUpRequest::Another { number })).await.unwrap();
    until(&engine, by_finger).await;
    world.keys.touch();
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
}

#[tokio::test(start_paused = true)]
async fn a_key_taken_away_meanwhile_is_said_and_asked_again_when_it_is_back() {
    let (world, engine) = known().await;
    let waits = asks(&engine, open(&admin()));
    let number = asked(&engine).await;
    world.keys.answers(KeyFault::Removed { undone: Undone::Nothing });
    world.keys.plug(&[]);
    world.keys.touch();
    let told = until(&engine, |s| refused(s).is_some()).await;
    assert_eq!(refused(&told), Some(KeyFault::Removed { undone: Undone::Nothing }));
    assert_eq!(told.step_up.question.as_ref().map(|q| q.number), Some(number), "it is asked on");
    let waiting = until(&engine, |s| s.keys.plugged.as_ref().is_some_and(Vec::is_empty)).await;
    assert_eq!(waiting.step_up.question.as_ref().unwrap().progress, Progress::Insert);
    assert!(!waits.is_finished());
    world.keys.plug(&["a"]);
    until(&engine, |s| touching(s) && s.step_up.question.as_ref().is_some_and(|q| q.number == number)).await;
    world.keys.touch();
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    assert_eq!(quiet(&engine).await.step_up.opened.len(), 1);
    pass(minutes(1)).await;
    assert_eq!(world.count("tab"), 1);
}

/// Who talks to a key may learn that it left before the list of keys does, and the key in its place may be back before the
/// list knows that it had left.
#[tokio::test(start_paused = true)]
async fn a_key_taken_away_is_said_before_the_list_knows_and_asked_again_when_it_never_does() {
    let (world, engine) = known().await;
    let waits = asks(&engine, open(&admin()));
    asked(&engine).await;
    let removed = KeyFault::Removed { undone: Undone::Nothing };
    world.keys.answers(removed.clone());
    world.keys.answers(KeyFault::Gone);
    world.keys.touch();
    let told = until(&engine, |s| refused(s).is_some()).await;
    assert_eq!(refused(&told), Some(removed.clone()));
    assert_eq!(told.step_up.question.as_ref().unwrap().progress, Progress::Insert, "it is not asked at once");
    // Asked a second later it is found gone, which says less.
    until(&engine, touching).await;
    world.keys.touch();
    let still = until(&engine, |s| !touching(s)).await;
    assert_eq!(refused(&still), Some(removed));
    until(&engine, touching).await;
    world.keys.touch();
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
}
