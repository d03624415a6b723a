//! Roles that ask for a touch: what waits for it, what it opens, and how that ends.

use super::{
    keys::port::pins,
    world::{World, begin, minutes, now, pass, start_in, until},
};
use crate::{
    Engine, Reply, Request, Signal, Snapshot,
    model::{
        Timestamp,
        aws_config::{AwsConfig, ConfigProfile},
        code::Code,
        delivery::Delivery,
        environment::{Care, Environment},
        history::Event,
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
        keys::{KeyFault, PinState},
        notice::{Notice, Pressed},
        portal::{Account, Portal},
        profile::State,
        rules::{Field, Rule},
        step_up::{Closed, Demand, For, Marked, Progress, Rules, StepUpKey, Unanswered},
        team::Adopted,
    },
    ports::{Clock, NativeError, SsoError},
    request::{Answer, Asker, Consent, KeysRequest, Of, Shell, StepUpRequest},
};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;

mod busy;
mod kept;
mod proofs;
mod rules;
pub(super) mod server;
mod words;

fn role(account: &str, role: &str) -> Grant {
    Grant { org: OrgId::new("acme"), account: AccountId::new(account), role: RoleName::new(role) }
}

fn admin() -> Grant {
    role("9", "Admin")
}

fn key(id: &str, name: &str) -> StepUpKey {
    StepUpKey { id: id.into(), name: name.into(), added: begin(), used: None, record: "{}".into() }
}

/// An organisation with production, a key that is known here, and one that is plugged in.
async fn known() -> (Arc<World>, Engine) {
    in_world(|world| {
        *world.step_up_keys.lock().unwrap() = vec![key("0a", "Desk")];
        world.keys.plug(&["a"]);
    })
    .await
}

async fn in_world(change: impl FnOnce(&World)) -> (Arc<World>, Engine) {
    start_in(minutes(60), None, |world| {
        let account = |id: &str, name: &str, roles: &[&str]| Account {
            id: AccountId::new(id),
            name: name.into(),
            email: None,
            roles: Some(roles.iter().map(|r| RoleName::new(*r)).collect()),
        };
        let accounts = vec![
            account("1", "payments-dev", &["Dev"]),
            account("9", "payments-prod", &["Admin", "Developer", "ReadOnly"]),
        ];
        *world.list_never.lock().unwrap() = Some(SsoError::Other(Code::Garbled { host: "h".into() }));
        *world.portal.lock().unwrap() =
            Some(Portal { accounts, synced: Some(world.now()), ..Portal::default() });
        change(world);
    })
    .await
}

fn open(grant: &Grant) -> Request {
    Request::OpenConsole {
        grant: grant.clone(),
        destination: None,
        region: None,
        private: false,
        confirmed: false,
    }
}

fn hand_out(grant: &Grant, program: &str, pid: u32) -> Request {
    Request::HandOut {
        of: Of::Role(grant.clone()),
        assume: None,
        asker: Asker {
            program: Some(program.into()),
            pid,
            path: Some(format!("/usr/bin/{program}")),
            by_window: false,
        },
        may_sign_in: false,
        confirmed: false,
    }
}

fn keep(grant: &Grant, name: &str, lasting: Option<Duration>) -> Request {
    let request = Request::KeepFresh {
        grant: grant.clone(),
        profile: ProfileName::new(name),
        delivery: Delivery::CredentialsFile,
        region: None,
        replace_foreign: false,
        confirmed: false,
    };
    Request::Confirmed { request: Box::new(request), consent: Consent { lasting, ..Consent::default() } }
}

/// Asks, and goes on without the answer.
fn asks(engine: &Engine, request: Request) -> JoinHandle<Answer> {
    let engine = engine.clone();
    tokio::spawn(async move { engine.ask(request).await })
}

fn touching(s: &Snapshot) -> bool {
    s.step_up.question.as_ref().is_some_and(|q| matches!(q.progress, Progress::Touch { .. }))
}

