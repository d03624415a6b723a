//! The sign-in in the AWS CLI's own cache: kept fresh, shared with tools that renew it, and taken out.

use super::world::{World, grant, minutes, now, pass, start, until};
use crate::{
    Engine, Request,
    model::{
        Timestamp, delivery::Delivery, ids::ProfileName, profile::State, settings::Settings, sign_in::SignIn,
    },
    ports::{CachedSignIn, Clock, SsoError},
    request::{Reply, Signal},
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

async fn kept() -> (Arc<World>, Engine) {
    let (world, engine) = start(minutes(60), None).await;
    let wish = Request::KeepFresh {
        grant: grant(),
        profile: ProfileName::new("pay-dev"),
        delivery: Delivery::SsoCache,
        region: None,
        replace_foreign: false,
        confirmed: true,
    };
    assert_eq!(engine.ask(wish).await, Ok(Reply::Done));
    until(&engine, |s| s.profiles.iter().any(|p| p.state == State::Ready)).await;
    (world, engine)
}

fn cached(world: &World) -> Option<CachedSignIn> {
    world.cached.lock().unwrap().values().next().cloned()
}

/// A tool renewed what is in the cache.
fn renew_there(world: &World, token: &str, expires: Timestamp) {
    let mut cached = world.cached.lock().unwrap();
    let there = cached.values_mut().next().expect("something is there");
    there.tokens.refresh_token = Some(SecretString::from(token));
    there.tokens.expires = expires;
}

#[tokio::test(start_paused = true)]
async fn it_is_there_at_once_and_as_fresh_as_ours() {
    let (world, engine) = kept().await;
    pass(minutes(1)).await;
    let first = cached(&world).expect("it is there");
    assert!(first.client.is_some() && first.tokens.refresh_token.is_some());
    for _ in 0..20 {
        pass(minutes(15)).await;
        let left = cached(&world).unwrap().tokens.expires.duration_since(world.now());
        assert!(left > minutes(15), "{left:#} are left");
    }
    assert!(matches!(now(&engine).organisations[0].sign_in, SignIn::SignedIn(_)));
}

#[tokio::test(start_paused = true)]
async fn what_a_tool_renewed_goes_on_and_is_not_overwritten_with_older() {
    let (world, engine) = kept().await;
    pass(minutes(1)).await;
    // Ours is used up by it, as where each works once only.
    renew_there(&world, "theirs", world.now() + minutes(70));
    let renewed = world.count("refresh token");
    pass(minutes(45)).await;
    assert_eq!(world.count("refresh token"), renewed, "theirs was taken over instead");
    let there = cached(&world).unwrap().tokens;
    assert_eq!(there.refresh_token.unwrap().expose_secret(), "theirs");
    let SignIn::SignedIn(session) = now(&engine).organisations[0].sign_in.clone() else { panic!() };
    assert_eq!(session.token_expires, there.expires);
    pass(minutes(60)).await;
    assert!(world.count("refresh token") > renewed, "and is renewed in its turn");
}

fn token_ends(engine: &Engine) -> Timestamp {
    let SignIn::SignedIn(session) = now(engine).organisations[0].sign_in.clone() else { panic!() };
    session.token_expires
}

#[tokio::test(start_paused = true)]
async fn what_a_tool_renewed_is_taken_over_when_its_file_changes() {
    let (world, engine) = kept().await;
    pass(minutes(1)).await;
    let ends = world.now() + minutes(70);
    renew_there(&world, "theirs", ends);
    engine.signal(Signal::FilesChanged);
    pass(jiff::SignedDuration::from_secs(1)).await;
    assert_eq!(token_ends(&engine), ends);
}

#[tokio::test(start_paused = true)]
async fn what_another_person_got_by_the_same_client_is_not_taken_over() {
    let (world, engine) = kept().await;
    pass(minutes(1)).await;
    let before = token_ends(&engine);
    "kim".clone_into(&mut world.user.lock().unwrap());
    renew_there(&world, "kims", world.now() + minutes(70));
    engine.signal(Signal::FilesChanged);
    pass(jiff::SignedDuration::from_secs(1)).await;
    assert_eq!(token_ends(&engine), before);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_a_tool_used_up_meanwhile_is_no_end() {
    let (world, engine) = kept().await;
    pass(minutes(1)).await;
    world.renewals.lock().unwrap().push(SsoError::InvalidGrant);
    *world.renewal_takes.lock().unwrap() = std::time::Duration::from_secs(5);
    // After we looked, before we were answered.
    pass(minutes(39)).await;
    for _ in 0..120 {
        if world.count("refresh token") > 1 {
            break;
        }
        pass(jiff::SignedDuration::from_secs(1)).await;
    }
    renew_there(&world, "theirs", world.now() + minutes(60));
    pass(minutes(5)).await;
    let SignIn::SignedIn(session) = now(&engine).organisations[0].sign_in.clone() else { panic!("ended") };
    assert!(session.token_expires > world.now() + minutes(50));
}

#[tokio::test(start_paused = true)]
async fn another_persons_sign_in_there_is_left_alone_and_not_taken_over() {
    let (world, engine) = kept().await;
    pass(minutes(1)).await;
    {
        let mut cached = world.cached.lock().unwrap();
        let there = cached.values_mut().next().unwrap();
        there.client.as_mut().unwrap().client_id = "the CLI's own".to_owned();
        there.tokens.expires = world.now() + minutes(600);
    }
    pass(minutes(120)).await;
    let there = cached(&world).unwrap();
    assert_eq!(there.client.unwrap().client_id, "the CLI's own");
    let SignIn::SignedIn(session) = now(&engine).organisations[0].sign_in.clone() else { panic!() };
    assert!(session.token_expires < world.now() + minutes(61), "ours goes on by itself");
    engine.ask(Request::SignOut(grant().org)).await.unwrap();
    pass(minutes(1)).await;
    assert!(cached(&world).is_some(), "it is not ours to take away");
}

#[tokio::test(start_paused = true)]
async fn it_goes_with_the_sign_in_and_with_the_last_profile() {
    let (world, engine) = kept().await;
    pass(minutes(1)).await;
    engine.ask(Request::SignOut(grant().org)).await.unwrap();
    pass(minutes(1)).await;
    assert!(cached(&world).is_none(), "signed out");

    let (world, engine) = kept().await;
    pass(minutes(1)).await;
    let profile = ProfileName::new("pay-dev");
    engine.ask(Request::StopKeeping { profile, remove: true }).await.unwrap();
    pass(minutes(1)).await;
    assert!(cached(&world).is_none(), "stopped");

    let (world, engine) = kept().await;
    pass(minutes(1)).await;
    let profile = ProfileName::new("pay-dev");
    let change = Request::ChangeDelivery { profile, delivery: Delivery::OnDemand, replace_foreign: false };
    engine.ask(change).await.unwrap();
    pass(minutes(1)).await;
    assert!(cached(&world).is_none(), "delivered otherwise");
}

#[tokio::test(start_paused = true)]
async fn it_goes_when_the_person_wants_nothing_to_stay_after_quitting() {
    for remove_on_quit in [false, true] {
        let (world, engine) = kept().await;
        pass(minutes(1)).await;
        let settings = Settings { remove_on_quit, ..now(&engine).settings.clone() };
        engine.ask(Request::SetSettings(settings)).await.unwrap();
        engine.ask(Request::Quit).await.unwrap();
        assert_eq!(cached(&world).is_none(), remove_on_quit);
    }
}
