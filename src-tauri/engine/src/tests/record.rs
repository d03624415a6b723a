//! Activity as a whole: checked, cleared, exported, and what is told when it was changed outside.

use super::world::{World, minutes, now, pass, start, start_in, until};
use crate::{
    Engine, Reply, Request,
    model::{code::Code, history::Event},
    ports::{RecordCheck, SsoError},
    request::ExportFormat,
};

async fn checked(engine: &Engine) -> RecordCheck {
    let seen = until(engine, |s| s.record.checked.is_some() && !s.record.checking).await;
    seen.record.checked.clone().unwrap().1.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_record_is_checked_at_the_start_and_when_it_is_asked_for() {
    let (world, engine) = start(minutes(60), None).await;
    assert_eq!(checked(&engine).await, RecordCheck::Intact { lines: 1, late: 0 });
    assert_eq!(world.count("check record"), 1);
    engine.ask(Request::CheckRecord).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(world.count("check record"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_changed_outside_is_told_once_and_noted() {
    let broken = RecordCheck::Broken { entry: 1204 };
    let set = |world: &World| *world.record.lock().unwrap() = broken;
    let (world, engine) = start_in(minutes(60), None, set).await;
    assert_eq!(checked(&engine).await, broken);
    pass(minutes(1)).await;
    engine.ask(Request::CheckRecord).await.unwrap();
    pass(minutes(10)).await;
    assert_eq!(world.count("notify record-broken/1204"), 1);
    let noted = now(&engine).history.iter().filter(|l| matches!(l.event, Event::RecordBroken { .. })).count();
    assert_eq!(noted, 1);
}

#[tokio::test(start_paused = true)]
async fn clearing_leaves_one_line_that_says_so() {
    let (world, engine) = start(minutes(60), None).await;
    engine.ask(Request::Resume).await.unwrap();
    let before = now(&engine).history.first().unwrap().id;
    assert_eq!(engine.ask(Request::ClearHistory).await, Ok(Reply::Done));
    let left = until(&engine, |s| s.history.iter().any(|l| l.event == Event::RecordCleared)).await;
    assert_eq!(left.history.len(), 1);
    assert!(left.history[0].id > before, "no number is used twice");
    assert_eq!(world.count("clear history"), 1);
    *world.store_fails.lock().unwrap() = Some(Code::KeyringLocked);
    assert_eq!(engine.ask(Request::ClearHistory).await, Err(Code::KeyringLocked));
    assert_eq!(now(&engine).history.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_export_is_noted_with_its_place() {
    let (world, engine) = start(minutes(60), None).await;
    let request = Request::SaveExport { format: ExportFormat::Csv, text: "a,b".into(), lines: 1 };
    let Ok(Reply::Exported(path)) = engine.ask(request).await else { panic!("exported") };
    let name = "latchkey-activity-20270115-080000.csv";
    assert_eq!(path, std::path::Path::new("/downloads").join(name));
    assert_eq!(world.count(&format!("export {name} a,b")), 1);
    let noted = until(&engine, |s| {
        let here = |e: &Event| matches!(e, Event::RecordExported { lines: 1, .. });
        s.history.iter().any(|l| here(&l.event))
    });
    noted.await;
}

#[tokio::test(start_paused = true)]
async fn two_answers_that_are_not_ours_are_told_one_is_not() {
    for (answers, told) in [(1, 0), (2, 1), (5, 1)] {
        let (world, engine) = start_in(minutes(60), None, |world| {
            *world.signed_in.lock().unwrap() = false;
            *world.redirect_takes.lock().unwrap() = Some(std::time::Duration::from_secs(30));
            *world.strange_answers.lock().unwrap() = answers;
            world.exchanges.lock().unwrap().push(SsoError::InvalidGrant);
        })
        .await;
        let org = crate::model::ids::OrgId::new("acme");
        engine.ask(Request::SignIn { org, method: None }).await.unwrap();
        pass(minutes(1)).await;
        assert_eq!(world.count("notify strange-answers/acme"), told, "{answers}");
    }
}
