//! Applications: what becomes of listing them, and opening one.

use super::world::{World, again, begin, grant, minutes, no_answer, now, pass, start, start_in, until};
use crate::{
    Engine, Request, Snapshot,
    model::{
        application::{Application, Applications},
        code::Code,
        history::Event,
        ids::{AppId, AppRef, OrgId, Target},
        notice::{Notice, Pressed},
        portal::Portal,
        sign_in::SignIn,
    },
    ports::SsoError,
    snapshot::Launch,
};
use std::sync::Arc;

fn app(id: &str) -> AppRef {
    AppRef { org: OrgId::new("acme"), app: AppId::new(id) }
}

fn listed(ids: &[&str]) -> Applications {
    let one =
        |id: &&str| Application { id: AppId::new(*id), name: (*id).into(), description: None, icon: None };
    Applications::Listed(ids.iter().map(one).collect())
}

/// A sync that finds these applications where `before` were known.
async fn sync(before: Applications, now: Result<Vec<&'static str>, SsoError>) -> (Arc<World>, Engine) {
    let (world, engine) = start_in(minutes(60), None, |w| {
        let synced = Some(begin() - minutes(50));
        *w.portal.lock().unwrap() =
            Some(Portal { applications: before, synced, accounts: vec![], ..Portal::default() });
        *w.applications.lock().unwrap() = now;
    })
    .await;
    until(&engine, |s| s.organisations[0].portal.synced >= Some(begin())).await;
    (world, engine)
}

fn applications(engine: &Engine) -> Applications {
    now(engine).organisations[0].portal.applications.clone()
}

