//! The network goes and comes, and servers with it.

use super::world::{World, fresh, keep, minutes, no_answer, now, pass, start, until};
use crate::{
    Engine, Request, Signal, Snapshot,
    model::{ids::OrgId, portal::Sync, profile::Conflict, profile::State},
};
use jiff::SignedDuration;
use std::{sync::Arc, time::Duration};

fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

/// Signed in, with one profile that is fresh and a list that is whole.
async fn settled() -> (Arc<World>, Engine) {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    pass(minutes(65)).await;
    assert!(fresh(&now(&engine)));
    (world, engine)
}

/// Another program changes the profile, which is worth telling.
fn changed(world: &World, engine: &Engine) {
    *world.looks.lock().unwrap() = Some(Conflict::ChangedByAnother);
    engine.signal(Signal::FilesChanged);
}

#[tokio::test(start_paused = true)]
async fn what_was_held_for_want_of_a_network_is_told_when_it_returns() {
    let (world, engine) = settled().await;
    engine.signal(Signal::NetworkDown);
    pass(minutes(2)).await;
    changed(&world, &engine);
    // Collected for 20 s, then held.
    pass(seconds(25)).await;
    assert_eq!(world.count("notify"), 0, "offline for two minutes is no time to tell anything");
    engine.signal(Signal::NetworkUp);
    pass(seconds(14)).await;
    assert_eq!(world.count("notify"), 0, "silent renewal goes first");
    pass(seconds(2)).await;
    assert_eq!(world.count("notify conflict/acme"), 1, "{:?}", world.log.lock().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_was_asked_for_before_does_not_bring_the_network_back() {
    let (world, engine) = settled().await;
    *world.list_takes.lock().unwrap() = Duration::from_secs(30);
    engine.ask(Request::Sync(OrgId::new("acme"))).await.unwrap();
    pass(seconds(5)).await;
    engine.signal(Signal::NetworkDown);
    let synced = |s: &Snapshot| s.organisations[0].sync == Sync::Idle;
    until(&engine, synced).await;
    assert!(!now(&engine).online, "the machine said that there is no network");
    // What was held goes on being held.
    changed(&world, &engine);
    pass(minutes(1)).await;
    assert_eq!(world.count("notify"), 0);

    // A server that answers now says more than the machine does.
    engine.ask(Request::Sync(OrgId::new("acme"))).await.unwrap();
    until(&engine, |s| s.online).await;
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_brings_no_network() {
    let (_world, engine) = settled().await;
    engine.signal(Signal::NetworkDown);
    until(&engine, |s| !s.online).await;
    engine.signal(Signal::Woke);
    pass(seconds(1)).await;
    assert!(!now(&engine).online);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_back_ends_the_waits_for_it() {
    let (world, engine) = settled().await;
    *world.refuse_always.lock().unwrap() = Some(no_answer());
    let failing = |s: &Snapshot| s.profiles.iter().any(|p| matches!(p.state, State::Retrying { .. }));
    engine.ask(Request::RefreshAll).await.unwrap();
    until(&engine, failing).await;
    // The wait for the next try has grown to minutes.
    pass(minutes(7)).await;
    *world.refuse_always.lock().unwrap() = None;
    let tried = world.count("role credentials");
    engine.ask(Request::Sync(OrgId::new("acme"))).await.unwrap();
    pass(seconds(2)).await;
    assert!(fresh(&now(&engine)), "{:?}", now(&engine).profiles[0].state);
    assert_eq!(world.count("role credentials"), tried + 1);
    assert_eq!(world.count("notify"), 0);
}
