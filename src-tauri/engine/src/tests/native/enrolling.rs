//! A first security key, set up in the sign-in that demands one.

use super::{
    enter_pin, here, in_app, org, password,
    port::{complete, enrolment, in_browser},
    signed_in, stage, step, touch, wrong,
};
use crate::{
    Request,
    model::{
        code::Code,
        history::Event as Happened,
        keys::{KeyAct, KeyFault, Undone},
        native::{InAppStep, NativeFault, Stage},
        sign_in::SignIn,
    },
    ports::NativeError,
    tests::world::until,
};

#[tokio::test(start_paused = true)]
async fn a_first_key_is_set_up_in_the_sign_in_that_demands_one() {
    let (world, engine) = here().await;
    world.keys.plug(&["a"]);
    world.native.then(vec![Ok(enrolment()), Err(NativeError::NotAdded), Ok(complete())]);
    password(&engine).await;
    let s = stage(&engine, |stage| *stage == Stage::Enrol).await;
    assert!(
        in_app(&s).unwrap().enrols && s.keys.running.is_none(),
        "no key is asked before the person says so"
    );

    step(&engine, InAppStep::Enrol).await.unwrap();
    enter_pin(&engine, "0000").await;
    until(&engine, |s| s.keys.pin_asked().is_some_and(|(_, asked)| asked.wrong.is_some())).await;
    enter_pin(&engine, "1234").await;
    touch(&world, &engine).await;
    let s = stage(&engine, |stage| *stage == Stage::KeyFailed).await;
    assert_eq!(wrong(&s), Some(NativeFault::NotAdded.into()));
    // Once more, with a challenge of its own.
    step(&engine, InAppStep::Enrol).await.unwrap();
    enter_pin(&engine, "1234").await;
    touch(&world, &engine).await;
    signed_in(&engine).await;
    let set_up = "enrol under way Solo 2 A+ state signed";
    assert_eq!(
        world.native.asked()[..],
        ["start sam secret nobody", "enrol challenge", set_up, "enrol challenge", set_up]
    );
    assert!(!world.keys.did().contains(&"Authenticate".to_owned()));
    let key = "Solo 2 A+".to_owned();
    let line = Happened::KeyChanged { key, act: KeyAct::Register };
    until(&engine, |s| s.history.iter().any(|entry| entry.event == line)).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_be_set_up_yet_is_not_said_to_be_as_it_was() {
    let (world, engine) = here().await;
    world.keys.plug(&["a"]);
    world.native.then(vec![Ok(enrolment())]);
    password(&engine).await;
    stage(&engine, |stage| *stage == Stage::Enrol).await;
    let cancelled = |undone| KeyFault::Cancelled { undone };
    for (undone, told) in [
        (Undone::Nothing, None),
        (Undone::LastStep, Some(Code::SecurityKey { fault: cancelled(Undone::LastStep) })),
    ] {
        step(&engine, InAppStep::Enrol).await.unwrap();
        enter_pin(&engine, "1234").await;
        world.keys.answers(cancelled(undone));
        touch(&world, &engine).await;
        let s = stage(&engine, |stage| *stage == Stage::KeyFailed).await;
        assert_eq!(wrong(&s), told);
        assert!(in_app(&s).unwrap().enrols);
    }
    // It is given up; the next sign-in is none of that kind.
    engine.ask(Request::CancelSignIn(org())).await.unwrap();
    until(&engine, |s| s.organisations[0].sign_in == SignIn::SignedOut).await;
    step(&engine, InAppStep::Begin).await.unwrap();
    let s = stage(&engine, |stage| *stage == Stage::Password).await;
    assert!(!in_app(&s).unwrap().enrols);
}

#[tokio::test(start_paused = true)]
async fn without_a_way_to_set_a_key_up_here_the_browser_is_left() {
    let (world, engine) = here().await;
    let mut no_keys = super::offer();
    no_keys.keys = false;
    for (offer, first) in [(super::offer(), in_browser()), (no_keys, enrolment())] {
        *world.native.offer.lock().unwrap() = Some(offer);
        engine.ask(Request::CancelSignIn(org())).await.unwrap();
        engine.ask(Request::SignOut(org())).await.unwrap();
        world.native.then(vec![Ok(first)]);
        password(&engine).await;
        let needed = Some(NativeFault::EnrolmentNeeded.into());
        until(&engine, |s| s.organisations[0].sign_in_failure == needed).await;
        engine.ask(Request::CancelSignIn(org())).await.unwrap();
    }
}