#[tokio::test(start_paused = true)]
async fn applications_are_listed_by_name_and_changes_are_counted() {
    let (_world, engine) = sync(listed(&["payroll", "wiki"]), Ok(vec!["wiki", "Grafana"])).await;
    assert_eq!(applications(&engine), listed(&["Grafana", "wiki"]));
    let shown = now(&engine);
    let changes = &shown.organisations[0].portal.app_changes;
    let changes: Vec<_> = changes.iter().map(|c| (c.gained, c.app.as_str())).collect();
    assert_eq!(changes, [(true, "Grafana"), (false, "payroll")]);
    let line = &shown.history[0].event;
    assert!(matches!(line, Event::Synced { apps: Some(2), apps_gained: 1, apps_lost: 1, .. }), "{line:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_to_list_applications_ends_nothing() {
    for refusal in [SsoError::Unauthorized, SsoError::Forbidden] {
        let (world, engine) = sync(listed(&["wiki"]), Err(refusal)).await;
        assert_eq!(applications(&engine), Applications::NotListed);
        let org = &now(&engine).organisations[0];
        assert!(matches!(org.sign_in, SignIn::SignedIn(_)));
        assert_eq!((org.portal.accounts.len(), world.count("refresh token")), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn applications_that_do_not_answer_stay_as_they_were() {
    let limited = SsoError::Throttled { host: "h".into(), retry_after: None };
    for failure in [no_answer(), limited, SsoError::Other(Code::Garbled { host: "h".into() })] {
        let (_world, engine) = sync(listed(&["wiki"]), Err(failure)).await;
        assert_eq!(applications(&engine), listed(&["wiki"]));
        assert_eq!(now(&engine).organisations[0].portal.accounts.len(), 1, "the accounts came");
    }
}

#[tokio::test(start_paused = true)]
async fn pictures_come_after_the_list_and_stay() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.portal.lock().unwrap() = Some(Portal::default());
        *w.pictured.lock().unwrap() = true;
        *w.icons_fail.lock().unwrap() = Some(no_answer());
    })
    .await;
    until(&engine, |s| s.organisations[0].portal.synced.is_some()).await;
    let pictured = |s: &Snapshot| match s.organisations[0].portal.applications.listed() {
        [app] => app.icon.as_ref().is_some_and(|icon| icon.picture.is_some()),
        other => panic!("{other:?}"),
    };
    assert!(!pictured(&now(&engine)), "a picture that does not come keeps nothing back");
    *world.icons_fail.lock().unwrap() = None;
    engine.ask(Request::Sync(OrgId::new("acme"))).await.unwrap();
    until(&engine, pictured).await;
    until(&engine, |s| matches!(s.organisations[0].sync, crate::model::portal::Sync::Idle)).await;
    let asked = world.count("icon https://acme.test/wiki.svg");
    engine.ask(Request::Sync(OrgId::new("acme"))).await.unwrap();
    pass(minutes(1)).await;
    assert!(pictured(&now(&engine)));
    assert_eq!(world.count("icon https://acme.test/wiki.svg"), asked, "it is not fetched anew");
}

#[tokio::test(start_paused = true)]
async fn an_application_opens_at_the_portals_link_whoever_is_signed_in() {
    let (world, engine) = sync(listed(&[]), Ok(vec!["wiki"])).await;
    engine.ask(Request::SignOut(OrgId::new("acme"))).await.unwrap();
    engine.ask(Request::SetFavourite { target: app("wiki").into(), on: true }).await.unwrap();
    engine.ask(Request::OpenApp(app("wiki"))).await.unwrap();
    let opened = |s: &Snapshot| matches!(s.launches.as_slice(), [(_, Launch::Opened(_, Some(name)))] if name == "Firefox");
    let shown = until(&engine, opened).await;
    assert_eq!(world.count("open https://acme.test/start/#/saml/default/wiki/wiki"), 1);
    assert_eq!((&shown.recents, &shown.favourites), (&vec![app("wiki").into()], &vec![app("wiki").into()]));
    assert!(matches!(shown.history[0].event, Event::AppOpened { .. }));
    let gone = engine.ask(Request::OpenApp(app("payroll"))).await;
    assert!(matches!(gone, Err(Code::Gone { .. })), "{gone:?}");
}

#[tokio::test(start_paused = true)]
async fn favourites_stand_in_the_persons_order_also_in_the_store() {
    let (world, engine) = start(minutes(60), None).await;
    let elsewhere = AppRef { org: OrgId::new("other"), ..app("docs") };
    let all: Vec<Target> = vec![grant().into(), elsewhere.into(), app("wiki").into(), app("payroll").into()];
    for target in &all {
        engine.ask(Request::SetFavourite { target: target.clone(), on: true }).await.unwrap();
    }
    let order = |now: &Snapshot| -> Vec<usize> {
        now.favourites.iter().filter_map(|t| all.iter().position(|one| one == t)).collect()
    };
    for (which, up, expect) in [
        (0, true, [0, 1, 2, 3]),
        (3, false, [0, 1, 2, 3]),
        (3, true, [0, 1, 3, 2]),
        // Over that of another organisation, which keeps its place.
        (3, true, [3, 1, 0, 2]),
        (0, false, [3, 1, 2, 0]),
        (1, true, [3, 1, 2, 0]),
    ] {
        engine.ask(Request::MoveFavourite { target: all[which].clone(), up }).await.unwrap();
        assert_eq!(order(&now(&engine)), expect, "{which}, up: {up}");
    }
    // A star that is taken off leaves no place that is given twice.
    engine.ask(Request::SetFavourite { target: all[3].clone(), on: false }).await.unwrap();
    engine.ask(Request::SetFavourite { target: all[3].clone(), on: true }).await.unwrap();
    engine.ask(Request::MoveFavourite { target: app("gone").into(), up: true }).await.unwrap();
    assert_eq!(order(&now(&engine)), [1, 2, 0, 3]);
    pass(minutes(1)).await;
    let places = ["docs", "wiki", "Dev", "payroll"].map(|name| world.row(&format!("favourite {name}")));
    assert_eq!(places, ["0", "1", "2", "3"].map(|place| Some(place.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn an_application_that_does_not_open_is_told_and_can_be_tried_again() {
    let (world, engine) = start(minutes(60), None).await;
    engine.ask(Request::Sync(OrgId::new("acme"))).await.unwrap();
    until(&engine, |s| !s.organisations[0].portal.applications.listed().is_empty()).await;
    world.refused.lock().unwrap().apps = true;
    engine.ask(Request::OpenApp(app("wiki"))).await.unwrap();
    until(&engine, |s| matches!(s.launches.as_slice(), [(_, Launch::Failed { .. })])).await;
    pass(minutes(1)).await;
    assert_eq!(world.count("notify launch-app/acme/wiki"), 1);
    world.refused.lock().unwrap().apps = false;
    let notice = Notice::AppFailed { app: app("wiki"), name: "wiki".into(), code: Code::SignInNeeded };
    engine.ask(Request::Pressed { notice, pressed: Pressed::Body }).await.unwrap();
    until(&engine, |s| matches!(s.launches.as_slice(), [(_, Launch::Opened(..))])).await;
}

#[tokio::test(start_paused = true)]
async fn half_a_list_remembers_the_applications() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.portal.lock().unwrap() = Some(Portal::default());
        *w.roles_hang.lock().unwrap() = vec!["1"];
    })
    .await;
    pass(minutes(1)).await;
    assert_eq!(applications(&engine), listed(&["wiki"]), "shown while the first sync runs");
    let click = || engine.ask(Request::OpenApp(app("wiki")));
    let (first, second) = tokio::join!(click(), click());
    assert!(first.is_ok() && second.is_ok());
    until(&engine, |s| matches!(s.launches.as_slice(), [(_, Launch::Opened(..))])).await;
    assert_eq!(world.count("open http"), 1, "two clicks, one tab");
    engine.ask(Request::Quit).await.unwrap();
    *world.applications.lock().unwrap() = Err(no_answer());
    world.roles_hang.lock().unwrap().clear();
    let engine = again(&world).await;
    until(&engine, |s| s.organisations[0].portal.synced.is_some()).await;
    assert_eq!(applications(&engine), listed(&["wiki"]));
}
