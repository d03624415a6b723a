//! What happens by itself and on request.

use super::world::{begin, fresh, keep, minutes, start, until};
use crate::{
    Request, Signal,
    model::{
        code::Code,
        ids::{OrgId, ProfileName},
        profile::{Conflict, State},
        sign_in::SignIn,
    },
    ports::{Clock, SsoError},
    request::PauseFor,
};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn fifteen_minutes_cost_two_requests() {
    let (world, engine) = start(minutes(15), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    tokio::time::sleep(Duration::from_secs(14 * 60)).await;
    assert_eq!(world.count("role credentials"), 2);
    let snapshot = engine.snapshots().borrow().clone();
    let left = snapshot.profiles[0].kept.written.as_ref().unwrap().expires.duration_since(world.now());
    assert!(left > minutes(10), "{left:?} left after 14 minutes");
}

#[tokio::test(start_paused = true)]
async fn the_sealed_row_stands_before_the_file_and_the_state() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    assert!(world.place("role credentials") < world.place("commit sealed role_credentials"));
    assert!(world.place("commit sealed role_credentials") < world.place("write file"));
    assert!(world.place("write file") < world.place("commit kept"));
}

#[tokio::test(start_paused = true)]
async fn profiles_of_one_role_cost_one_request_and_one_write() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "a").await.unwrap();
    keep(&engine, "b").await.unwrap();
    until(&engine, |s| s.profiles.iter().filter(|p| p.state == State::Fresh).count() == 2).await;
    let before = (world.count("role credentials"), world.count("write file"));
    tokio::time::sleep(Duration::from_secs(41 * 60)).await;
    assert_eq!(world.count("role credentials"), before.0 + 1);
    assert_eq!(world.count("write file"), before.1 + 1);
    assert_eq!(world.count("write file 2"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_jump_of_the_boot_clock_is_a_wake_up_and_ends_the_wait_for_a_retry() {
    let (world, engine) = start(minutes(60), None).await;
    let down = || SsoError::Other(Code::NoAnswer { host: "h".into() });
    *world.refuse.lock().unwrap() = (0..3).map(|_| down()).collect();
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, |s| s.profiles.iter().any(|p| matches!(p.state, State::Retrying { .. }))).await;
    let asked = world.count("role credentials");
    *world.boot_jump.lock().unwrap() = Duration::from_secs(3600);
    engine.signal(Signal::FilesChanged);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.count("role credentials"), asked + 1, "asked again at once after the wake-up");
}

#[tokio::test(start_paused = true)]
async fn a_401_is_answered_by_one_renewal_and_another_try() {
    let (world, engine) = start(minutes(60), None).await;
    world.refuse.lock().unwrap().push(SsoError::Unauthorized);
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    assert_eq!((world.count("refresh token"), world.count("role credentials")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_sign_in_is_told_once_and_taken_back_by_signing_out() {
    let (world, engine) = start(minutes(60), Some(begin() + minutes(30))).await;
    keep(&engine, "pay-dev").await.unwrap();
    tokio::time::sleep(Duration::from_secs(14 * 60)).await;
    assert_eq!(world.count("notify"), 0);
    tokio::time::sleep(Duration::from_secs(10 * 60)).await;
    assert_eq!(world.count("notify sign-in-ending"), 1);
    engine.ask(Request::SignOut(OrgId::new("acme"))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.count("withdraw sign-in-ending"), 1);
    assert_eq!(world.count("logout"), 1);
    assert_eq!(world.count("commit remove sealed"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_locked_screen_holds_what_the_unlocking_shows() {
    let (world, engine) = start(minutes(60), Some(begin() + minutes(30))).await;
    world.presence.lock().unwrap().locked = true;
    keep(&engine, "pay-dev").await.unwrap();
    tokio::time::sleep(Duration::from_secs(20 * 60)).await;
    assert_eq!(world.count("notify"), 0);
    world.presence.lock().unwrap().locked = false;
    engine.signal(Signal::PersonBack);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.count("notify sign-in-ending"), 1);
}

#[tokio::test(start_paused = true)]
async fn after_the_end_nothing_is_asked_and_the_state_says_why() {
    let (world, engine) = start(minutes(15), Some(begin() + minutes(30))).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::Ended { .. })).await;
    let asked = world.count("role credentials");
    until(&engine, |s| s.profiles[0].state == State::Expired).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(world.count("role credentials"), asked);
    assert_eq!(world.count("notify"), 3, "{:?}", world.log.lock().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_not_written_and_another_is_offered() {
    let (world, engine) = start(minutes(60), None).await;
    let taken = Code::ProfileTaken {
        delivery: crate::model::delivery::Delivery::CredentialsFile,
        profile: "taken".into(),
        conflict: Conflict::Foreign,
        suggestion: "taken-2".into(),
    };
    assert_eq!(keep(&engine, "taken").await, Err(taken));
    assert_eq!(world.count("write file"), 0);
}

#[tokio::test(start_paused = true)]
async fn every_line_of_activity_has_a_number_of_its_own() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "a").await.unwrap();
    keep(&engine, "b").await.unwrap();
    let done = until(&engine, |s| s.history.len() >= 4).await;
    let ids: Vec<_> = done.history.iter().map(|line| line.id).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    // Above what earlier runs left in the store.
    assert_eq!(ids.last(), Some(&41));
    assert_eq!(world.count("commit line 42"), 1, "stored under the same number");
}

#[tokio::test(start_paused = true)]
async fn refreshing_what_is_paused_or_in_conflict_says_so() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    let name = || ProfileName::new("pay-dev");
    let refresh = || Request::RefreshProfile(name());
    let pause = |paused| Request::PauseProfile { profile: name(), paused };
    engine.ask(pause(true)).await.unwrap();
    let paused = Code::Paused { profile: Some("pay-dev".into()) };
    assert_eq!(engine.ask(refresh()).await, Err(paused));
    assert!(engine.ask(Request::RefreshAll).await.is_ok(), "the others are refreshed");
    engine.ask(Request::Pause(PauseFor::UntilResumed)).await.unwrap();
    assert_eq!(engine.ask(Request::RefreshAll).await, Err(Code::Paused { profile: None }));
    let asked = world.count("role credentials");
    engine.ask(Request::Resume).await.unwrap();
    engine.ask(pause(false)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.count("role credentials"), asked + 1, "the wish is fulfilled after the pause");
    world.refused.lock().unwrap().changed.push("pay-dev".into());
    engine.signal(Signal::FilesChanged);
    until(&engine, |s| matches!(s.profiles[0].state, State::Conflict(_))).await;
    let conflict = Conflict::ChangedByAnother;
    assert_eq!(engine.ask(refresh()).await, Err(Code::InConflict { profile: "pay-dev".into(), conflict }));
}
