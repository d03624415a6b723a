//! Signing in in the app, and what comes of it: the browser's session, keys as second factors.

use super::{
    keys::port::{id, pins},
    world::{World, grant, minutes, now, start_in, until},
};
use crate::{
    Engine, Request, Snapshot,
    model::{
        code::Code,
        history::Event,
        ids::OrgId,
        keys::{Found, KeyAct, KeyFault, Signed, Step, Undone},
        native::{Entered, InApp, InAppStep, NativeFault, Stage},
        sign_in::{Method, SignIn},
    },
    ports::{NativeError, SsoError},
    request::{Answer, KeysRequest, Of, Reply},
};
use std::{sync::Arc, time::Duration};

mod enrolling;
mod pins;
pub(super) mod port;
mod radius;
mod spare;

use port::{complete, factors, in_browser, offer};

fn org() -> OrgId {
    OrgId::new("acme")
}

/// Signed out, at a server that offers it.
async fn here() -> (Arc<World>, Engine) {
    let (world, engine) = start_in(minutes(60), None, |world| {
        *world.native.offer.lock().unwrap() = Some(offer());
        *world.signed_in.lock().unwrap() = false;
    })
    .await;
    until(&engine, |s| s.organisations[0].offer.is_some()).await;
    (world, engine)
}

async fn step(engine: &Engine, step: InAppStep) -> Answer {
    engine.ask(Request::InApp { org: org(), step }).await
}

async fn password(engine: &Engine) {
    let password = Entered::new(b"secret").unwrap();
    step(engine, InAppStep::Password { username: "sam".into(), password }).await.unwrap();
}

fn in_app(s: &Snapshot) -> Option<&InApp> {
    match &s.organisations[0].sign_in {
        SignIn::InProgress(attempt) => attempt.in_app.as_ref(),
        _ => None,
    }
}

fn method(s: &Snapshot) -> Option<Method> {
    match &s.organisations[0].sign_in {
        SignIn::InProgress(attempt) => Some(attempt.method),
        _ => None,
    }
}

async fn stage(engine: &Engine, wanted: impl Fn(&Stage) -> bool) -> Arc<Snapshot> {
    until(engine, |s| in_app(s).is_some_and(|now| wanted(&now.stage))).await
}

fn wrong(s: &Snapshot) -> Option<Code> {
    in_app(s).and_then(|now| now.wrong.clone())
}

async fn signed_in(engine: &Engine) {
    until(engine, |s| matches!(s.organisations[0].sign_in, SignIn::SignedIn(_))).await;
}

async fn enter_pin(engine: &Engine, pin: &str) {
    let s = until(engine, |s| s.keys.pin_asked().is_some()).await;
    let number = s.keys.pin_asked().unwrap().1.number;
    engine.ask(Request::Keys(KeysRequest::EnterPin { number, pins: pins(pin, "") })).await.unwrap();
}

async fn touch(world: &World, engine: &Engine) {
    until(engine, |s| s.keys.running.as_ref().is_some_and(|it| it.step == Step::Touch)).await;
    world.keys.touch();
}

