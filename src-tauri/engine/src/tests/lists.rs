//! The sync of the portal when it is limited, interrupted or led in a circle.

use super::world::{World, again, begin, minutes, no_answer, now, pass, start_in, until};
use crate::{
    Engine, Request, Signal, Snapshot,
    model::{
        application::Applications,
        code::Code,
        ids::{AccountId, OrgId, RoleName},
        portal::{Account, HalfSync, Portal, Sync},
        sign_in::SignIn,
    },
    ports::SsoError,
};
use jiff::SignedDuration;
use std::{sync::Arc, time::Duration};

fn acme() -> OrgId {
    OrgId::new("acme")
}

fn synced(s: &Snapshot) -> bool {
    s.organisations[0].portal.synced.is_some()
}

fn empty(w: &World) {
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

/// A first sync that got two accounts of three and hangs.
async fn half_way() -> (Arc<World>, Engine) {
    let (world, engine) = start_in(minutes(60), None, |w| {
        empty(w);
        *w.accounts.lock().unwrap() = vec!["1", "2", "3"];
        *w.roles_hang.lock().unwrap() = vec!["3"];
    })
    .await;
    let two = |s: &Snapshot| matches!(s.organisations[0].sync, Sync::Running { done: 2, total: 3 });
    until(&engine, two).await;
    (world, engine)
}

#[tokio::test(start_paused = true)]
async fn a_paused_sync_rests_until_somebody_asks_and_goes_on_where_it_was() {
    let (world, engine) = half_way().await;
    // The third account is being asked about meanwhile.
    pass(SignedDuration::from_secs(5)).await;
    engine.ask(Request::PauseSync(acme())).await.unwrap();
    let sync = || now(&engine).organisations[0].sync.clone();
    assert_eq!(sync(), Sync::Paused { done: 2, total: 3 });
    let known = world.half.lock().unwrap().clone().unwrap().accounts;
    assert_eq!(known.iter().filter(|a| a.roles.is_some()).count(), 2, "a kill now loses nothing");
    world.roles_hang.lock().unwrap().clear();
    engine.signal(Signal::NetworkUp);
    engine.signal(Signal::Woke);
    pass(minutes(150)).await;
    assert_eq!((sync(), world.count("accounts")), (Sync::Paused { done: 2, total: 3 }, 1), "by itself");
    engine.ask(Request::Sync(acme())).await.unwrap();
    until(&engine, synced).await;
    let asked = |id: &str| world.count(&format!("roles {id}"));
    assert_eq!((asked("1"), asked("2"), asked("3")), (1, 1, 2), "only what was missing");
    // Nothing is under way any more that could be paused.
    engine.ask(Request::PauseSync(acme())).await.unwrap();
    assert_eq!(sync(), Sync::Idle);
}

#[tokio::test(start_paused = true)]
async fn the_pause_of_a_sync_ends_with_the_sign_out() {
    let (_world, engine) = half_way().await;
    engine.ask(Request::PauseSync(acme())).await.unwrap();
    engine.ask(Request::SignOut(acme())).await.unwrap();
    until(&engine, |s| s.organisations[0].sync == Sync::Idle).await;
}

async fn quit(world: &World, engine: &Engine) {
    engine.ask(Request::Quit).await.unwrap();
    world.roles_hang.lock().unwrap().clear();
}

#[tokio::test(start_paused = true)]
async fn a_sync_goes_on_after_a_restart_where_it_was() {
    let (world, engine) = half_way().await;
    quit(&world, &engine).await;
    let engine = again(&world).await;
    let shown = until(&engine, synced).await;
    assert_eq!(shown.organisations[0].portal.accounts.len(), 3);
    let asked = |id: &str| world.count(&format!("roles {id}"));
    assert_eq!((asked("1"), asked("2"), asked("3")), (1, 1, 2), "only what was missing");
    pass(minutes(1)).await;
    assert_eq!(*world.half.lock().unwrap(), None, "the whole list took its place");
}

#[tokio::test(start_paused = true)]
async fn what_a_sync_knows_is_stored_a_few_times_and_not_for_each_account() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        empty(w);
        *w.accounts.lock().unwrap() = vec!["1"; 200];
    })
    .await;
    let begun = tokio::time::Instant::now();
    until(&engine, synced).await;
    let took = begun.elapsed().as_secs();
    let written = world.count("commit half");
    assert!((2..=usize::try_from(took / 5 + 3).unwrap()).contains(&written), "{written} in {took} s");
}

#[tokio::test(start_paused = true)]
async fn a_half_list_ends_with_the_sign_out_and_with_another_person() {
    let (world, engine) = half_way().await;
    engine.ask(Request::SignOut(acme())).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(*world.half.lock().unwrap(), None);
    let (world, engine) = half_way().await;
    quit(&world, &engine).await;
    *world.user.lock().unwrap() = "kim".to_owned();
    world.roles_hang.lock().unwrap().push("3");
    let engine = again(&world).await;
    engine.ask(Request::SignIn { org: acme(), method: None }).await.unwrap();
    pass(minutes(1)).await;
    let asked = |id: &str| world.count(&format!("roles {id}"));
    assert_eq!((asked("1"), asked("2")), (2, 2), "kim's roles are asked for");
    assert_eq!(world.half.lock().unwrap().as_ref().unwrap().user.as_deref(), Some("kim"));
}

#[tokio::test(start_paused = true)]
async fn a_half_list_of_yesterday_or_of_somebody_else_is_not_gone_on_with() {
    let of = |user: &str, since| HalfSync {
        user: Some(user.into()),
        user_id: Some(format!("id-{user}")),
        since,
        accounts: vec![Account {
            id: AccountId::new("1"),
            name: "payments-dev".into(),
            email: None,
            roles: Some(vec![RoleName::new("Old")]),
        }],
        applications: Applications::Unknown,
    };
    let yesterday = begin() - SignedDuration::from_hours(25);
    for (half, asked) in [(of("sam", begin()), 0), (of("sam", yesterday), 1), (of("kim", begin()), 1)] {
        let (world, engine) = start_in(minutes(60), None, |w| {
            empty(w);
            *w.half.lock().unwrap() = Some(half.clone());
        })
        .await;
        let shown = until(&engine, synced).await;
        assert_eq!(world.count("roles 1"), asked, "{half:?}");
        let whose = (asked == 0).then_some("id-sam");
        assert_eq!(shown.organisations[0].portal.user_id.as_deref(), whose, "it knew whose the list is");
    }
}
