//! Profiles whose credentials lie in no file, and changing between the ways.

use super::world::{World, again, grant, keep, minutes, now, pass, start, start_in, until};
use crate::{
    Engine, Request,
    model::{
        code::Code,
        delivery::Delivery,
        environment::Sensitivity,
        history::Event,
        ids::ProfileName,
        profile::{Conflict, State},
    },
    request::{Answer, Asker, Of, Reply},
};

fn on_demand(name: &str, replace_foreign: bool) -> Request {
    Request::KeepFresh {
        grant: grant(),
        profile: ProfileName::new(name),
        delivery: Delivery::OnDemand,
        region: None,
        replace_foreign,
        confirmed: true,
    }
}

async fn change(engine: &Engine, name: &str, delivery: Delivery) -> Answer {
    let profile = ProfileName::new(name);
    engine.ask(Request::ChangeDelivery { profile, delivery, replace_foreign: false }).await
}

async fn in_state(engine: &Engine, wanted: &State) {
    until(engine, |s| s.profiles.iter().any(|p| p.state == *wanted)).await;
}

fn asks(world: &World) -> (usize, usize, usize) {
    (world.count("ask pay-dev"), world.count("put"), world.count("role credentials"))
}

#[tokio::test(start_paused = true)]
async fn an_on_demand_profile_is_put_in_its_place_once_and_never_refreshed() {
    let (world, engine) = start(minutes(60), None).await;
    assert_eq!(engine.ask(on_demand("pay-dev", false)).await, Ok(Reply::Done));
    in_state(&engine, &State::Ready).await;
    pass(minutes(180)).await;
    assert_eq!(asks(&world), (1, 0, 0), "nobody asked for credentials");
    assert_eq!(now(&engine).next_refresh, None);
    let asker = Asker { program: Some("terraform".to_owned()), pid: 42, path: None, by_window: false };
    let of = Of::Profile(ProfileName::new("pay-dev"));
    let asked = Request::HandOut { of, assume: None, asker, may_sign_in: false, confirmed: false };
    let Ok(Reply::Credentials(handed)) = engine.ask(asked).await else { panic!() };
    assert_eq!(handed.grant, grant());
    let asked = now(&engine).profiles[0].kept.asked.clone().unwrap();
    assert_eq!((asked.at, asked.program.as_deref()), (now(&engine).at, Some("terraform")));
}

#[tokio::test(start_paused = true)]
async fn one_that_another_engine_asked_for_is_placed_by_the_next() {
    let (world, engine) = start(minutes(60), None).await;
    *world.file_fails.lock().unwrap() = Some(Code::FileBusy { path: "config".into() });
    engine.ask(on_demand("pay-dev", false)).await.unwrap();
    until(&engine, |s| s.profiles.iter().any(|p| matches!(p.state, State::NotWritable(_)))).await;
    let kept = now(&engine).profiles[0].kept.clone();
    assert_eq!((kept.delivery, kept.placed), (Delivery::OnDemand, None));
    *world.kept.lock().unwrap() = vec![kept];
    *world.file_fails.lock().unwrap() = None;
    let next = again(&world).await;
    in_state(&next, &State::Ready).await;
    assert_eq!(world.count("ask pay-dev"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_the_way_is_told_and_replaced_only_when_the_person_says_so() {
    for conflict in [Conflict::KeysHide, Conflict::SsoSettings, Conflict::OtherProcess] {
        let (world, engine) =
            start_in(minutes(60), None, |w| *w.looks.lock().unwrap() = Some(conflict)).await;
        let refused = engine.ask(on_demand("pay-dev", false)).await;
        assert!(
            matches!(&refused, Err(Code::ProfileTaken { conflict: c, .. }) if *c == conflict),
            "{refused:?}"
        );
        assert_eq!(asks(&world), (0, 0, 0), "nothing was written");
        assert_eq!(engine.ask(on_demand("pay-dev", true)).await, Ok(Reply::Done));
        *world.looks.lock().unwrap() = None;
        in_state(&engine, &State::Ready).await;
        assert_eq!(world.count("ask pay-dev true"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_is_changed_there_and_back() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    in_state(&engine, &State::Fresh).await;
    assert_eq!(change(&engine, "pay-dev", Delivery::OnDemand).await, Ok(Reply::Done));
    in_state(&engine, &State::Ready).await;
    assert_eq!(now(&engine).profiles[0].kept.written, None, "its keys left the file");
    pass(minutes(90)).await;
    assert_eq!(asks(&world), (1, 1, 1));
    assert_eq!(change(&engine, "pay-dev", Delivery::CredentialsFile).await, Ok(Reply::Done));
    in_state(&engine, &State::Fresh).await;
    assert_eq!(asks(&world), (1, 2, 2));
    assert_eq!(change(&engine, "pay-dev", Delivery::CopyOnly).await, Ok(Reply::Done));
    in_state(&engine, &State::Ready).await;
    let changes = now(&engine);
    let changes: Vec<_> = changes
        .history
        .iter()
        .filter_map(|e| match e.event {
            Event::DeliveryChanged { delivery, .. } => Some(delivery),
            _ => None,
        })
        .collect();
    assert_eq!(changes, [Delivery::CopyOnly, Delivery::CredentialsFile, Delivery::OnDemand]);
}

#[tokio::test(start_paused = true)]
async fn changing_while_a_refresh_is_under_way_ends_on_demand() {
    let (world, engine) = start(minutes(60), None).await;
    *world.credentials_take.lock().unwrap() = std::time::Duration::from_secs(20);
    keep(&engine, "pay-dev").await.unwrap();
    pass(jiff::SignedDuration::from_secs(5)).await;
    change(&engine, "pay-dev", Delivery::OnDemand).await.unwrap();
    in_state(&engine, &State::Ready).await;
    assert!(world.place("ask pay-dev") > world.place("put"), "the last word is the person's");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_blocked_leaves_everything_as_it_was() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    in_state(&engine, &State::Fresh).await;
    *world.looks.lock().unwrap() = Some(Conflict::OtherProcess);
    let refused = change(&engine, "pay-dev", Delivery::OnDemand).await;
    assert!(matches!(refused, Err(Code::DeliveryBlocked { conflict: Conflict::OtherProcess, .. })));
    assert_eq!(now(&engine).profiles[0].kept.delivery, Delivery::CredentialsFile);
    assert_eq!(now(&engine).profiles[0].state, State::Fresh);
}

#[tokio::test(start_paused = true)]
async fn it_says_when_the_sign_in_is_over_and_goes_when_it_is_stopped() {
    let (world, engine) = start(minutes(60), None).await;
    engine.ask(on_demand("pay-dev", false)).await.unwrap();
    in_state(&engine, &State::Ready).await;
    engine.ask(Request::SignOut(grant().org)).await.unwrap();
    in_state(&engine, &State::SignInNeeded).await;
    let stop = Request::StopKeeping { profile: ProfileName::new("pay-dev"), remove: true };
    assert_eq!(engine.ask(stop).await, Ok(Reply::Done));
    assert!(now(&engine).profiles.is_empty());
    assert_eq!(world.count("write file"), 2);
}

#[test]
fn no_key_of_a_privileged_role_is_suggested_to_lie_in_a_file() {
    assert_eq!(Delivery::suggested(Sensitivity::Privileged), Delivery::OnDemand);
    assert_eq!(Delivery::suggested(Sensitivity::ReadOnly), Delivery::CredentialsFile);
}
