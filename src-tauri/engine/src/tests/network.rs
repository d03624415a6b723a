//! The network goes and comes, and servers with it.

use super::world::{World, fresh, keep, minutes, no_answer, now, pass, start, until};
use crate::{
    Engine, Request, Signal, Snapshot,
    model::{
        history::{Entry, Event},
        ids::OrgId,
        portal::Sync,
        profile::Conflict,
        profile::State,
    },
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
    offline(&world, &engine).await;
    pass(minutes(2)).await;
    changed(&world, &engine);
    // Collected for 20 s, then held.
    pass(seconds(25)).await;
    assert_eq!(world.count("notify"), 0, "offline for two minutes is no time to tell anything");
    answers(&world);
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

/// The machine says that there is no network, and every server agrees.
async fn offline(world: &World, engine: &Engine) {
    *world.list_never.lock().unwrap() = Some(no_answer());
    *world.refuse_always.lock().unwrap() = Some(no_answer());
    *world.renew_never.lock().unwrap() = Some(no_answer());
    engine.signal(Signal::NetworkDown);
    until(engine, |s| !s.online).await;
}

/// The servers answer again.
fn answers(world: &World) {
    *world.list_never.lock().unwrap() = None;
    *world.refuse_always.lock().unwrap() = None;
    *world.renew_never.lock().unwrap() = None;
}

/// How often the list was asked for.
fn asked(world: &World) -> usize {
    world.count("accounts")
}

#[tokio::test(start_paused = true)]
async fn without_a_network_it_is_tried_at_times_that_are_told() {
    let (world, engine) = settled().await;
    offline(&world, &engine).await;
    let gone = now(&engine).at;
    assert_eq!(now(&engine).next_attempt, Some(gone + seconds(20)));
    let before = asked(&world);
    pass(seconds(19)).await;
    assert_eq!(asked(&world), before, "not before its time");
    pass(seconds(2)).await;
    assert_eq!(asked(&world), before + 1);
    assert_eq!(now(&engine).next_attempt, Some(gone + seconds(60)), "twice as long after a failure");
    pass(seconds(40)).await;
    assert_eq!((asked(&world), now(&engine).next_attempt), (before + 2, Some(gone + seconds(140))));
    // Hours later it is every five minutes.
    pass(minutes(60)).await;
    let wait = now(&engine).next_attempt.unwrap().duration_since(now(&engine).at);
    assert!(wait <= minutes(5), "{wait}");
    assert!(!now(&engine).online);
    let failed = |e: &&Entry| matches!(e.event, Event::SyncFailed { .. });
    let lines = now(&engine).history.iter().filter(failed).count();
    assert_eq!(lines, 1, "said once in Activity, however often it is tried");

    // The machine is wrong: a server answers.
    answers(&world);
    pass(minutes(6)).await;
    assert!(now(&engine).online);
    assert_eq!(now(&engine).next_attempt, None);
}

#[tokio::test(start_paused = true)]
async fn trying_now_puts_the_next_attempt_off_and_the_network_ends_them() {
    let (world, engine) = settled().await;
    offline(&world, &engine).await;
    pass(seconds(15)).await;
    let before = asked(&world);
    engine.ask(Request::RefreshAll).await.unwrap();
    pass(seconds(1)).await;
    assert_eq!(asked(&world), before + 1);
    let wait = now(&engine).next_attempt.unwrap().duration_since(now(&engine).at);
    assert!(wait > seconds(15), "counted from the person's own attempt: {wait}");
    answers(&world);
    engine.signal(Signal::NetworkUp);
    until(&engine, |s| s.online && s.next_attempt.is_none()).await;
    // Gone again, it begins anew.
    engine.signal(Signal::NetworkDown);
    until(&engine, |s| !s.online).await;
    let wait = now(&engine).next_attempt.unwrap().duration_since(now(&engine).at);
    assert!(wait <= seconds(20), "{wait}");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_signed_out_waits_for_no_attempt() {
    let (_world, engine) = settled().await;
    engine.ask(Request::SignOut(OrgId::new("acme"))).await.unwrap();
    engine.signal(Signal::NetworkDown);
    until(&engine, |s| !s.online).await;
    assert_eq!(now(&engine).next_attempt, None);
}