#[tokio::test(start_paused = true)]
async fn a_password_and_a_key_sign_in_and_leave_what_the_server_knows_the_computer_by() {
    let (world, engine) = here().await;
    world.native.then(vec![Ok(factors()), Ok(complete())]);
    password(&engine).await;
    // No key is there: it is waited for.
    let s = stage(&engine, |stage| *stage == Stage::Key).await;
    assert!(s.keys.running.is_none() && in_app(&s).unwrap().factors.len() == 2);
    world.keys.plug(&["a"]);
    enter_pin(&engine, "0000").await;
    until(&engine, |s| s.keys.pin_asked().is_some_and(|(_, asked)| asked.wrong.is_some())).await;
    enter_pin(&engine, "1234").await;
    touch(&world, &engine).await;
    signed_in(&engine).await;
    assert_eq!(world.native.asked()[..], ["start sam secret nobody", "challenge", "answer signed"]);
    assert_eq!(world.row("sealed known sam").as_deref(), Some("device"));
    // Nobody looks at keys any more.
    assert_eq!(until(&engine, |s| s.keys.running.is_none()).await.keys.plugged, None);

    engine.ask(Request::SignOut(org())).await.unwrap();
    engine.ask(Request::CatchUp).await.unwrap();
    assert_eq!(world.row("sealed known sam").as_deref(), Some("device"), "it outlives the sign-in");
    assert_eq!(world.row("sealed tokens"), None);
    until(&engine, |s| s.organisations[0].offer.is_some()).await;
    world.native.then(vec![Ok(complete())]);
    password(&engine).await;
    signed_in(&engine).await;
    assert!(world.native.asked().contains(&"start sam secret device".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_passwords_elsewhere_is_told_and_ends_the_sign_in() {
    let (world, engine) = here().await;
    world.native.then(vec![Err(NativeError::Moved { host: "evil.test".into() })]);
    password(&engine).await;
    let over = until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::SignedOut)).await;
    let fault = NativeFault::Moved { host: "evil.test".into() };
    assert_eq!(over.organisations[0].sign_in_failure, Some(Code::Native { fault }));
    let moved = |e: &Event| matches!(e, Event::PasswordHostMoved { host, .. } if host == "evil.test");
    let told = until(&engine, |s| s.history.iter().any(|line| moved(&line.event))).await;
    assert_eq!(told.history.iter().filter(|line| moved(&line.event)).count(), 1);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.count("notify password-moved/acme/evil.test"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_wrong_is_said_where_it_can_be_mended() {
    let (world, engine) = here().await;
    let locked = NativeError::Locked { wait: Duration::from_secs(240) };
    world.native.then(vec![
        Err(NativeError::WrongPassword),
        Err(locked),
        Ok(factors()),
        Err(NativeError::WrongCode),
        Err(NativeError::CodeUsed),
        Err(NativeError::Over),
        Ok(in_browser()),
    ]);
    for expected in ["WrongPassword", "Locked"] {
        password(&engine).await;
        let s = stage(&engine, |stage| *stage == Stage::Password).await;
        assert!(format!("{:?}", wrong(&s)).contains(expected), "{:?}", wrong(&s));
        assert_eq!(in_app(&s).unwrap().username, "sam");
    }
    let Some(Code::Native { fault: NativeFault::Locked { until: end } }) = wrong(&now(&engine)) else {
        panic!("no lock")
    };
    assert_eq!(end.duration_since(super::world::begin()).as_secs(), 240);
    password(&engine).await;
    stage(&engine, |stage| *stage == Stage::Key).await;
    step(&engine, InAppStep::Factor(1)).await.unwrap();
    for fault in [NativeFault::WrongCode, NativeFault::CodeUsed] {
        stage(&engine, |stage| *stage == Stage::Code(1)).await;
        step(&engine, InAppStep::Code(Entered::new(b"123456").unwrap())).await.unwrap();
        let s = stage(&engine, |stage| *stage == Stage::Code(1)).await;
        assert_eq!(wrong(&s), Some(fault.into()));
    }
    // The sign-in under way is over: it begins anew, with the name that was typed.
    step(&engine, InAppStep::Code(Entered::new(b"123456").unwrap())).await.unwrap();
    let s = stage(&engine, |stage| *stage == Stage::Password).await;
    assert_eq!((wrong(&s), in_app(&s).unwrap().username.as_str()), (Some(NativeFault::Over.into()), "sam"));
    // What takes the browser ends it.
    password(&engine).await;
    let s = until(&engine, |s| s.organisations[0].sign_in == SignIn::SignedOut).await;
    assert_eq!(s.organisations[0].sign_in_failure, Some(NativeFault::EnrolmentNeeded.into()));
}

#[tokio::test(start_paused = true)]
async fn a_passkey_alone_signs_in_and_several_are_chosen_from() {
    let (world, engine) = here().await;
    world.keys.plug(&["a", "b"]);
    let of = |name: &str| Signed { credential: format!("of {name}"), user: Some(name.into()) };
    world.keys.sign(vec![of("sam"), of("kim")]);
    world.native.then(vec![Ok(complete())]);
    step(&engine, InAppStep::Passkey).await.unwrap();
    // Two keys are there: which it is, the person says.
    until(&engine, |s| in_app(s).is_some_and(|it| it.stage == Stage::Key) && s.keys.known.len() == 2).await;
    engine.ask(Request::Keys(KeysRequest::Use(id("b")))).await.unwrap();
    enter_pin(&engine, "1234").await;
    touch(&world, &engine).await;
    let s = stage(&engine, |stage| matches!(stage, Stage::User(_))).await;
    assert_eq!(in_app(&s).unwrap().stage, Stage::User(vec!["sam".into(), "kim".into()]));
    step(&engine, InAppStep::User(1)).await.unwrap();
    signed_in(&engine).await;
    assert_eq!(world.native.asked().last().unwrap(), "passkey answer state of kim");
}

#[tokio::test(start_paused = true)]
async fn it_is_given_up_at_any_moment_and_a_key_taken_away_is_told() {
    let (world, engine) = here().await;
    world.keys.plug(&["a"]);
    world.native.then(vec![Ok(factors()), Ok(factors())]);
    password(&engine).await;
    until(&engine, |s| s.keys.pin_asked().is_some()).await;
    world.keys.plug(&[]);
    let s = stage(&engine, |stage| *stage == Stage::KeyFailed).await;
    let removed = KeyFault::Removed { undone: Undone::Nothing };
    assert_eq!(wrong(&s), Some(Code::SecurityKey { fault: removed }));
    // Once more, and given up at the touch.
    step(&engine, InAppStep::Factor(0)).await.unwrap();
    world.keys.plug(&["a"]);
    enter_pin(&engine, "1234").await;
    until(&engine, |s| s.keys.running.as_ref().is_some_and(|it| it.step == Step::Touch)).await;
    let before = tokio::time::Instant::now();
    engine.ask(Request::CancelSignIn(org())).await.unwrap();
    let s = until(&engine, |s| s.keys.running.is_none()).await;
    assert!(before.elapsed().as_secs() < 1, "the key is let go of at once");
    assert_eq!((&s.organisations[0].sign_in, s.keys.plugged.clone()), (&SignIn::SignedOut, None));
    // The browser instead, in the middle of it.
    password(&engine).await;
    stage(&engine, |stage| *stage == Stage::Key).await;
    engine.ask(Request::SignIn { org: org(), method: Some(Method::Browser) }).await.unwrap();
    signed_in(&engine).await;
    assert!(!world.native.asked().iter().any(|it| it.starts_with("answer")));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_swapped_a_moment_ago_leaves_it_to_another_one() {
    let (world, engine) = here().await;
    world.native.then(vec![Ok(factors()), Ok(complete())]);
    // The list does not say yet that it is gone.
    world.keys.plug(&["a"]);
    world.keys.absent(&["a"]);
    password(&engine).await;
    until(&engine, |s| s.keys.known.get(&id("a")).is_some_and(|it| it.fault.is_some())).await;
    let s = stage(&engine, |stage| *stage == Stage::Key).await;
    assert_eq!(wrong(&s), None);
    world.keys.plug(&["b"]);
    enter_pin(&engine, "1234").await;
    touch(&world, &engine).await;
    signed_in(&engine).await;
    engine.ask(Request::SignOut(org())).await.unwrap();
    until(&engine, |s| s.organisations[0].offer.is_some()).await;

    // The one that was chosen of two: the other one is asked by itself.
    world.keys.absent(&[]);
    world.keys.plug(&["a", "b"]);
    world.native.then(vec![Ok(factors()), Ok(complete())]);
    password(&engine).await;
    until(&engine, |s| in_app(s).is_some_and(|it| it.stage == Stage::Key) && s.keys.known.len() == 2).await;
    engine.ask(Request::Keys(KeysRequest::Use(id("a")))).await.unwrap();
    world.keys.absent(&["a"]);
    enter_pin(&engine, "1234").await;
    until(&engine, |s| s.keys.pin_asked().is_some_and(|(it, _)| it.key.id == id("b"))).await;
    enter_pin(&engine, "1234").await;
    touch(&world, &engine).await;
    signed_in(&engine).await;
    engine.ask(Request::SignOut(org())).await.unwrap();
    until(&engine, |s| s.organisations[0].offer.is_some()).await;

    // None comes in its place: that is told, and can be tried again.
    world.keys.plug(&["a"]);
    world.native.then(vec![Ok(factors())]);
    password(&engine).await;
    let s = stage(&engine, |stage| *stage == Stage::KeyFailed).await;
    assert_eq!(wrong(&s), Some(Code::SecurityKey { fault: KeyFault::Gone }));
}

#[tokio::test(start_paused = true)]
async fn whoever_signed_in_here_is_not_sent_to_the_browser_and_the_browser_gets_a_ticket() {
    let (world, engine) = here().await;
    // Until then the browser is the usual way.
    world.native.then(vec![Ok(complete())]);
    password(&engine).await;
    signed_in(&engine).await;
    engine.ask(Request::OpenPortal(org())).await.unwrap();
    assert_eq!(world.native.asked().last().unwrap(), "ticket https://acme.test/start");
    assert_eq!(world.count("tab"), 1);
    *world.native.no_ticket.lock().unwrap() = true;
    engine.ask(Request::OpenPortal(org())).await.unwrap();
    assert_eq!(world.count("tab"), 1, "without a ticket it is opened all the same");
    engine.ask(Request::SignOut(org())).await.unwrap();
    until(&engine, |s| s.organisations[0].offer.is_some()).await;
    // A program sends them to the browser all the same, unless they are at it in the app.
    let program = || {
        let engine = engine.clone();
        tokio::spawn(async move { engine.ask(super::handing_out::wish(Of::Role(grant()), true)).await })
    };
    *world.sign_in_takes.lock().unwrap() = Duration::from_secs(300);
    let waits = program();
    until(&engine, |s| method(s).is_some_and(|it| it != Method::Native)).await;
    engine.ask(Request::CancelSignIn(org())).await.unwrap();
    assert_eq!(waits.await.unwrap(), Err(Code::SignInNeeded));
    engine.ask(super::world::console()).await.unwrap();
    stage(&engine, |stage| *stage == Stage::Password).await;
    let waits = program();
    engine.ask(Request::CatchUp).await.unwrap();
    assert_eq!(method(&now(&engine)), Some(Method::Native));
    world.native.then(vec![Ok(complete())]);
    password(&engine).await;
    signed_in(&engine).await;
    until(&engine, |s| !s.recents.is_empty()).await;
    assert!(matches!(waits.await.unwrap(), Ok(Reply::Credentials(_))));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_registered_and_where_keys_are_is_known_while_somebody_looks() {
    let (world, engine) = start_in(minutes(60), None, |world| {
        *world.native.offer.lock().unwrap() = Some(offer());
    })
    .await;
    until(&engine, |s| s.organisations[0].offer.is_some()).await;
    world.keys.plug(&["a"]);
    engine.ask(Request::Keys(KeysRequest::Follow(true))).await.unwrap();
    let s = until(&engine, |s| !s.keys.registered.is_empty() && s.keys.info(&id("a")).is_some()).await;
    assert_eq!((s.keys.registered[&org()][0].name.as_str(), s.keys.without_spare().count()), ("Blue key", 1));
    let s = until(&engine, |s| s.keys.known.get(&id("a")).is_some_and(|it| !it.found.is_empty())).await;
    let Found::As(as_what) = &s.keys.known[&id("a")].found[&org()] else { panic!("it was not found") };
    assert_eq!(as_what.name, "Blue key");
    let register = || Request::Keys(KeysRequest::Register { key: id("a"), org: org(), name: "Spare".into() });
    let asked = tokio::spawn({
        let engine = engine.clone();
        async move { engine.ask(register()).await }
    });
    enter_pin(&engine, "1234").await;
    touch(&world, &engine).await;
    asked.await.unwrap().unwrap();
    assert!(world.native.asked().contains(&"add Spare state signed".to_owned()));
    assert!(now(&engine).keys.last.as_ref().is_some_and(|last| last.result.is_ok()));
    *world.native.add.lock().unwrap() = Some(NativeError::NotAdded);
    let asked = tokio::spawn({
        let engine = engine.clone();
        async move { engine.ask(register()).await }
    });
    enter_pin(&engine, "1234").await;
    touch(&world, &engine).await;
    assert_eq!(asked.await.unwrap(), Err(NativeFault::NotAdded.into()));
    engine.ask(Request::SignOut(org())).await.unwrap();
    assert!(until(&engine, |s| s.keys.registered.is_empty()).await.keys.registered_at.is_empty());
    assert_eq!(engine.ask(register()).await, Err(Code::SignInNeeded));
}

/// So it is right after a key was registered: the list that has it comes while the key is asked with the one of before.
#[tokio::test(start_paused = true)]
async fn what_a_key_is_asked_with_an_older_list_says_nothing_of_a_newer_one() {
    let (world, engine) = start_in(minutes(60), None, |world| {
        *world.native.offer.lock().unwrap() = Some(offer());
        *world.native.knows.lock().unwrap() = Some(9);
        *world.keys.finds_take.lock().unwrap() = Duration::from_secs(1);
    })
    .await;
    until(&engine, |s| s.organisations[0].offer.is_some()).await;
    world.keys.plug(&["a"]);
    engine.ask(Request::Keys(KeysRequest::Follow(true))).await.unwrap();
    let finds = |s: &Snapshot| s.keys.running.as_ref().is_some_and(|it| it.act == KeyAct::Find);
    until(&engine, finds).await;
    *world.native.knows.lock().unwrap() = None;
    engine.ask(Request::Keys(KeysRequest::Follow(true))).await.unwrap();
    let found = |s: &Snapshot| s.keys.known.get(&id("a")).and_then(|it| it.found.get(&org()).cloned());
    let s = until(&engine, |s| found(s).is_some()).await;
    assert!(matches!(found(&s), Some(Found::As(as_what)) if as_what.name == "Blue key"), "{:?}", found(&s));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_be_reached_leaves_the_form_as_it_is() {
    let (world, engine) = here().await;
    let gone = Code::NoAnswer { host: "acme.test".into() };
    world.native.then(vec![Err(SsoError::Other(gone.clone()).into())]);
    password(&engine).await;
    let s = stage(&engine, |stage| *stage == Stage::Password).await;
    assert_eq!(wrong(&s), Some(gone));
}
