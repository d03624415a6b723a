//! PINs and fingers at a sign-in and a registration: wrong ones, and keys that take no more of them.

use super::{
    enter_pin, here, id, in_app, offer, org, password,
    port::{complete, factors},
    signed_in, stage, step, touch, wrong,
};
use crate::{
    Engine, Request,
    model::{
        code::Code,
        keys::{KeyFault, PinState, Step},
        native::{InAppStep, Stage},
    },
    request::KeysRequest,
    tests::world::{minutes, start_in, until},
};

/// Enters three wrong PINs, after which a key pauses.
async fn thrice_wrong(engine: &Engine) {
    for left in [7, 6] {
        enter_pin(engine, "0000").await;
        let again = KeyFault::WrongPin { left: Some(left) };
        until(engine, |s| s.keys.pin_asked().is_some_and(|(_, asked)| asked.wrong == Some(again.clone())))
            .await;
    }
    enter_pin(engine, "0000").await;
}

fn paused() -> Code {
    Code::SecurityKey { fault: KeyFault::PinPaused }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_paused_at_a_sign_in_says_so_until_it_is_plugged_in_anew() {
    let (world, engine) = here().await;
    world.keys.plug(&["a"]);
    world.native.then(vec![Ok(factors()), Ok(complete())]);
    password(&engine).await;
    thrice_wrong(&engine).await;
    world.keys.change(|info| info.pin = PinState::Paused);
    let s = stage(&engine, |stage| *stage == Stage::KeyFailed).await;
    assert_eq!(wrong(&s), Some(paused()));
    // Its touch alone, which the server would refuse, is not what "Try again" tries.
    step(&engine, InAppStep::Factor(0)).await.unwrap();
    let again = |s: &crate::Snapshot| {
        world.native.asked().len() == 3 && in_app(s).is_some_and(|it| it.wrong == Some(paused()))
    };
    until(&engine, again).await;
    assert_eq!(world.native.asked()[..], ["start sam secret nobody", "challenge", "challenge"]);
    world.keys.plug(&[]);
    world.keys.change(|info| info.pin = PinState::Set);
    step(&engine, InAppStep::Factor(0)).await.unwrap();
    world.keys.plug(&["a"]);
    enter_pin(&engine, "1234").await;
    touch(&world, &engine).await;
    signed_in(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_paused_is_not_registered_and_whoever_asked_is_told() {
    let (world, engine) = start_in(minutes(60), None, |world| {
        *world.native.offer.lock().unwrap() = Some(offer());
    })
    .await;
    until(&engine, |s| s.organisations[0].offer.is_some()).await;
    world.keys.plug(&["a"]);
    engine.ask(Request::Keys(KeysRequest::Follow(true))).await.unwrap();
    until(&engine, |s| !s.keys.registered.is_empty() && s.keys.info(&id("a")).is_some()).await;
    let register = || Request::Keys(KeysRequest::Register { key: id("a"), org: org(), name: "Spare".into() });
    let asked = tokio::spawn({
        let engine = engine.clone();
        async move { engine.ask(register()).await }
    });
    thrice_wrong(&engine).await;
    assert_eq!(asked.await.unwrap(), Err(paused()));
    // It is known to be paused: nothing is asked for in vain.
    assert_eq!(engine.ask(register()).await, Err(paused()));
    assert!(!world.native.asked().iter().any(|it| it.starts_with("add")));
}

#[tokio::test(start_paused = true)]
async fn a_finger_that_a_sign_in_could_not_use_is_replaced_by_the_pin() {
    // Not recognised, and not taken any more: the key says which.
    for (fault, said) in
        [(KeyFault::NotRecognised, Some(KeyFault::NotRecognised)), (KeyFault::PinNeeded, None)]
    {
        let (world, engine) = here().await;
        world.keys.change(|info| info.fingerprints = Some(1));
        world.keys.plug(&["a"]);
        world.keys.answers(fault);
        world.native.then(vec![Ok(factors()), Ok(complete())]);
        password(&engine).await;
        until(&engine, |s| s.keys.running.as_ref().is_some_and(|it| it.step == Step::Verify)).await;
        world.keys.touch();
        let s = until(&engine, |s| s.keys.pin_asked().is_some()).await;
        assert_eq!(s.keys.pin_asked().unwrap().1.wrong, said);
        enter_pin(&engine, "1234").await;
        touch(&world, &engine).await;
        signed_in(&engine).await;
    }
}
