//! Signing in, signing out and quitting: what ends must end everywhere, and what was got must not be lost.

use super::world::{console, fresh, grant, keep, minutes, now, pass, start, start_in, until};
use crate::{
    Request,
    model::{
        code::Code,
        ids::OrgId,
        organisation::{Endpoints, Kind},
        portal::Portal,
        sign_in::{Method, SignIn},
    },
    ports::{Keyring, SandboxReady, SsoError},
    request::Reply,
    snapshot::Launch,
};
use jiff::SignedDuration;
use std::time::Duration;

fn acme() -> OrgId {
    OrgId::new("acme")
}

fn sign_in(method: Option<Method>) -> Request {
    Request::SignIn { org: acme(), method }
}

#[tokio::test(start_paused = true)]
async fn signing_out_with_a_token_that_has_run_out_ends_the_sign_in_on_the_server() {
    let (world, engine) = start(minutes(60), None).await;
    world.logouts.lock().unwrap().push(SsoError::Unauthorized);
    engine.ask(Request::SignOut(acme())).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!((world.count("logout"), world.count("refresh token")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn quitting_waits_for_a_sign_out_but_not_for_ever() {
    for (takes, logouts) in [(2, 1), (60, 0)] {
        let (world, engine) = start(minutes(60), None).await;
        *world.logout_takes.lock().unwrap() = Duration::from_secs(takes);
        engine.ask(Request::SignOut(acme())).await.unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(engine.ask(Request::Quit).await, Ok(Reply::Done));
        assert_eq!(world.count("logout"), logouts);
        assert!(begun.elapsed() <= Duration::from_secs(6), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn quitting_waits_for_a_renewal_and_for_the_store() {
    let (world, engine) = start(minutes(60), None).await;
    *world.renewal_takes.lock().unwrap() = Duration::from_secs(3);
    pass(minutes(40) + SignedDuration::from_secs(1)).await;
    assert_eq!(world.count("refresh token"), 1, "under way");
    *world.commits_take.lock().unwrap() = vec![Duration::from_secs(1); 4];
    engine.ask(Request::SetFavourite { target: grant().into(), on: true }).await.unwrap();
    engine.ask(Request::Quit).await.unwrap();
    assert_eq!(world.row("sealed tokens").as_deref(), Some("sam"));
    assert!(world.row("favourite Dev").is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_decided_later_is_stored_later() {
    let (world, engine) = start(minutes(60), None).await;
    // The first write is slow, those after it are quick.
    *world.commits_take.lock().unwrap() = vec![Duration::ZERO, Duration::ZERO, Duration::from_secs(5)];
    engine.ask(Request::SetFavourite { target: grant().into(), on: true }).await.unwrap();
    engine.ask(Request::SetFavourite { target: grant().into(), on: false }).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(world.row("favourite Dev"), None);
}

#[tokio::test(start_paused = true)]
async fn a_hiccup_of_who_is_signed_in_changes_nobody() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.signed_in.lock().unwrap() = false;
        *w.portal.lock().unwrap() = Some(Portal {
            user: Some("sam".into()),
            user_id: Some("id-sam".into()),
            synced: Some(super::world::begin()),
            ..Portal::default()
        });
        *w.who_fails.lock().unwrap() = true;
        *w.list_takes.lock().unwrap() = Duration::from_secs(60);
    })
    .await;
    *world.credentials_take.lock().unwrap() = Duration::from_secs(1);
    engine.ask(sign_in(None)).await.unwrap();
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::SignedIn(_))).await;
    let portal = now(&engine).organisations[0].portal.clone();
    assert!(portal.synced.is_some(), "the list stays");
    assert_eq!(portal.user_id.as_deref(), Some("id-sam"));
}

#[tokio::test(start_paused = true)]
async fn a_click_of_another_person_is_not_left_waiting() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.signed_in.lock().unwrap() = false;
        *w.portal.lock().unwrap() =
            Some(Portal { user: Some("sam".into()), user_id: Some("id-sam".into()), ..Portal::default() });
        *w.user.lock().unwrap() = "kim".into();
    })
    .await;
    engine.ask(console()).await.unwrap();
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::SignedIn(_))).await;
    assert!(now(&engine).launches.is_empty(), "{:?}", now(&engine).launches);
    assert_eq!(world.count("tab"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_console_waits_for_the_sign_in_and_opens() {
    let (world, engine) = start_in(minutes(60), None, |w| *w.signed_in.lock().unwrap() = false).await;
    let wish = Request::OpenConsole {
        grant: grant(),
        destination: Some("s3".into()),
        region: Some("eu-north-1".into()),
        private: false,
        confirmed: true,
    };
    engine.ask(wish).await.unwrap();
    until(&engine, |s| matches!(s.launches.last(), Some((_, Launch::Opened(..))))).await;
    let page = "console https://eu-north-1.console.aws.amazon.com/s3/home?region=eu-north-1";
    assert_eq!(world.count(page), 1, "{:?}", world.log.lock().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_private_window_is_private_after_a_401_and_when_it_is_tried_again() {
    let (world, engine) = start(minutes(60), None).await;
    let wish = |private| Request::OpenConsole {
        grant: grant(),
        destination: None,
        region: None,
        private,
        confirmed: true,
    };
    world.refuse.lock().unwrap().push(SsoError::Unauthorized);
    engine.ask(wish(true)).await.unwrap();
    until(&engine, |s| matches!(s.launches.last(), Some((_, Launch::Opened(..))))).await;
    assert_eq!((world.count("private window"), world.count("tab")), (1, 0));
    world.refused.lock().unwrap().consoles = true;
    engine.ask(wish(true)).await.unwrap();
    let failed =
        |s: &crate::Snapshot| matches!(s.launches.last(), Some((_, Launch::Failed { private: true, .. })));
    until(&engine, failed).await;
    world.refused.lock().unwrap().consoles = false;
    let notice = crate::model::notice::Notice::LaunchFailed {
        grant: grant(),
        account_name: "payments-dev".into(),
        code: Code::AccessRemoved,
        destination: None,
        region: None,
    };
    let again = Request::Pressed { notice, pressed: crate::model::notice::Pressed::TryAgain };
    engine.ask(again).await.unwrap();
    until(&engine, |s| matches!(s.launches.last(), Some((_, Launch::Opened(..))))).await;
    assert_eq!((world.count("private window"), world.count("tab")), (2, 0));
    engine.ask(wish(false)).await.unwrap();
    pass(SignedDuration::from_secs(1)).await;
    assert_eq!((world.count("private window"), world.count("tab")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_region_alone_is_a_destination_and_survives_a_401() {
    let (world, engine) = start(minutes(60), None).await;
    world.refuse.lock().unwrap().push(SsoError::Unauthorized);
    let wish = |destination: Option<&str>, region: &str| Request::OpenConsole {
        grant: grant(),
        destination: destination.map(str::to_owned),
        region: Some(region.into()),
        private: false,
        confirmed: true,
    };
    engine.ask(wish(None, "eu-central-1")).await.unwrap();
    until(&engine, |s| matches!(s.launches.last(), Some((_, Launch::Opened(..))))).await;
    let page = "console https://eu-central-1.console.aws.amazon.com/console/home?region=eu-central-1";
    assert_eq!(world.count(page), 1, "{:?}", world.log.lock().unwrap());
    let bad = engine.ask(wish(Some("s 3"), "eu-central-1")).await;
    assert_eq!(bad, Err(Code::BadDestination { wanted: "s 3".into() }));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_redirect_gets_a_device() {
    let refusal = SsoError::Other(Code::ServerError { host: "h".into(), status: 400 });
    assert!(crate::attempt::cannot_redirect(&refusal));
    let down = SsoError::Other(Code::ServerError { host: "h".into(), status: 503 });
    assert!(!crate::attempt::cannot_redirect(&down));
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_that_does_not_run_gets_no_browser() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.kind.lock().unwrap() = Kind::Sandbox;
        *w.signed_in.lock().unwrap() = false;
    })
    .await;
    let answer = engine.ask(sign_in(None)).await;
    assert!(matches!(answer, Err(Code::SandboxFailed { .. })), "{answer:?}");
    assert!(engine.ask(console()).await.is_err());
    pass(minutes(1)).await;
    assert_eq!(world.count("sign-in page"), 0);
    assert!(now(&engine).launches.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_on_another_port_keeps_its_sign_in_and_gets_a_new_registration_for_the_next() {
    let url = url::Url::parse("http://localhost:4041/start").unwrap();
    let endpoints =
        Endpoints { oidc: url.clone(), portal: url.clone(), federation: url.clone(), sts: url.clone() };
    let ready = SandboxReady {
        start_url: url,
        name: "Sample".into(),
        region: "eu-west-1".into(),
        endpoints,
        users: vec![],
    };
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.kind.lock().unwrap() = Kind::Sandbox;
        *w.sandbox.lock().unwrap() = Some(ready);
    })
    .await;
    pass(minutes(90)).await;
    assert!(matches!(now(&engine).organisations[0].sign_in, SignIn::SignedIn(_)));
    assert_eq!(world.count("refresh token"), 2, "{:?}", world.log.lock().unwrap());
    assert!(world.row("sealed client device_code").is_some(), "stored as one that is not used again");
    engine.ask(sign_in(Some(Method::DeviceCode))).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(world.count("register"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_failed_stands_in_activity_once() {
    let (world, engine) = start(minutes(60), None).await;
    *world.renew_never.lock().unwrap() = Some(super::world::no_answer());
    *world.list_never.lock().unwrap() = Some(super::world::no_answer());
    world.logouts.lock().unwrap().push(super::world::no_answer());
    engine.ask(Request::Sync(acme())).await.unwrap();
    pass(minutes(50)).await;
    engine.ask(Request::MakeFilePrivate).await.unwrap();
    engine.ask(Request::UndoFileChanges).await.unwrap();
    engine.ask(Request::SignOut(acme())).await.unwrap();
    pass(minutes(1)).await;
    let happened = world.happened.lock().unwrap().clone();
    for what in ["RenewalFailed", "SyncFailed", "MadePrivate", "Undone", "NotRevoked"] {
        assert_eq!(happened.iter().filter(|e| e.starts_with(what)).count(), 1, "{what}: {happened:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_ends_while_the_next_is_stored_does_not_take_it_along() {
    let (world, engine) = start(minutes(60), Some(super::world::begin() + minutes(5))).await;
    // The person signs in anew, and the old sign-in ends while the new one is being stored.
    *world.sign_in_takes.lock().unwrap() = Duration::from_secs(295);
    *world.ends.lock().unwrap() = None;
    engine.ask(sign_in(None)).await.unwrap();
    pass(SignedDuration::from_secs(290)).await;
    *world.commits_take.lock().unwrap() = vec![Duration::from_secs(10)];
    pass(minutes(3)).await;
    let SignIn::SignedIn(session) = now(&engine).organisations[0].sign_in.clone() else {
        panic!("{:?}", now(&engine).organisations[0].sign_in)
    };
    assert_eq!(session.stored, world.row("sealed tokens").is_some(), "what is said is true");
    assert!(session.stored);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_given_up_at_the_last_moment_leaves_nothing_in_the_store() {
    let (world, engine) = start_in(minutes(60), None, |w| *w.signed_in.lock().unwrap() = false).await;
    *world.sign_in_takes.lock().unwrap() = Duration::from_secs(10);
    engine.ask(sign_in(None)).await.unwrap();
    pass(SignedDuration::from_secs(9)).await;
    *world.commits_take.lock().unwrap() = vec![Duration::from_secs(5)];
    pass(SignedDuration::from_secs(3)).await;
    engine.ask(Request::CancelSignIn(acme())).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(now(&engine).organisations[0].sign_in, SignIn::SignedOut);
    assert_eq!(world.row("sealed tokens"), None);
}

#[tokio::test(start_paused = true)]
async fn a_keyring_that_asks_for_its_password_holds_nothing_up() {
    let begun = tokio::time::Instant::now();
    let (world, engine) =
        start_in(minutes(60), None, |w| *w.keyring_takes.lock().unwrap() = Duration::from_secs(40)).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "the list is shown after {:?}", begun.elapsed());
    assert_eq!(now(&engine).organisations[0].portal.accounts.len(), 1);
    assert_eq!(now(&engine).keyring, Keyring::Ready);
    pass(minutes(1)).await;
    assert!(matches!(now(&engine).organisations[0].sign_in, SignIn::SignedIn(_)));
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    assert_eq!(world.count("sign-in page"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_from_before_the_keyring_opened_is_stored_then() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.signed_in.lock().unwrap() = false;
        *w.keyring_takes.lock().unwrap() = Duration::from_secs(40);
    })
    .await;
    engine.ask(sign_in(None)).await.unwrap();
    let stored = |s: &crate::Snapshot| matches!(&s.organisations[0].sign_in, SignIn::SignedIn(s) if s.stored);
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::SignedIn(_))).await;
    assert!(!stored(&now(&engine)));
    until(&engine, stored).await;
    assert!(world.row("sealed tokens").is_some());
}
