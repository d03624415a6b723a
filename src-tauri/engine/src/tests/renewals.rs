//! The sign-in's silent renewal when things go wrong: no storm of requests, no lost token, no vanished
//! click.

use super::world::{
    World, begin, console, fresh, grant, keep, minutes, no_answer, now, pass, start, start_in, until,
};
use crate::{
    Engine, Request,
    model::{code::Code, ids::OrgId, profile::State, sign_in::SignIn},
    ports::SsoError,
    request::{Reply, Shell},
    snapshot::Launch,
};
use std::time::Duration;

fn acme() -> OrgId {
    OrgId::new("acme")
}

fn signed_in(engine: &Engine) -> bool {
    matches!(now(engine).organisations[0].sign_in, SignIn::SignedIn(_))
}

/// The access token has run out while the machine slept, and the network is not there yet.
async fn after_a_night(refusal: SsoError) -> (std::sync::Arc<World>, Engine) {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    *world.renew_never.lock().unwrap() = Some(refusal);
    pass(minutes(85)).await;
    (world, engine)
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_waits_although_a_profile_is_due() {
    for refusal in [no_answer(), SsoError::Throttled { host: "h".into(), retry_after: None }] {
        let (world, engine) = after_a_night(refusal).await;
        let before = world.count("refresh token");
        pass(minutes(10)).await;
        let asked = world.count("refresh token") - before;
        assert!((1..=4).contains(&asked), "{asked} renewals in ten minutes");
        assert!(matches!(now(&engine).profiles[0].state, State::Retrying { .. } | State::Expired));
        *world.renew_never.lock().unwrap() = None;
        until(&engine, fresh).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_waits_for_the_renewal_says_why() {
    let (world, engine) = start(minutes(60), None).await;
    *world.renew_never.lock().unwrap() = Some(no_answer());
    pass(minutes(61)).await;
    keep(&engine, "pay-dev").await.unwrap();
    pass(minutes(6)).await;
    let state = now(&engine).profiles[0].state.clone();
    assert!(matches!(state, State::Retrying { code: Code::NoAnswer { .. }, .. }), "{state:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_the_portal_refuses_twice_ends_the_sign_in() {
    let (world, engine) = start(minutes(60), None).await;
    *world.refuse_always.lock().unwrap() = Some(SsoError::Unauthorized);
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::Ended { .. })).await;
    assert_eq!((world.count("refresh token"), world.count("role credentials")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_console_that_is_refused_twice_does_not_go_round() {
    let (world, engine) = start(minutes(60), None).await;
    *world.refuse_always.lock().unwrap() = Some(SsoError::Unauthorized);
    *world.sign_in_takes.lock().unwrap() = Duration::from_secs(300);
    engine.ask(console()).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!((world.count("refresh token"), world.count("role credentials")), (1, 2));
    assert_eq!(world.count("sign-in page"), 1, "the click goes on as a sign-in");
}

#[tokio::test(start_paused = true)]
async fn a_late_401_of_the_token_before_does_not_end_the_new_one() {
    let (world, engine) = start(minutes(60), None).await;
    *world.refuse.lock().unwrap() = vec![SsoError::Unauthorized; 2];
    *world.credentials_take.lock().unwrap() = Duration::from_secs(20);
    keep(&engine, "pay-dev").await.unwrap();
    pass(jiff::SignedDuration::from_secs(5)).await;
    // A second call with the same token, answered after the first one's renewal.
    engine.ask(console()).await.unwrap();
    until(&engine, fresh).await;
    pass(minutes(2)).await;
    assert!(signed_in(&engine));
    assert_eq!((world.count("refresh token"), world.count("tab")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_renewed_token_is_stored_before_anything_else_is_asked() {
    let (world, _engine) = start(minutes(60), None).await;
    *world.who_takes.lock().unwrap() = Duration::from_secs(30);
    pass(minutes(40) + jiff::SignedDuration::from_secs(5)).await;
    assert_eq!((world.count("refresh token"), world.count("commit sealed tokens")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_renewed_token_outlives_a_full_disk() {
    let (world, engine) = start(minutes(60), None).await;
    *world.store_fails.lock().unwrap() = Some(Code::DiskFull { path: "x".into() });
    pass(minutes(45)).await;
    let SignIn::SignedIn(session) = now(&engine).organisations[0].sign_in.clone() else { panic!() };
    assert!(session.token_expires > begin() + minutes(90), "the new token is used");
    assert!(!session.stored, "and is known not to be stored");
    assert_eq!(now(&engine).store_problem, Some(Code::DiskFull { path: "x".into() }));
    assert_eq!(world.count("refresh token"), 1);
    *world.store_fails.lock().unwrap() = None;
    pass(minutes(6)).await;
    let SignIn::SignedIn(session) = now(&engine).organisations[0].sign_in.clone() else { panic!() };
    assert!(session.stored, "stored as soon as the disk allows");
    assert_eq!(now(&engine).store_problem, None);
    assert_eq!(world.row("sealed tokens").as_deref(), Some("sam"));
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_stops_neither_credentials_nor_consoles() {
    let (world, engine) = start(minutes(60), None).await;
    *world.store_fails.lock().unwrap() = Some(Code::DiskFull { path: "x".into() });
    engine.ask(console()).await.unwrap();
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    assert_eq!(world.count("tab"), 1);
}

#[tokio::test(start_paused = true)]
async fn signing_in_works_on_a_full_disk() {
    let (world, engine) = start_in(minutes(60), None, |w| *w.signed_in.lock().unwrap() = false).await;
    *world.store_fails.lock().unwrap() = Some(Code::DiskFull { path: "x".into() });
    engine.ask(Request::SignIn { org: acme(), method: None }).await.unwrap();
    let snapshot = until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::SignedIn(_))).await;
    let SignIn::SignedIn(session) = &snapshot.organisations[0].sign_in else { panic!() };
    assert!(!session.stored);
}

#[tokio::test(start_paused = true)]
async fn a_click_after_the_night_goes_on_as_a_sign_in() {
    let (world, engine) = start(minutes(60), None).await;
    *world.renew_never.lock().unwrap() = Some(SsoError::InvalidGrant);
    *world.sign_in_takes.lock().unwrap() = Duration::from_secs(60);
    *world.boot_jump.lock().unwrap() = Duration::from_secs(9 * 3600);
    world.log.lock().unwrap().clear();
    // The token is refused before its time, the renewal too, and the person has clicked.
    world.refuse.lock().unwrap().push(SsoError::Unauthorized);
    engine.ask(console()).await.unwrap();
    until(&engine, |s| matches!(s.launches.last(), Some((_, Launch::Opened(..))))).await;
    assert_eq!((world.count("sign-in page"), world.count("tab")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_click_whose_renewal_fails_for_now_is_told_so() {
    let (world, engine) = start(minutes(60), None).await;
    *world.renew_never.lock().unwrap() = Some(no_answer());
    pass(minutes(61)).await;
    engine.ask(console()).await.unwrap();
    pass(minutes(1)).await;
    assert!(matches!(
        now(&engine).launches.last(),
        Some((_, Launch::Failed { code: Code::NoAnswer { .. }, .. }))
    ));
    assert!(signed_in(&engine));
}

#[tokio::test(start_paused = true)]
async fn three_clicks_that_wait_open_one_tab() {
    let (world, engine) = start(minutes(60), None).await;
    *world.renew_never.lock().unwrap() = Some(no_answer());
    pass(minutes(61)).await;
    *world.renew_never.lock().unwrap() = None;
    *world.renewal_takes.lock().unwrap() = Duration::from_secs(10);
    for _ in 0..3 {
        engine.ask(console()).await.unwrap();
    }
    pass(minutes(1)).await;
    assert_eq!(world.count("tab"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_environment_is_copied_after_a_renewal() {
    let (world, engine) = start(minutes(60), None).await;
    *world.renew_never.lock().unwrap() = Some(no_answer());
    pass(minutes(61)).await;
    *world.renew_never.lock().unwrap() = None;
    let copy = || Request::CopyEnvironment { grant: grant(), shell: Shell::Posix, confirmed: true };
    assert!(matches!(engine.ask(copy()).await, Ok(Reply::Copied { .. })));
    assert_eq!(world.count("copied"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_copy_beside_a_sign_in_that_nobody_finishes_waits_for_the_renewal_alone() {
    let (world, engine) = start(minutes(60), None).await;
    *world.renew_never.lock().unwrap() = Some(no_answer());
    pass(minutes(61)).await;
    *world.renew_never.lock().unwrap() = None;
    *world.sign_in_takes.lock().unwrap() = Duration::from_secs(3600);
    engine.ask(Request::SignIn { org: acme(), method: None }).await.unwrap();
    let copy = Request::CopyEnvironment { grant: grant(), shell: Shell::Posix, confirmed: true };
    let answer = tokio::time::timeout(Duration::from_secs(5), engine.ask(copy)).await;
    assert!(matches!(answer, Ok(Ok(Reply::Copied { .. }))));
    assert!(matches!(now(&engine).organisations[0].sign_in, SignIn::InProgress(_)));
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_answered_401_is_tried_again_after_a_renewal() {
    let (world, engine) = start(minutes(60), None).await;
    world.refuse.lock().unwrap().push(SsoError::Unauthorized);
    let copy = || Request::CopyEnvironment { grant: grant(), shell: Shell::Posix, confirmed: true };
    assert!(matches!(engine.ask(copy()).await, Ok(Reply::Copied { .. })));
    assert_eq!((world.count("refresh token"), world.count("copied")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn short_access_tokens_are_renewed_in_time_and_do_not_end_the_sign_in() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.token_life.lock().unwrap() = minutes(5);
        *w.token_expires.lock().unwrap() = begin() + minutes(5);
    })
    .await;
    pass(minutes(180)).await;
    let SignIn::SignedIn(session) = now(&engine).organisations[0].sign_in.clone() else { panic!() };
    assert_eq!(session.ends, None);
    // Every 200 seconds.
    let asked = world.count("refresh token");
    assert!((50..=55).contains(&asked), "{asked} renewals in three hours");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lives_for_ever_does_not_stop_the_engine() {
    let forever = jiff::Timestamp::MAX.duration_since(begin() + minutes(41));
    let (world, engine) = start_in(minutes(60), None, |w| *w.token_life.lock().unwrap() = forever).await;
    pass(minutes(45)).await;
    assert_eq!(world.count("refresh token"), 1);
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
}
