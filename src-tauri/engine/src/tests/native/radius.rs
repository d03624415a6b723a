//! What RADIUS servers want to be typed, at a sign-in in the app.

use super::{
    here, in_app, password,
    port::{complete, radius},
    signed_in, stage, step, wrong,
};
use crate::{
    model::native::{Asks, Entered, InAppStep, NativeFault, Stage},
    ports::NativeError,
    tests::world::until,
};

fn code() -> InAppStep {
    InAppStep::Code(Entered::new(b"246802").unwrap())
}

fn question() -> Option<Asks> {
    Some(Asks { message: "Type the code that was sent to you".into(), hidden: true })
}

#[tokio::test(start_paused = true)]
async fn what_radius_servers_ask_is_answered_and_asked_anew_when_the_answer_was_wrong() {
    let (world, engine) = here().await;
    world.native.then(vec![
        Ok(radius(None)),
        Err(NativeError::RadiusSilent),
        Ok(radius(question())),
        Err(NativeError::WrongCode),
        Ok(radius(question())),
        Ok(complete()),
    ]);
    password(&engine).await;
    let s = stage(&engine, |stage| *stage == Stage::Code(0)).await;
    assert_eq!(in_app(&s).unwrap().radius(), Some(("Acme token", None)));
    step(&engine, code()).await.unwrap();
    let s = until(&engine, |s| wrong(s).is_some()).await;
    assert_eq!(wrong(&s), Some(NativeFault::RadiusSilent.into()));

    let asks = question();
    let asked = |s: &crate::Snapshot| {
        in_app(s).and_then(|now| now.radius().map(|(_, asks)| asks.cloned())) == Some(asks.clone())
    };
    step(&engine, InAppStep::AskOtherwise).await.unwrap();
    until(&engine, asked).await;
    step(&engine, code()).await.unwrap();
    let s = until(&engine, |s| wrong(s).is_some()).await;
    assert_eq!(wrong(&s), Some(NativeFault::NotAccepted.into()));
    assert_eq!(in_app(&s).unwrap().radius(), Some(("Acme token", None)), "the question is no longer there");
    step(&engine, InAppStep::AskOtherwise).await.unwrap();
    until(&engine, asked).await;
    step(&engine, code()).await.unwrap();
    signed_in(&engine).await;
    let (typed, nothing) = ("code radius 246802", "code radius ");
    assert_eq!(world.native.asked()[..], ["start sam secret nobody", typed, nothing, typed, nothing, typed]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_typed_for_radius_servers_alone() {
    let (world, engine) = here().await;
    world.native.then(vec![Ok(super::factors())]);
    password(&engine).await;
    stage(&engine, |stage| *stage == Stage::Key).await;
    step(&engine, InAppStep::Factor(1)).await.unwrap();
    stage(&engine, |stage| *stage == Stage::Code(1)).await;
    assert!(step(&engine, InAppStep::AskOtherwise).await.is_err());
    assert!(!world.native.asked().iter().any(|asked| asked.starts_with("code")));
}
