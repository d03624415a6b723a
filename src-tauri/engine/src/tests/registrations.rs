//! Which client registration a sign-in's tokens belong to, and what becomes of one that the server or the
//! keyring lost.

use super::world::{World, begin, minutes, now, pass, start_in, until};
use crate::{
    Engine, Request,
    model::{
        ids::OrgId,
        secret::ClientRegistration,
        sign_in::{Method, SignIn},
    },
    ports::SsoError,
};
use jiff::SignedDuration;
use std::{sync::Arc, time::Duration};

fn acme() -> OrgId {
    OrgId::new("acme")
}

fn sign_in(method: Option<Method>) -> Request {
    Request::SignIn { org: acme(), method }
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
    engine.ask(sign_in(None)).await.unwrap();
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

#[tokio::test(start_paused = true)]
async fn a_registration_that_a_renewal_found_forgotten_is_not_used_again() {
    let (world, engine) = start_in(minutes(60), None, |_| ()).await;
    world.renewals.lock().unwrap().push(SsoError::InvalidClient);
    pass(minutes(50)).await;
    assert_eq!((world.count("refresh token"), world.count("commit remove sealed")), (1, 1));
    engine.ask(sign_in(Some(Method::DeviceCode))).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(world.count("register DeviceCode"), 1);
    assert_eq!(world.row("sealed client device_code").as_deref(), Some("registered-1"));
    pass(minutes(90)).await;
    assert!(signed_in(&engine), "{:?}", now(&engine).organisations[0].sign_in);
}

/// Signed in by the browser, with the first registration.
async fn by_browser() -> (Arc<World>, Engine) {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.signed_in.lock().unwrap() = false;
        *w.redirect_takes.lock().unwrap() = Some(Duration::from_secs(1));
    })
    .await;
    engine.ask(sign_in(None)).await.unwrap();
    pass(minutes(1)).await;
    assert!(signed_in(&engine));
    assert_eq!(world.row("sealed client browser").as_deref(), Some("registered-1"));
    (world, engine)
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_an_exchange_found_forgotten_is_not_used_again() {
    let (world, engine) = by_browser().await;
    world.exchanges.lock().unwrap().push(SsoError::InvalidClient);
    engine.ask(sign_in(None)).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(world.row("sealed client browser"), None);
    assert_eq!(world.row("sealed client device_code").as_deref(), Some("registered-2"));
    engine.ask(sign_in(None)).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(world.count("authorize registered-3"), 1, "{:?}", world.log.lock().unwrap());
    assert!(signed_in(&engine));
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_brings_no_answer_gets_another_registration_the_next_time() {
    for cancelled in [false, true] {
        let (world, engine) = by_browser().await;
        *world.redirect_takes.lock().unwrap() = Some(Duration::from_secs(3600));
        engine.ask(sign_in(None)).await.unwrap();
        pass(minutes(1)).await;
        if cancelled {
            engine.ask(Request::CancelSignIn(acme())).await.unwrap();
        }
        pass(minutes(90)).await;
        assert_eq!(world.count("authorize registered-1"), 2);
        assert!(signed_in(&engine), "the sign-in that stood is renewed by the registration it has");
        *world.redirect_takes.lock().unwrap() = Some(Duration::from_secs(1));
        for _ in 0..2 {
            engine.ask(sign_in(None)).await.unwrap();
            pass(minutes(1)).await;
            assert!(signed_in(&engine));
        }
        assert_eq!(world.count("authorize registered-2"), 2, "{:?}", world.log.lock().unwrap());
    }
}

/// What the AWS CLI registered, ten minutes from its end or far from it.
fn shared(id: &str, minutes_left: i64) -> ClientRegistration {
    ClientRegistration {
        client_id: id.to_owned(),
        client_secret: "s".into(),
        expires: begin() + minutes(minutes_left),
        method: Method::DeviceCode,
    }
}

async fn with_shared(client: ClientRegistration) -> (Arc<World>, Engine) {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.signed_in.lock().unwrap() = false;
        *w.shared.lock().unwrap() = Some(client);
    })
    .await;
    engine.ask(sign_in(Some(Method::DeviceCode))).await.unwrap();
    pass(minutes(1)).await;
    assert!(signed_in(&engine));
    (world, engine)
}

#[tokio::test(start_paused = true)]
async fn what_the_cli_registered_is_used() {
    let (world, engine) = with_shared(shared("clis", 9000)).await;
    assert_eq!((world.count("register"), world.count("share")), (0, 0));
    assert_eq!(world.row("sealed client device_code").as_deref(), Some("clis"));
    pass(minutes(90)).await;
    assert!(signed_in(&engine), "it renews, too");
}

#[tokio::test(start_paused = true)]
async fn one_of_our_own_is_offered_to_the_cli() {
    let (world, _engine) = with_shared(shared("clis", 10)).await;
    assert_eq!((world.count("register DeviceCode"), world.count("share registered-1")), (1, 1));
}
