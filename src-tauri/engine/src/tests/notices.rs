//! What a person is told, once and by one notification, and what is taken back.

use super::world::{World, begin, fresh, grant, keep, minutes, start, start_in, until};
use crate::{
    Engine, Reply, Request, Signal, Snapshot,
    model::{
        code::Code,
        history::Event,
        ids::{OrgId, ProfileName},
        notice::{Notice, Pressed},
        profile::State,
        settings::{Settings, Told},
        sign_in::SignIn,
    },
    ports::{Clock, SsoError},
    snapshot::Launch,
};
use std::time::Duration;

async fn pass(time: jiff::SignedDuration) {
    tokio::time::sleep(Duration::try_from(time).unwrap()).await;
}

fn told(world: &World) -> Vec<String> {
    world.log.lock().unwrap().iter().filter(|l| l.starts_with("notify")).cloned().collect()
}

/// Shown or held, as Activity has it, oldest first.
fn in_activity(engine: &Engine) -> Vec<(String, bool)> {
    let history = engine.snapshots().borrow().history.clone();
    let of = |event: &Event| match event {
        Event::Notified { notice, shown, .. } => Some((notice.clone(), *shown)),
        _ => None,
    };
    history.iter().rev().filter_map(|line| of(&line.event)).collect()
}

async fn open(engine: &Engine) {
    let request = Request::OpenConsole {
        grant: grant(),
        destination: Some("s3".into()),
        region: None,
        private: false,
        confirmed: true,
    };
    assert_eq!(engine.ask(request).await, Ok(Reply::Done));
    until(engine, |s| s.launches.iter().any(|(_, l)| !matches!(l, Launch::Opening))).await;
}