/// The number of the question that waits for a touch.
async fn asked(engine: &Engine) -> u64 {
    until(engine, touching).await.step_up.question.as_ref().unwrap().number
}

async fn touch(world: &World, engine: &Engine) {
    asked(engine).await;
    world.keys.touch();
}

async fn quiet(engine: &Engine) -> Arc<Snapshot> {
    until(engine, |s| s.step_up.question.is_none() && s.keys.running.is_none()).await
}

fn lines(engine: &Engine) -> Vec<Event> {
    now(engine).history.iter().map(|line| line.event.clone()).collect()
}

fn ended(why: Unanswered) -> Answer {
    Err(Code::StepUpEnded { why })
}

#[tokio::test(start_paused = true)]
async fn a_console_of_production_opens_with_a_touch_and_again_without_for_a_while() {
    let (world, engine) = known().await;
    let waits = asks(&engine, open(&admin()));
    let shown = until(&engine, touching).await;
    let question = shown.step_up.question.clone().unwrap();
    assert!(matches!(&question.wanted, For::Role { grant, demand: Demand::Here, .. } if *grant == admin()));
    assert_eq!(question.programs, []);
    assert_eq!((world.count("tab"), waits.is_finished()), (0, false), "nothing before the touch");
    world.keys.touch();
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    let after = quiet(&engine).await;
    pass(minutes(1)).await;
    assert_eq!(world.count("tab"), 1);
    assert_eq!(after.step_up.opened[0].until.duration_since(after.step_up.opened[0].since), minutes(15));
    assert!(lines(&engine).iter().any(|e| matches!(e, Event::SteppedUp { key, .. } if key == "Desk")));
    assert_eq!(after.step_up.keys[0].record, "touched", "the counter is kept");
    assert_eq!(world.step_up_keys.lock().unwrap()[0].record, "touched");
    assert_eq!(engine.ask(open(&admin())).await, Ok(Reply::Done), "open");
    pass(minutes(15)).await;
    assert!(now(&engine).step_up.opened.is_empty());
    assert!(lines(&engine).iter().any(|e| matches!(e, Event::StepUpClosed { why: Closed::Over, .. })));
    let again = asks(&engine, open(&admin()));
    touch(&world, &engine).await;
    assert_eq!(again.await.unwrap(), Ok(Reply::Done));
}

#[tokio::test(start_paused = true)]
async fn without_a_key_that_is_known_it_is_asked_about_in_words() {
    let (_world, engine) = in_world(|_| ()).await;
    let Ok(Reply::Confirm(confirm)) = engine.ask(open(&admin())).await else { panic!("not asked") };
    assert_eq!(confirm.care, Care::Confirm);
    assert_eq!(now(&engine).step_up.question, None);
}

#[tokio::test(start_paused = true)]
async fn other_roles_ask_for_no_touch_unless_they_are_marked() {
    let (world, engine) = known().await;
    for grant in [role("9", "ReadOnly"), role("9", "Developer"), role("1", "Dev")] {
        assert_eq!(engine.ask(open(&grant)).await, Ok(Reply::Done), "{}", grant.role);
    }
    let dev = role("1", "Dev");
    engine.ask(Request::StepUp(StepUpRequest::Mark { grant: dev.clone(), on: true })).await.unwrap();
    let waits = asks(&engine, open(&dev));
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    // To mark it no more takes a touch, too.
    let waits = asks(&engine, Request::StepUp(StepUpRequest::Mark { grant: dev.clone(), on: false }));
    let shown = until(&engine, touching).await;
    assert_eq!(shown.step_up.question.as_ref().unwrap().wanted, For::Change);
    world.keys.touch();
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    assert_eq!(now(&engine).settings.safety.step_up.marked, []);
}

