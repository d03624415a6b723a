//! What was fetched of a role that its server guards: over a start, when the server asks for no touch any more, and in
//! the file when what a touch opened is closed.

use super::{asked, asks, hand_out, in_world, keep, role, touch, touching};
use crate::{
    Engine, Reply, Request, Signal,
    model::{
        code::Code,
        ids::ProfileName,
        profile::State,
        step_up::{Demand, For},
    },
    ports::{Clock, SsoError},
    request::{Answer, StepUpRequest},
    tests::world::{World, again, begin, minutes, now, pass, until},
};
use secrecy::ExposeSecret;
use std::sync::Arc;

const ROW: &str = "sealed role_credentials 1/Dev";

/// With a key, at a server that opens a role by it.
async fn at_a_server(change: impl FnOnce(&World)) -> (Arc<World>, Engine) {
    in_world(|world| {
        world.keys.plug(&["a"]);
        *world.native.touches.opens.lock().unwrap() = Some(begin() + minutes(15));
        change(world);
    })
    .await
}

/// From now on a touch opens a role for a quarter of an hour.
fn opens(world: &World) {
    *world.native.touches.opens.lock().unwrap() = Some(world.now() + minutes(15));
}

async fn is(engine: &Engine, state: State) {
    until(engine, |s| s.profiles.iter().any(|p| p.state == state)).await;
}

/// Which access key was handed out.
fn handed(answer: Answer) -> String {
    match answer {
        Ok(Reply::Credentials(handed)) => handed.credentials.access_key_id.expose_secret().to_owned(),
        other => panic!("nothing was handed out: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_sealed_before_a_server_asked_for_a_touch_is_not_handed_out_after_a_start() {
    let (world, engine) = at_a_server(|world| *world.brings_credentials.lock().unwrap() = true).await;
    let dev = role("1", "Dev");
    engine.ask(keep(&dev, "pay-dev", None)).await.unwrap();
    is(&engine, State::Fresh).await;
    let sealed = world.row(ROW).unwrap();
    let restarted = again(&world).await;
    assert_eq!(handed(restarted.ask(hand_out(&dev, "aws", 7)).await), "ASIAKEPT", "nobody asks for a touch");

    *world.refuse.lock().unwrap() = vec![SsoError::StepUpNeeded];
    is(&engine, State::TouchNeeded).await;
    engine.ask(Request::CatchUp).await.unwrap();
    assert_eq!(world.row(ROW), None);
    // Also where it was sealed once more by what was under way.
    world.rows.lock().unwrap().insert(ROW.to_owned(), sealed);
    let restarted = again(&world).await;
    let waits = asks(&restarted, hand_out(&dev, "aws", 7));
    let shown = until(&restarted, touching).await;
    let wanted = shown.step_up.question.clone().unwrap().wanted;
    assert!(matches!(wanted, For::Role { demand: Demand::Server, .. }), "{wanted:?}");
    assert!(!waits.is_finished());
    opens(&world);
    touch(&world, &restarted).await;
    assert_eq!(handed(waits.await.unwrap()), "s");
}

#[tokio::test(start_paused = true)]
async fn what_a_touch_opened_is_closed_by_a_start_and_what_was_fetched_with_it_is_not_used_after_its_time() {
    let (world, engine) = at_a_server(|world| {
        *world.refuse.lock().unwrap() = vec![SsoError::StepUpNeeded];
    })
    .await;
    let dev = role("1", "Dev");
    let waits = asks(&engine, hand_out(&dev, "aws", 7));
    touch(&world, &engine).await;
    waits.await.unwrap().unwrap();
    let fetched = world.count("role credentials");
    // The server would give it out, as it is open there.
    let restarted = again(&world).await;
    let waits = asks(&restarted, hand_out(&dev, "aws", 7));
    until(&restarted, touching).await;
    assert_eq!((world.count("role credentials"), waits.is_finished()), (fetched, false));
    touch(&world, &restarted).await;
    waits.await.unwrap().unwrap();
    assert_eq!(world.row(ROW), None, "nothing of it is sealed");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_no_touch_any_more_is_believed() {
    let dev = role("1", "Dev");
    let (world, engine) = at_a_server(|world| {
        *world.demanded.lock().unwrap() = vec![role("1", "Dev")];
        *world.native.touches.lifted.lock().unwrap() = true;
    })
    .await;
    assert_eq!(now(&engine).step_up.demanded, std::slice::from_ref(&dev));
    assert_eq!(handed(engine.ask(hand_out(&dev, "aws", 7)).await), "s");
    assert_eq!(world.native.touches.asked.lock().unwrap()[..], ["challenge 1/Dev"]);
    engine.ask(Request::CatchUp).await.unwrap();
    assert_eq!(*world.demanded.lock().unwrap(), []);
    assert!(now(&engine).step_up.demanded.is_empty() && now(&engine).step_up.opened.is_empty());
    assert!(world.row(ROW).is_some(), "it is a role like others again");
}

#[tokio::test(start_paused = true)]
async fn closing_takes_the_keys_of_a_guarded_profile_out_of_the_file_and_a_touch_brings_others() {
    let (world, engine) = at_a_server(|world| {
        *world.refuse.lock().unwrap() = vec![SsoError::StepUpNeeded];
    })
    .await;
    let dev = role("1", "Dev");
    engine.ask(keep(&dev, "pay-dev", None)).await.unwrap();
    touch(&world, &engine).await;
    is(&engine, State::Fresh).await;
    for locks in [false, true] {
        if locks {
            engine.signal(Signal::ScreenLocked);
        } else {
            engine.ask(Request::StepUp(StepUpRequest::Stop(dev.clone()))).await.unwrap();
        }
        let closed = until(&engine, |s| s.profiles.iter().any(|p| p.state == State::TouchNeeded)).await;
        assert_eq!((&closed.profiles[0].kept.written, closed.step_up.opened.len()), (&None, 0));
        pass(minutes(5)).await;
        assert_eq!(now(&engine).profiles[0].kept.written, None, "nothing comes back by itself");
        // Nor without a touch, where everything is asked for, though the server would still give it out.
        let fetched = world.count("role credentials");
        let _ = engine.ask(Request::RefreshAll).await;
        let number = asked(&engine).await;
        engine.ask(Request::StepUp(StepUpRequest::Deny { number })).await.unwrap();
        pass(minutes(1)).await;
        assert_eq!(world.count("role credentials"), fetched);
        assert_eq!(now(&engine).profiles[0].state, State::TouchNeeded);
        opens(&world);
        let goes_on = asks(&engine, Request::RefreshProfile(ProfileName::new("pay-dev")));
        touch(&world, &engine).await;
        goes_on.await.unwrap().unwrap();
        is(&engine, State::Fresh).await;
        assert!(now(&engine).profiles[0].kept.written.is_some());
    }

    // A file that cannot be written is tried again until they are out.
    *world.file_fails.lock().unwrap() = Some(Code::DiskFull { path: "f".into() });
    engine.ask(Request::StepUp(StepUpRequest::Stop(dev))).await.unwrap();
    until(&engine, |s| s.profiles.iter().any(|p| matches!(p.state, State::NotWritable(_)))).await;
    *world.file_fails.lock().unwrap() = None;
    let out = until(&engine, |s| s.profiles[0].kept.written.is_none()).await;
    assert_eq!(out.profiles[0].state, State::TouchNeeded);
}
