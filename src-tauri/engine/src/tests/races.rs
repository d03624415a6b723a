//! What comes late or at the same time: nothing of an older sign-in reaches the next one, nothing that was
//! taken out comes back.

use super::world::{fresh, grant, keep, minutes, start, until};
use crate::{
    Engine, Request,
    model::{
        ids::{OrgId, ProfileName},
        sign_in::SignIn,
    },
    request::{Reply, Shell},
};
use std::time::Duration;

const ACME: &str = "acme";

async fn sign_in_as(world: &super::world::World, engine: &Engine, user: &str) {
    *world.user.lock().unwrap() = user.to_owned();
    engine.ask(Request::SignIn { org: OrgId::new(ACME), method: None }).await.unwrap();
    let who = user.to_owned();
    until(
        engine,
        |s| matches!(&s.organisations[0].sign_in, SignIn::SignedIn(now) if now.user.as_deref() == Some(&who)),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_late_renewal_does_not_bring_the_old_person_back() {
    let (world, engine) = start(minutes(60), None).await;
    *world.renewal_takes.lock().unwrap() = Duration::from_secs(300);
    tokio::time::sleep(Duration::from_secs(41 * 60)).await;
    assert_eq!(world.count("refresh token"), 1, "sam's renewal hangs");
    sign_in_as(&world, &engine, "kim").await;
    // The server tells of sam to whoever asks with sam's token: the renewal's answer names him.
    *world.user.lock().unwrap() = "sam".to_owned();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let snapshot = engine.snapshots().borrow().clone();
    let SignIn::SignedIn(session) = &snapshot.organisations[0].sign_in else { panic!("signed out") };
    assert_eq!(session.user.as_deref(), Some("kim"));
    let log = world.log.lock().unwrap().clone();
    let last = log.iter().rposition(|l| l == "commit remove sealed").expect("the store was set right");
    assert_eq!(log[last + 1..].iter().filter(|l| *l == "commit sealed tokens").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_given_up_leaves_the_sign_in_that_stood() {
    let (world, engine) = start(minutes(60), None).await;
    *world.sign_in_takes.lock().unwrap() = Duration::from_secs(300);
    engine.ask(Request::SignIn { org: OrgId::new(ACME), method: None }).await.unwrap();
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::InProgress(_))).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    engine.ask(Request::CancelSignIn(OrgId::new(ACME))).await.unwrap();
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::SignedIn(_))).await;
}

#[tokio::test(start_paused = true)]
async fn another_persons_cached_credentials_are_gone_with_the_sign_in() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    let copy = || Request::CopyEnvironment { grant: grant(), shell: Shell::Posix, confirmed: true };
    engine.ask(copy()).await.unwrap();
    assert_eq!(world.count("role credentials"), 1, "the cached ones were used");
    sign_in_as(&world, &engine, "kim").await;
    engine.ask(copy()).await.unwrap();
    assert_eq!(world.count("role credentials"), 2, "kim's own were fetched");
}

#[tokio::test(start_paused = true)]
async fn stopping_while_a_refresh_is_under_way_leaves_nothing_in_the_file() {
    let (world, engine) = start(minutes(60), None).await;
    *world.credentials_take.lock().unwrap() = Duration::from_secs(20);
    keep(&engine, "pay-dev").await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let stop = Request::StopKeeping { profile: ProfileName::new("pay-dev"), remove: true };
    assert_eq!(engine.ask(stop).await, Ok(Reply::Done));
    let log = world.log.lock().unwrap().clone();
    assert_eq!(
        log.iter().filter(|l| l.starts_with("write file")).count(),
        2,
        "written, then taken out: {log:?}"
    );
    let last = log.iter().rfind(|l| !l.starts_with("commit line"));
    assert_eq!(last.map(String::as_str), Some("write file 1"), "nothing after it: {log:?}");
    assert!(engine.snapshots().borrow().profiles.is_empty());
}

#[tokio::test(start_paused = true)]
async fn trying_the_keyring_again_does_not_double_what_is_there() {
    let (world, engine) = start(minutes(60), None).await;
    assert_eq!(engine.ask(Request::RetryKeyring).await, Ok(Reply::Done));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(engine.snapshots().borrow().organisations.len(), 1);
    assert_eq!(world.count("commit sealed tokens"), 0, "what is stored is not stored again");
}
