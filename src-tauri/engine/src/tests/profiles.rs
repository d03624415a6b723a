//! Kept profiles: wrong clocks, files that cannot be written, and what a person stops, undoes or takes back.

use super::world::{fresh, grant, keep, minutes, now, pass, start, start_in, until};
use crate::{
    Request, Signal,
    model::{
        code::Code,
        delivery::Delivery,
        ids::{OrgId, ProfileName},
        profile::{Conflict, State},
        settings::Settings,
    },
    ports::{Clock, SsoError},
    request::Reply,
};
use jiff::SignedDuration;
use std::time::Duration;

fn pay() -> ProfileName {
    ProfileName::new("pay-dev")
}

fn busy() -> Code {
    Code::FileNotWritable { path: "x".into(), reason: "read-only".into() }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_come_expired_are_not_fetched_in_a_circle() {
    let (world, engine) = start(minutes(15), None).await;
    *world.server_ahead.lock().unwrap() = minutes(-20);
    keep(&engine, "pay-dev").await.unwrap();
    pass(minutes(30)).await;
    let asked = world.count("role credentials");
    assert!((2..=14).contains(&asked), "{asked} in half an hour");
    *world.server_ahead.lock().unwrap() = SignedDuration::ZERO;
    until(&engine, fresh).await;
}

#[tokio::test(start_paused = true)]
async fn a_whole_lifetime_costs_two_requests_and_always_has_life_left() {
    let (world, engine) = start(minutes(15), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    for _ in 0..15 * 60 {
        pass(SignedDuration::from_secs(1)).await;
        let expires = now(&engine).profiles[0].kept.written.as_ref().unwrap().expires;
        assert!(expires > world.now(), "the file is dead at {}", world.now());
    }
    assert_eq!(world.count("role credentials"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_limited_profile_waits_as_long_as_the_service_said() {
    let (world, engine) = start(minutes(60), None).await;
    let limited = SsoError::Throttled { host: "h".into(), retry_after: Some(Duration::from_secs(600)) };
    world.refuse.lock().unwrap().push(limited);
    keep(&engine, "pay-dev").await.unwrap();
    pass(minutes(9)).await;
    let state = now(&engine).profiles[0].state.clone();
    assert!(
        matches!(&state, State::Retrying { code: Code::Throttled { host }, .. } if host == "h"),
        "{state:?}"
    );
    assert_eq!(world.count("role credentials"), 1);
    until(&engine, fresh).await;
}

#[tokio::test(start_paused = true)]
async fn a_profile_whose_keys_cannot_be_taken_out_stays() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    let stop = || Request::StopKeeping { profile: pay(), remove: true };
    *world.file_fails.lock().unwrap() = Some(busy());
    assert_eq!(engine.ask(stop()).await, Err(busy()));
    assert!(world.row("kept pay-dev").is_some() && now(&engine).profiles.len() == 1);
    *world.file_fails.lock().unwrap() = None;
    *world.file_conflict.lock().unwrap() = Some(Conflict::ChangedByAnother);
    let answer = engine.ask(stop()).await;
    assert!(matches!(answer, Err(Code::ProfileTaken { .. })), "{answer:?}");
    *world.file_conflict.lock().unwrap() = None;
    assert_eq!(engine.ask(stop()).await, Ok(Reply::Done));
    pass(SignedDuration::from_secs(1)).await;
    assert_eq!(world.row("kept pay-dev"), None);
    assert!(now(&engine).profiles.is_empty());
    let happened = world.happened.lock().unwrap().clone();
    assert_eq!(happened.iter().filter(|e| e.starts_with("KeepStopped")).count(), 1, "{happened:?}");
}

#[tokio::test(start_paused = true)]
async fn an_organisation_stays_while_its_keys_are_in_the_file() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    let remove = || Request::RemoveOrganisation(OrgId::new("acme"));
    *world.file_fails.lock().unwrap() = Some(busy());
    assert_eq!(engine.ask(remove()).await, Err(busy()));
    assert_eq!((now(&engine).organisations.len(), now(&engine).profiles.len()), (1, 1));
    *world.file_fails.lock().unwrap() = None;
    assert_eq!(engine.ask(remove()).await, Ok(Reply::Done));
    pass(SignedDuration::from_secs(1)).await;
    assert!(now(&engine).organisations.is_empty() && now(&engine).profiles.is_empty());
    assert_eq!(world.count("commit remove organisation"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wish_during_a_refresh_is_done_after_it() {
    let (world, engine) = start(minutes(60), None).await;
    *world.credentials_take.lock().unwrap() = Duration::from_secs(20);
    keep(&engine, "pay-dev").await.unwrap();
    pass(SignedDuration::from_secs(5)).await;
    let wish = Request::KeepFresh {
        grant: grant(),
        profile: pay(),
        delivery: Delivery::CredentialsFile,
        region: Some("eu-central-1".into()),
        replace_foreign: true,
        confirmed: true,
    };
    engine.ask(wish).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!((world.count("put  false"), world.count("put eu-central-1 true")), (1, 1));
    assert!(fresh(&now(&engine)));
    assert_eq!(world.count("role credentials"), 2, "and then it rests");
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_waits_is_answered_when_the_person_keeps_the_profile_after_all() {
    let (world, engine) = start(minutes(60), None).await;
    *world.credentials_take.lock().unwrap() = Duration::from_secs(20);
    keep(&engine, "pay-dev").await.unwrap();
    pass(SignedDuration::from_secs(5)).await;
    let (other, stop) = (engine.clone(), Request::StopKeeping { profile: pay(), remove: true });
    let stopping = tokio::spawn(async move { other.ask(stop).await });
    pass(SignedDuration::from_secs(1)).await;
    keep(&engine, "pay-dev").await.unwrap();
    assert_eq!(stopping.await.unwrap(), Ok(Reply::Done));
    until(&engine, fresh).await;
    assert!(world.row("kept pay-dev").is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_undone_does_not_come_back_by_itself() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    engine.ask(Request::UndoFileChanges).await.unwrap();
    *world.looks.lock().unwrap() = Some(Conflict::ChangedByAnother);
    engine.signal(Signal::FilesChanged);
    let written = world.count("put");
    pass(minutes(120)).await;
    assert_eq!(world.count("put"), written);
    assert_eq!(now(&engine).profiles[0].state, State::Paused);
    assert_eq!(world.row("kept pay-dev").as_deref(), Some("paused"));
    *world.looks.lock().unwrap() = None;
    engine.ask(Request::PauseProfile { profile: pay(), paused: false }).await.unwrap();
    until(&engine, fresh).await;
    assert_eq!(world.count("put"), written + 1);
}

#[tokio::test(start_paused = true)]
async fn a_section_that_somebody_took_out_is_told_and_taken_back_on_request() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    *world.looks.lock().unwrap() = Some(Conflict::ChangedByAnother);
    engine.signal(Signal::FilesChanged);
    until(&engine, |s| s.profiles[0].state == State::Conflict(Conflict::ChangedByAnother)).await;
    *world.looks.lock().unwrap() = None;
    engine.ask(Request::TakeBack(pay())).await.unwrap();
    until(&engine, fresh).await;
    assert_eq!(world.count("put  true"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_file_of_a_profile_is_shown_and_of_one_that_is_gone_it_is_told() {
    let (world, engine) = start(minutes(60), None).await;
    assert_eq!(engine.ask(Request::ShowFile(pay())).await, Err(Code::Gone { what: "pay-dev".into() }));
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    let path = now(&engine).file.path.display().to_string();
    engine.ask(Request::ShowFile(pay())).await.unwrap();
    assert_eq!(world.count(&format!("show {path}")), 1);
}

#[tokio::test(start_paused = true)]
async fn what_quitting_took_out_is_written_again_at_the_next_start() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.settings.lock().unwrap() = Settings { remove_on_quit: true, ..Settings::default() };
    })
    .await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    let stored = world.count("commit kept");
    engine.ask(Request::Quit).await.unwrap();
    assert_eq!(world.count("write file"), 2);
    assert_eq!(world.count("commit kept"), stored, "kept without what is no longer in the file");
    assert!(world.row("kept pay-dev").is_some());
}

#[tokio::test(start_paused = true)]
async fn making_the_file_private_is_done_once() {
    let (world, engine) = start(minutes(60), None).await;
    assert_eq!(engine.ask(Request::MakeFilePrivate).await, Ok(Reply::Done));
    assert_eq!(world.count("make private"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_another_program_undid_is_written_again_at_once_and_from_the_cache() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    let (written, fetched) = (world.count("put"), world.count("role credentials"));
    *world.undone.lock().unwrap() = true;
    engine.signal(Signal::FilesChanged);
    pass(SignedDuration::from_secs(1)).await;
    assert!(fresh(&now(&engine)));
    assert_eq!((world.count("put"), world.count("role credentials")), (written + 1, fetched));
    let happened = world.happened.lock().unwrap().clone();
    assert_eq!(happened.iter().filter(|e| e.starts_with("PutBack")).count(), 1, "{happened:?}");
    engine.signal(Signal::FilesChanged);
    pass(minutes(1)).await;
    assert_eq!(world.count("put"), written + 1, "and then it rests");
}

#[tokio::test(start_paused = true)]
async fn a_paused_profile_that_was_undone_is_written_when_it_is_resumed() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    let written = world.count("put");
    engine.ask(Request::PauseProfile { profile: pay(), paused: true }).await.unwrap();
    *world.undone.lock().unwrap() = true;
    engine.signal(Signal::FilesChanged);
    pass(minutes(1)).await;
    assert_eq!((world.count("put"), now(&engine).profiles[0].state.clone()), (written, State::Paused));
    engine.ask(Request::PauseProfile { profile: pay(), paused: false }).await.unwrap();
    until(&engine, fresh).await;
    assert_eq!(world.count("put"), written + 1);
}

#[tokio::test(start_paused = true)]
async fn who_undoes_it_again_and_again_means_it() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    let written = world.count("put");
    for _ in 0..8 {
        *world.undone.lock().unwrap() = true;
        engine.signal(Signal::FilesChanged);
        pass(SignedDuration::from_secs(2)).await;
    }
    assert_eq!(world.count("put"), written + 5);
    assert_eq!(now(&engine).profiles[0].state, State::Conflict(Conflict::ChangedByAnother));
    engine.ask(Request::TakeBack(pay())).await.unwrap();
    until(&engine, fresh).await;
    // Not with the ones of long ago.
    pass(minutes(2)).await;
    let written = world.count("put");
    *world.undone.lock().unwrap() = true;
    engine.signal(Signal::FilesChanged);
    pass(SignedDuration::from_secs(2)).await;
    assert_eq!((world.count("put"), fresh(&now(&engine))), (written + 1, true));
}

#[tokio::test(start_paused = true)]
async fn a_change_during_a_refresh_is_looked_at_after_it() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    *world.credentials_take.lock().unwrap() = Duration::from_secs(20);
    engine.ask(Request::RefreshProfile(pay())).await.unwrap();
    pass(SignedDuration::from_secs(5)).await;
    *world.looks.lock().unwrap() = Some(Conflict::ChangedByAnother);
    engine.signal(Signal::FilesChanged);
    pass(SignedDuration::from_secs(5)).await;
    assert_eq!(now(&engine).profiles[0].state, State::Refreshing);
    pass(SignedDuration::from_secs(20)).await;
    assert_eq!(now(&engine).profiles[0].state, State::Conflict(Conflict::ChangedByAnother));
}