fn failed(s: &Snapshot) -> bool {
    s.launches.iter().any(|(_, l)| matches!(l, Launch::Failed { .. }))
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_failed_in_front_of_the_person_is_not_told_later() {
    let (world, engine) = start(minutes(60), None).await;
    world.refused.lock().unwrap().consoles = true;
    world.presence.lock().unwrap().window_focused = true;
    open(&engine).await;
    pass(minutes(1)).await;
    world.presence.lock().unwrap().window_focused = false;
    engine.signal(Signal::WindowFocus(false));
    pass(minutes(10)).await;
    assert_eq!(told(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_works_at_last_takes_the_failure_back() {
    let (world, engine) = start(minutes(60), None).await;
    world.refused.lock().unwrap().consoles = true;
    open(&engine).await;
    assert!(failed(&engine.snapshots().borrow()));
    pass(minutes(1)).await;
    assert_eq!(told(&world), ["notify launch/acme/1/Dev 1"]);
    world.refused.lock().unwrap().consoles = false;
    let destination = Some("s3".to_owned());
    let notice = Notice::LaunchFailed {
        grant: grant(),
        account_name: "payments-dev".into(),
        code: Code::AccessRemoved,
        destination: destination.clone(),
        region: None,
    };
    let snapshot = engine.snapshots().borrow().clone();
    let kept = snapshot
        .launches
        .iter()
        .any(|(_, l)| matches!(l, Launch::Failed { destination: kept, .. } if *kept == destination));
    assert!(kept, "the service is known when it is tried again");
    // A click on the body tries again.
    engine.ask(Request::Pressed { notice, pressed: Pressed::Body }).await.unwrap();
    until(&engine, |s| s.launches.iter().any(|(_, l)| matches!(l, Launch::Opened(..)))).await;
    open(&engine).await;
    assert_eq!(world.count("notify"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_toast_of_a_failed_launch_goes_when_it_is_tried_again() {
    let (world, engine) = start(minutes(60), None).await;
    world.refused.lock().unwrap().consoles = true;
    open(&engine).await;
    pass(minutes(1)).await;
    world.refused.lock().unwrap().consoles = false;
    open(&engine).await;
    pass(minutes(1)).await;
    assert_eq!(world.count("withdraw launch/acme/1/Dev"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_before_and_at_the_end() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    *world.file_fails.lock().unwrap() = Some(Code::DiskFull { path: "f".into() });
    pass(minutes(49)).await;
    assert_eq!(told(&world), Vec::<String>::new());
    pass(minutes(5)).await;
    assert_eq!(told(&world), ["notify failing/acme 1"], "once, although it is tried again and again");
    assert_eq!(world.count("withdraw"), 0);
    pass(minutes(30)).await;
    assert_eq!(told(&world)[1..], ["notify expired/acme 1"]);
    let state = engine.snapshots().borrow().profiles[0].state.clone();
    assert!(matches!(state, State::NotWritable(Code::DiskFull { .. })), "the cause stays: {state:?}");
    *world.file_fails.lock().unwrap() = None;
    pass(minutes(6)).await;
    assert_eq!(world.count("withdraw expired/acme"), 1);
}

#[tokio::test(start_paused = true)]
async fn fifteen_minutes_are_enough_to_be_told_before_the_end() {
    let (world, engine) = start(minutes(15), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    let written = until(&engine, fresh).await;
    let ends = written.profiles[0].kept.written.as_ref().unwrap().expires;
    *world.file_fails.lock().unwrap() = Some(Code::DiskFull { path: "f".into() });
    pass(minutes(14)).await;
    assert_eq!(told(&world), ["notify failing/acme 1"]);
    assert!(world.now() < ends);
}

#[tokio::test(start_paused = true)]
async fn three_profiles_changed_by_one_tool_are_one_notification() {
    let (world, engine) = start(minutes(60), None).await;
    for name in ["a", "b", "c"] {
        keep(&engine, name).await.unwrap();
    }
    until(&engine, |s| s.profiles.iter().filter(|p| p.state == State::Fresh).count() == 3).await;
    for name in ["a", "b", "c"] {
        world.refused.lock().unwrap().changed.push(name.to_owned());
        engine.signal(Signal::FilesChanged);
        pass(jiff::SignedDuration::from_secs(5)).await;
    }
    pass(minutes(5)).await;
    assert_eq!(told(&world), ["notify conflict/acme 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_switched_off_neither_counts_nor_repeats() {
    let (world, engine) = start(minutes(60), Some(begin() + minutes(30))).await;
    let settings = |notifications| Settings { notifications, ..Settings::default() };
    engine.ask(Request::SetSettings(settings(false))).await.unwrap();
    keep(&engine, "pay-dev").await.unwrap();
    pass(minutes(29)).await;
    assert_eq!(in_activity(&engine).len(), 1, "{:?}", in_activity(&engine));
    // The one at the end keeps no distance from one that nobody saw.
    engine.ask(Request::SetSettings(settings(true))).await.unwrap();
    pass(minutes(2)).await;
    assert_eq!(world.count("notify sign-in-ended"), 1);
    assert_eq!(world.count("notify sign-in-ending"), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_notification_server_nobody_was_notified() {
    let (world, engine) = start(minutes(60), Some(begin() + minutes(30))).await;
    world.refused.lock().unwrap().notifications = true;
    keep(&engine, "pay-dev").await.unwrap();
    pass(minutes(20)).await;
    let lines = in_activity(&engine);
    assert!(matches!(lines.as_slice(), [(_, false)]), "{lines:?}");
    world.refused.lock().unwrap().notifications = false;
    pass(minutes(2)).await;
    assert_eq!(world.count("notify sign-in-ending"), 1, "shown as soon as there is a server");
    assert!(in_activity(&engine).last().unwrap().1);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_finds_one_summary() {
    let (world, engine) = start(minutes(15), Some(begin() + minutes(30))).await;
    world.presence.lock().unwrap().locked = true;
    keep(&engine, "pay-dev").await.unwrap();
    pass(minutes(60)).await;
    assert_eq!(told(&world), Vec::<String>::new());
    world.presence.lock().unwrap().locked = false;
    engine.signal(Signal::PersonBack);
    pass(minutes(1)).await;
    assert_eq!(told(&world), ["notify while-away 2"], "the sign-in's end, and the profile's");
    pass(minutes(60)).await;
    assert_eq!(world.count("notify"), 1);
}

#[tokio::test(start_paused = true)]
async fn later_is_once_more_and_then_silent() {
    let (world, engine) = start(minutes(60), Some(begin() + minutes(30))).await;
    keep(&engine, "pay-dev").await.unwrap();
    let ended = until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::Ended { .. })).await;
    pass(minutes(1)).await;
    let SignIn::Ended { at, .. } = ended.organisations[0].sign_in.clone() else { panic!("it ended") };
    let later = || Request::Pressed {
        notice: Notice::SignInEnded {
            org: OrgId::new("acme"),
            org_name: "Acme".into(),
            at,
            profiles: vec![(ProfileName::new("pay-dev"), None)],
        },
        pressed: Pressed::Later,
    };
    assert_eq!(world.count("notify sign-in-ended"), 1);
    engine.ask(later()).await.unwrap();
    pass(minutes(12)).await;
    assert_eq!(world.count("notify sign-in-ended"), 2);
    engine.ask(later()).await.unwrap();
    pass(minutes(120)).await;
    assert_eq!(world.count("notify sign-in-ended"), 2);
}

/// The rows of the catalogue that no other test of the loop shows: when each is told, under which name.
#[tokio::test(start_paused = true)]
async fn each_row_of_the_catalogue_is_told_once() {
    type Make = fn(&World);
    let settings = |world: &World, told: Told| {
        *world.settings.lock().unwrap() = Settings { told, ..Settings::default() };
    };
    let rows: &[(&str, Make, &str)] = &[
        ("nothing", |_| (), ""),
        (
            "N6",
            |world| *world.refuse_always.lock().unwrap() = Some(SsoError::Forbidden),
            "notify access-removed/acme 1",
        ),
        (
            "N10",
            |world| {
                *world.refuse_always.lock().unwrap() = Some(SsoError::Unauthorized);
                *world.renew_never.lock().unwrap() = Some(SsoError::InvalidGrant);
            },
            "notify revoked/acme",
        ),
        ("N14", |world| *world.skew.lock().unwrap() = Some(-660), "notify clock-skew 1"),
        ("N11", |world| *world.accounts.lock().unwrap() = vec!["1", "2"], "notify new-access/acme"),
    ];
    for (row, make, expect) in rows {
        let wanted = Told { new_access: *row == "N11", ..Told::default() };
        let (world, engine) = start_in(minutes(60), None, |world| settings(world, wanted)).await;
        keep(&engine, "pay-dev").await.unwrap();
        until(&engine, fresh).await;
        pass(minutes(1)).await;
        make(&world);
        engine.ask(Request::Sync(OrgId::new("acme"))).await.unwrap();
        let _refused_is_the_point = engine.ask(Request::RefreshProfile(ProfileName::new("pay-dev"))).await;
        pass(minutes(5)).await;
        let expect: Vec<_> = Some(*expect).filter(|e| !e.is_empty()).into_iter().collect();
        let told = told(&world);
        assert_eq!(told.len(), expect.len(), "{row}: {told:?}");
        assert!(told.iter().zip(expect).all(|(is, should)| is.starts_with(should)), "{row}: {told:?}");
        let noted = in_activity(&engine);
        assert!(noted.iter().filter(|(_, shown)| *shown).count() == told.len(), "{row}: {noted:?}");
    }
}

/// Whatever the rules of silence say, and nothing of it is remembered.
#[tokio::test(start_paused = true)]
async fn a_test_is_shown_whenever_it_is_asked_for() {
    let (world, engine) = start(minutes(60), None).await;
    world.presence.lock().unwrap().window_focused = true;
    for times in 1..=2 {
        assert_eq!(engine.ask(Request::TestNotification).await, Ok(Reply::Done));
        assert_eq!(world.count("notify test"), times);
    }
    assert_eq!(in_activity(&engine), []);
    world.refused.lock().unwrap().notifications = true;
    assert!(engine.ask(Request::TestNotification).await.is_err(), "nobody shows it");
}

/// New access is told only to those who want to hear of it.
#[tokio::test(start_paused = true)]
async fn new_access_is_off_by_default() {
    let (world, engine) = start(minutes(60), None).await;
    *world.accounts.lock().unwrap() = vec!["1", "2"];
    engine.ask(Request::Sync(OrgId::new("acme"))).await.unwrap();
    until(&engine, |s| s.organisations[0].portal.changes.iter().any(|c| c.gained)).await;
    pass(minutes(5)).await;
    assert_eq!(world.count("notify new-access"), 0);
    assert_eq!(in_activity(&engine), [], "nothing was held back, since nothing was to be told");
}
