//! Which client registration a sign-in's tokens belong to, and what becomes of one that the server or the
//! keyring lost.

use super::world::{World, minutes, now, pass, start_in, until};
use crate::{Engine, Request, model::ids::OrgId, model::sign_in::SignIn};
use jiff::SignedDuration;
use std::{sync::Arc, time::Duration};

fn acme() -> OrgId {
    OrgId::new("acme")
}

fn signed_in(engine: &Engine) -> bool {
    matches!(now(engine).organisations[0].sign_in, SignIn::SignedIn(_))
}

/// The person signs in while the keyring asks for its password, opens it after 40 seconds and is signed in
/// after 60.
async fn keyring_opens_during_a_sign_in(stored: bool) -> (Arc<World>, Engine) {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.signed_in.lock().unwrap() = stored;
        *w.keyring_takes.lock().unwrap() = Duration::from_secs(40);
        *w.sign_in_takes.lock().unwrap() = Duration::from_secs(60);
    })
    .await;
    engine.ask(Request::SignIn { org: acme(), method: None }).await.unwrap();
    pass(SignedDuration::from_secs(50)).await;
    assert!(matches!(now(&engine).organisations[0].sign_in, SignIn::InProgress(_)));
    (world, engine)
}

#[tokio::test(start_paused = true)]
async fn a_keyring_that_opens_during_a_sign_in_leaves_its_tokens_their_registration() {
    let (world, engine) = keyring_opens_during_a_sign_in(true).await;
    pass(minutes(90)).await;
    assert!(signed_in(&engine), "{:?}", now(&engine).organisations[0].sign_in);
    assert!(world.count("refresh token") > 0);
    assert_eq!(world.row("sealed client device_code").as_deref(), Some("registered-1"));
}

#[tokio::test(start_paused = true)]
async fn a_registration_from_before_the_keyring_opened_is_stored_with_its_tokens() {
    let (world, engine) = keyring_opens_during_a_sign_in(false).await;
    until(&engine, |s| matches!(&s.organisations[0].sign_in, SignIn::SignedIn(s) if s.stored)).await;
    assert_eq!(world.row("sealed client device_code").as_deref(), Some("registered-1"));
}

#[tokio::test(start_paused = true)]
async fn giving_up_a_sign_in_leaves_the_one_that_the_keyring_brought() {
    let (world, engine) = keyring_opens_during_a_sign_in(true).await;
    engine.ask(Request::CancelSignIn(acme())).await.unwrap();
    pass(minutes(90)).await;
    assert!(signed_in(&engine), "{:?}", now(&engine).organisations[0].sign_in);
    assert_eq!(world.count("sign-in page"), 1);
}