#[tokio::test(start_paused = true)]
async fn a_program_waits_is_named_and_gets_its_credentials() {
    let (world, engine) = known().await;
    let first = asks(&engine, hand_out(&admin(), "terraform", 42));
    asked(&engine).await;
    let second = asks(&engine, hand_out(&admin(), "terraform", 43));
    let shown = until(&engine, |s| s.step_up.question.as_ref().is_some_and(|q| q.programs.len() == 2)).await;
    let question = shown.step_up.question.as_ref().unwrap();
    assert_eq!(question.programs[0].path.as_deref(), Some("/usr/bin/terraform"));
    assert_eq!(world.count("credentials"), 0, "nothing was fetched");
    world.keys.touch();
    for waits in [first, second] {
        assert!(matches!(waits.await.unwrap(), Ok(Reply::Credentials(_))));
    }
    let stepped = lines(&engine).into_iter().find(|e| matches!(e, Event::SteppedUp { .. }));
    assert!(matches!(stepped, Some(Event::SteppedUp { program: Some(p), .. }) if p == "terraform"));
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_is_refused_and_a_program_that_tries_again_is_not_asked_about() {
    let (world, engine) = known().await;
    let waits = asks(&engine, hand_out(&admin(), "terraform", 42));
    let number = asked(&engine).await;
    engine.ask(Request::StepUp(StepUpRequest::Deny { number: number + 1 })).await.unwrap();
    assert!(now(&engine).step_up.question.is_some(), "another question's answer");
    engine.ask(Request::StepUp(StepUpRequest::Deny { number })).await.unwrap();
    assert_eq!(waits.await.unwrap(), ended(Unanswered::Denied));
    quiet(&engine).await;
    let again = engine.ask(hand_out(&admin(), "terraform", 42)).await;
    assert_eq!(again, ended(Unanswered::DeniedBefore));
    // The person is another matter.
    let mine = asks(&engine, open(&admin()));
    touch(&world, &engine).await;
    assert_eq!(mine.await.unwrap(), Ok(Reply::Done));
    engine.ask(Request::StepUp(StepUpRequest::Stop(admin()))).await.unwrap();
    pass(minutes(1)).await;
    let later = asks(&engine, hand_out(&admin(), "terraform", 42));
    touch(&world, &engine).await;
    assert!(later.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let (world, engine) = known().await;
    world.keys.plug(&[]);
    let waits = asks(&engine, hand_out(&admin(), "aws", 7));
    let shown = until(&engine, |s| s.step_up.question.is_some()).await;
    assert_eq!(waits.await.unwrap(), ended(Unanswered::TimedOut));
    let took = world.now().duration_since(shown.step_up.question.as_ref().unwrap().until);
    assert!(took.abs() < minutes(1), "{took:?}");
    let told = lines(&engine).into_iter().find(|e| matches!(e, Event::StepUpUnanswered { .. }));
    assert!(matches!(told, Some(Event::StepUpUnanswered { why: Unanswered::TimedOut, .. })));
    assert_eq!(now(&engine).keys.plugged, None, "keys are followed no more");
}

#[tokio::test(start_paused = true)]
async fn a_key_of_another_and_a_copied_one_are_told_and_the_right_one_still_answers() {
    let (world, engine) = known().await;
    world.keys.strange(&["a"]);
    let waits = asks(&engine, open(&admin()));
    let refused = until(&engine, |s| s.step_up.question.as_ref().is_some_and(|q| q.refused.is_some())).await;
    let question = refused.step_up.question.as_ref().unwrap();
    assert_eq!(question.refused, Some(("Solo 2 A+".into(), KeyFault::NotRegistered)));
    assert_eq!(question.progress, Progress::Insert);
    // One whose counter went back.
    world.keys.answers(KeyFault::Cloned);
    world.keys.plug(&["a", "b"]);
    touch(&world, &engine).await;
    let cloned = |s: &Snapshot| {
        s.step_up.question.as_ref().is_some_and(|q| matches!(q.refused, Some((_, KeyFault::Cloned))))
    };
    until(&engine, cloned).await;
    assert!(lines(&engine).iter().any(|e| matches!(e, Event::KeyCloned { .. })));
    assert_eq!(world.count("tab"), 0);
    world.keys.plug(&["a", "b", "c"]);
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
}

#[tokio::test(start_paused = true)]
async fn another_key_is_asked_where_the_person_wants_it() {
    let (world, engine) = known().await;
    world.keys.plug(&["a", "b"]);
    let waits = asks(&engine, open(&admin()));
    let number = asked(&engine).await;
    engine.ask(Request::StepUp(StepUpRequest::Another { number })).await.unwrap();
    until(&engine, |s| s.keys.running.as_ref().is_some_and(|r| r.key.id.as_str() == "b")).await;
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
}

#[tokio::test(start_paused = true)]
async fn with_verification_the_pin_is_asked_for_first_and_a_wrong_one_again() {
    let (world, engine) = in_world(|world| {
        *world.step_up_keys.lock().unwrap() = vec![key("0a", "Desk")];
        world.settings.lock().unwrap().safety.step_up.verify = true;
        world.keys.plug(&["a"]);
    })
    .await;
    let waits = asks(&engine, open(&admin()));
    for pin in ["4321", "1234"] {
        let s = until(&engine, |s| s.keys.pin_asked().is_some()).await;
        assert_eq!(s.step_up.question.as_ref().unwrap().progress, Progress::Pin);
        let number = s.keys.pin_asked().unwrap().1.number;
        let pins = pins(pin, "");
        engine.ask(Request::Keys(KeysRequest::EnterPin { number, pins })).await.unwrap();
        if pin == "4321" {
            until(&engine, |s| s.keys.pin_asked().is_some_and(|(_, asked)| asked.wrong.is_some())).await;
        }
    }
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    assert!(now(&engine).keys.unlocked.is_none(), "the PIN opened nothing else");
    // Without a PIN there is no verification.
    world.keys.change(|info| info.pin = PinState::NotSet);
    engine.ask(Request::StepUp(StepUpRequest::Stop(admin()))).await.unwrap();
    let waits = asks(&engine, open(&admin()));
    let told = until(&engine, |s| s.step_up.question.as_ref().is_some_and(|q| q.refused.is_some())).await;
    assert_eq!(told.step_up.question.as_ref().unwrap().refused.as_ref().unwrap().1, KeyFault::PinNotSet);
    let number = told.step_up.question.as_ref().unwrap().number;
    engine.ask(Request::StepUp(StepUpRequest::Deny { number })).await.unwrap();
    assert_eq!(waits.await.unwrap(), ended(Unanswered::Denied));
}

#[tokio::test(start_paused = true)]
async fn a_profile_is_kept_for_as_long_as_the_touch_opened_the_role() {
    let (world, engine) = known().await;
    let waits = asks(&engine, keep(&admin(), "pay-admin", Some(Duration::from_secs(30 * 60))));
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    let kept = until(&engine, |s| s.profiles.iter().any(|p| p.state == State::Fresh)).await;
    assert_eq!(kept.step_up.opened[0].until, kept.profiles[0].kept.until.unwrap());
    // Within it, programs are served without another touch.
    assert!(matches!(engine.ask(hand_out(&admin(), "aws", 7)).await, Ok(Reply::Credentials(_))));
    pass(minutes(26)).await;
    let told = |e: &Event| matches!(e, Event::Notified { notice, .. } if notice.starts_with("time-ending"));
    assert!(lines(&engine).iter().any(told), "before its end");
    pass(minutes(5)).await;
    let over = until(&engine, |s| s.profiles.is_empty()).await;
    assert!(over.step_up.opened.is_empty());
    assert!(lines(&engine).iter().any(|e| matches!(e, Event::KeepEnded { .. })));
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_the_role_and_what_is_kept_by_it() {
    let (world, engine) = known().await;
    let waits = asks(&engine, keep(&admin(), "pay-admin", None));
    touch(&world, &engine).await;
    waits.await.unwrap().unwrap();
    until(&engine, |s| s.profiles.iter().any(|p| p.state == State::Fresh)).await;
    engine.ask(Request::StepUp(StepUpRequest::Stop(admin()))).await.unwrap();
    let after = until(&engine, |s| s.profiles.is_empty()).await;
    assert!(after.step_up.opened.is_empty());
    let stopped = lines(&engine);
    assert!(stopped.iter().any(|e| matches!(e, Event::KeepStopped { removed: true, .. })));
    assert!(stopped.iter().any(|e| matches!(e, Event::StepUpClosed { why: Closed::Stopped, .. })));
}

#[tokio::test(start_paused = true)]
async fn signing_out_and_locking_the_screen_close_what_is_open() {
    for (signal, why) in [(true, Closed::Locked), (false, Closed::SignedOut)] {
        let (world, engine) = known().await;
        let waits = asks(&engine, open(&admin()));
        touch(&world, &engine).await;
        waits.await.unwrap().unwrap();
        if signal {
            engine.signal(Signal::ScreenLocked);
        } else {
            engine.ask(Request::SignOut(OrgId::new("acme"))).await.unwrap();
        }
        until(&engine, |s| s.step_up.opened.is_empty()).await;
        let closed = lines(&engine).into_iter().find(|e| matches!(e, Event::StepUpClosed { .. }));
        assert!(matches!(closed, Some(Event::StepUpClosed { why: it, .. }) if it == why), "{why:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_ends_the_question_too() {
    let (_world, engine) = known().await;
    let waits = asks(&engine, open(&admin()));
    asked(&engine).await;
    engine.ask(Request::SignOut(OrgId::new("acme"))).await.unwrap();
    assert_eq!(waits.await.unwrap(), Err(Code::SignInNeeded));
    quiet(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_demands_a_touch_gets_the_keys_answer_and_gives_nothing_before() {
    let (world, engine) = in_world(|world| {
        world.keys.plug(&["a"]);
        *world.refuse.lock().unwrap() = vec![SsoError::StepUpNeeded];
        *world.native.touches.opens.lock().unwrap() = Some(begin() + minutes(20));
    })
    .await;
    let dev = role("1", "Dev");
    let waits = asks(&engine, hand_out(&dev, "aws", 7));
    let shown = until(&engine, touching).await;
    let question = shown.step_up.question.as_ref().unwrap();
    assert!(matches!(question.wanted, For::Role { demand: Demand::Server, .. }));
    assert!(!waits.is_finished());
    world.keys.touch();
    assert!(matches!(waits.await.unwrap(), Ok(Reply::Credentials(_))));
    let asked = world.native.touches.asked.lock().unwrap().clone();
    assert_eq!(asked, ["challenge 1/Dev", "answer 1/Dev options latchkey-app:https://h"]);
    let opened = now(&engine).step_up.opened.clone();
    assert_eq!((opened[0].demand, opened[0].until), (Demand::Server, begin() + minutes(20)));
    // When that is over, the server is asked again, before anything is handed out.
    pass(minutes(21)).await;
    let waits = asks(&engine, hand_out(&dev, "aws", 7));
    asked_of_server(&world, &engine, 3).await;
    *world.native.touches.refuses.lock().unwrap() = vec![NativeError::KeyRefused];
    touch(&world, &engine).await;
    let refused = until(&engine, |s| s.step_up.question.as_ref().is_some_and(|q| q.refused.is_some())).await;
    assert_eq!(refused.step_up.question.as_ref().unwrap().refused.as_ref().unwrap().1, KeyFault::Refused);
    let number = refused.step_up.question.as_ref().unwrap().number;
    engine.ask(Request::StepUp(StepUpRequest::Deny { number })).await.unwrap();
    assert_eq!(waits.await.unwrap(), ended(Unanswered::Denied));
}

async fn asked_of_server(world: &World, engine: &Engine, times: usize) {
    until(engine, |_| world.native.touches.asked.lock().unwrap().len() >= times).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_key_of_the_person_is_told() {
    let (_world, engine) = in_world(|world| {
        *world.refuse.lock().unwrap() = vec![SsoError::StepUpNeeded];
    })
    .await;
    let answer = engine.ask(hand_out(&role("1", "Dev"), "aws", 7)).await;
    assert_eq!(answer, ended(Unanswered::NoKey));
}

#[tokio::test(start_paused = true)]
async fn a_profile_whose_server_wants_a_touch_says_so_and_goes_on_with_it() {
    let (world, engine) = in_world(|world| {
        world.keys.plug(&["a"]);
        *world.native.touches.opens.lock().unwrap() = Some(begin() + minutes(15));
    })
    .await;
    let dev = role("1", "Dev");
    engine.ask(keep(&dev, "pay-dev", None)).await.unwrap();
    until(&engine, |s| s.profiles.iter().any(|p| p.state == State::Fresh)).await;
    // An hour later the organisation demands it.
    *world.refuse.lock().unwrap() = vec![SsoError::StepUpNeeded];
    let waits = until(&engine, |s| s.profiles.iter().any(|p| p.state == State::TouchNeeded)).await;
    assert_eq!(waits.step_up.question, None, "nobody is asked out of the blue");
    *world.native.touches.opens.lock().unwrap() = Some(world.now() + minutes(15));
    let goes_on = asks(&engine, Request::RefreshProfile(ProfileName::new("pay-dev")));
    touch(&world, &engine).await;
    assert_eq!(goes_on.await.unwrap(), Ok(Reply::Done));
    until(&engine, |s| s.profiles.iter().any(|p| p.state == State::Fresh)).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_is_made_known_by_a_touch_and_another_by_a_touch_of_that_one_first() {
    let (world, engine) = in_world(|world| world.keys.plug(&["a"])).await;
    world.keys.change(|info| info.pin = PinState::NotSet);
    let waits = asks(&engine, Request::StepUp(StepUpRequest::AddKey));
    let shown = until(&engine, touching).await;
    assert_eq!(shown.step_up.question.as_ref().unwrap().wanted, For::Register);
    world.keys.touch();
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    assert_eq!(now(&engine).step_up.keys[0].name, "Solo 2");
    let waits = asks(&engine, Request::StepUp(StepUpRequest::AddKey));
    let first = until(&engine, touching).await.step_up.question.clone().unwrap();
    assert_eq!(first.wanted, For::Change);
    world.keys.touch();
    let next =
        |s: &Snapshot| touching(s) && s.step_up.question.as_ref().is_some_and(|q| q.number > first.number);
    let second = until(&engine, next).await;
    assert_eq!(second.step_up.question.as_ref().unwrap().wanted, For::Register);
    world.keys.touch();
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    let names: Vec<_> = now(&engine).step_up.keys.iter().map(|key| key.name.clone()).collect();
    assert_eq!(names, ["Solo 2", "Solo 2 (2)"]);
    let id = now(&engine).step_up.keys[0].id.clone();
    let waits = asks(&engine, Request::StepUp(StepUpRequest::ForgetKey(id)));
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    assert_eq!(now(&engine).step_up.keys.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn settings_that_ask_for_less_take_a_touch() {
    let (world, engine) = known().await;
    let set = |change: fn(&mut Rules)| {
        let mut settings = now(&engine).settings.clone();
        change(&mut settings.safety.step_up);
        Request::SetSettings(settings)
    };
    let marks = |r: &mut Rules| {
        r.marked.push(Marked { account: AccountId::new("1"), role: RoleName::new("Dev") });
    };
    assert_eq!(engine.ask(set(marks)).await, Ok(Reply::Done), "more takes none");
    let waits = asks(&engine, set(|r| r.minutes = 60));
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    assert_eq!(now(&engine).settings.safety.step_up.minutes, 60);
}

#[tokio::test(start_paused = true)]
async fn copying_waits_as_well() {
    let (world, engine) = known().await;
    let request = Request::CopyEnvironment { grant: admin(), shell: Shell::Posix, confirmed: true };
    let waits = asks(&engine, request);
    touch(&world, &engine).await;
    assert!(matches!(waits.await.unwrap(), Ok(Reply::Copied { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_was_written_a_moment_ago_is_held_as_well() {
    let (world, engine) = known().await;
    let listed = ConfigProfile {
        name: "pay-admin".to_owned(),
        start_url: Some("https://acme.test/start".to_owned()),
        account: Some("9".to_owned()),
        role: Some("Admin".to_owned()),
        ..ConfigProfile::default()
    };
    // The engine has read the file before that.
    *world.config.lock().unwrap() = AwsConfig { profiles: vec![listed], ..AwsConfig::default() };
    let Request::HandOut { asker, .. } = hand_out(&admin(), "aws", 7) else { unreachable!() };
    let of = Of::Profile(ProfileName::new("pay-admin"));
    let wish = Request::HandOut { of, assume: None, asker, may_sign_in: false, confirmed: false };
    let waits = asks(&engine, yes(wish));
    touch(&world, &engine).await;
    assert!(matches!(waits.await.unwrap(), Ok(Reply::Credentials(_))));
}

fn yes(request: Request) -> Request {
    Request::Confirmed { request: Box::new(request), consent: Consent::default() }
}

#[tokio::test(start_paused = true)]
async fn what_makes_production_less_takes_a_touch() {
    let (world, engine) = known().await;
    let label = |account: &str, environment| Request::SetEnvironment {
        org: OrgId::new("acme"),
        account: AccountId::new(account),
        environment: Some(environment),
    };
    assert_eq!(engine.ask(label("1", Environment::Sandbox)).await, Ok(Reply::Done), "it was none");
    let waits = asks(&engine, label("9", Environment::Development));
    let shown = until(&engine, touching).await;
    assert_eq!(shown.step_up.question.as_ref().unwrap().wanted, For::Change);
    let number = shown.step_up.question.as_ref().unwrap().number;
    engine.ask(Request::StepUp(StepUpRequest::Deny { number })).await.unwrap();
    assert_eq!(waits.await.unwrap(), ended(Unanswered::Denied));
    let before = now(&engine).settings.clone();
    let mut settings = before.clone();
    let (field, pattern) = (Field::Name, "prod".to_owned());
    settings.safety.rules = vec![Rule { field, pattern, environment: Environment::Test }];
    let waits = asks(&engine, Request::SetSettings(settings.clone()));
    let asked = asked(&engine).await;
    engine.ask(Request::StepUp(StepUpRequest::Deny { number: asked })).await.unwrap();
    assert_eq!(waits.await.unwrap(), ended(Unanswered::Denied));
    // The same from a team's file.
    let adopt = |environment| {
        let rules = vec![Rule { field: Field::Name, pattern: "prod".to_owned(), environment }];
        Request::AdoptTeam { rules, template: None, team: Adopted::default() }
    };
    assert_eq!(engine.ask(adopt(Environment::Production)).await, Ok(Reply::Done), "it is production");
    quiet(&engine).await;
    engine.ask(Request::SetSettings(before)).await.unwrap();
    let waits = asks(&engine, adopt(Environment::Development));
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_already_gets_an_end_when_its_role_is_marked() {
    let (_world, engine) = known().await;
    let dev = role("1", "Dev");
    engine.ask(keep(&dev, "pay-dev", None)).await.unwrap();
    until(&engine, |s| s.profiles.iter().any(|p| p.state == State::Fresh)).await;
    engine.ask(Request::StepUp(StepUpRequest::Mark { grant: dev, on: true })).await.unwrap();
    let kept = until(&engine, |s| s.profiles.iter().any(|p| p.kept.until.is_some())).await;
    let left = kept.profiles[0].kept.until.unwrap().duration_since(kept.at);
    assert!(left <= minutes(60) && left > minutes(59), "{left:?}");
}
