//! The sync of the portal when it is limited, interrupted or led in a circle.

use super::world::{begin, minutes, no_answer, now, pass, start_in, until};
use crate::{
    Request, Signal, Snapshot,
    model::{
        code::Code,
        ids::{AccountId, OrgId, RoleName},
        portal::{Account, Portal, Sync},
        sign_in::SignIn,
    },
    ports::SsoError,
};
use jiff::SignedDuration;
use std::time::Duration;

fn acme() -> OrgId {
    OrgId::new("acme")
}

fn synced(s: &Snapshot) -> bool {
    s.organisations[0].portal.synced.is_some()
}

fn empty(w: &super::world::World) {
    *w.portal.lock().unwrap() = Some(Portal::default());
}

#[tokio::test(start_paused = true)]
async fn a_first_sync_that_meets_a_401_goes_on_after_the_renewal() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        empty(w);
        w.listings.lock().unwrap().push(SsoError::Unauthorized);
    })
    .await;
    until(&engine, synced).await;
    assert_eq!((world.count("refresh token"), world.count("accounts")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_portal_that_never_takes_the_token_is_not_asked_for_ever() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        empty(w);
        *w.list_never.lock().unwrap() = Some(SsoError::Unauthorized);
    })
    .await;
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::Ended { .. })).await;
    assert_eq!((world.count("refresh token"), world.count("accounts")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_fails_waits_longer_each_time_and_goes_on_when_the_network_comes() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        empty(w);
        *w.list_never.lock().unwrap() = Some(no_answer());
    })
    .await;
    pass(minutes(30)).await;
    let asked = world.count("accounts");
    assert!((7..=12).contains(&asked), "{asked} tries in half an hour");
    *world.list_never.lock().unwrap() = None;
    engine.signal(Signal::NetworkUp);
    pass(SignedDuration::from_secs(1)).await;
    assert_eq!(world.count("accounts"), asked + 1, "at once");
    assert_eq!(now(&engine).organisations[0].sync, Sync::Idle);
}

#[tokio::test(start_paused = true)]
async fn a_limited_sync_goes_on_when_the_service_said_so() {
    let limited = SsoError::Throttled { host: "h".into(), retry_after: Some(Duration::from_secs(90)) };
    let (world, engine) = start_in(minutes(60), None, |w| {
        empty(w);
        w.listings.lock().unwrap().push(limited);
    })
    .await;
    let until_then = until(&engine, |s| matches!(s.organisations[0].sync, Sync::Throttled { .. })).await;
    let Sync::Throttled { until: when, .. } = until_then.organisations[0].sync else { panic!() };
    assert!(when >= begin() + SignedDuration::from_secs(90), "{when}");
    pass(SignedDuration::from_secs(85)).await;
    assert_eq!(world.count("accounts"), 1);
    until(&engine, synced).await;
    assert_eq!(world.count("accounts"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_leads_in_a_circle_is_an_error() {
    let (_world, engine) = start_in(minutes(60), None, |w| {
        empty(w);
        *w.endless_pages.lock().unwrap() = true;
    })
    .await;
    let failed =
        |s: &Snapshot| matches!(&s.organisations[0].sync, Sync::Failed { code: Code::Garbled { .. }, .. });
    until(&engine, failed).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_gained_and_lost_is_told() {
    let (_world, engine) = start_in(minutes(60), None, |w| {
        let account = |id: &str, role: &str| Account {
            id: AccountId::new(id),
            name: id.into(),
            email: None,
            roles: Some(vec![RoleName::new(role)]),
        };
        *w.portal.lock().unwrap() = Some(Portal {
            accounts: vec![account("1", "Old"), account("2", "Dev")],
            synced: Some(begin()),
            ..Portal::default()
        });
    })
    .await;
    engine.ask(Request::Sync(acme())).await.unwrap();
    let changed = until(&engine, |s| !s.organisations[0].portal.changes.is_empty()).await;
    let changes = &changed.organisations[0].portal.changes;
    let (gained, lost): (Vec<_>, Vec<_>) = changes.iter().partition(|c| c.gained);
    assert_eq!((gained.len(), lost.len()), (1, 2), "{changes:?}");
}
