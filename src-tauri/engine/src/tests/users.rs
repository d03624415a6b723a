//! Two users of one organisation, side by side.

use super::world::{World, grant, keep, minutes, now, pass, start, until};
use crate::{
    Engine, Reply, Request, Snapshot,
    model::{code::Code, ids::OrgId, profile::State, sign_in::SignIn},
    snapshot::OrganisationNow,
};
use std::sync::Arc;

fn names(s: &Snapshot) -> Vec<&str> {
    s.organisations.iter().map(|o| o.organisation.name.as_str()).collect()
}

fn org<'a>(s: &'a Snapshot, id: &OrgId) -> &'a OrganisationNow {
    s.organisations.iter().find(|o| o.organisation.id == *id).unwrap()
}

fn signed_in(s: &Snapshot, id: &OrgId) -> bool {
    matches!(org(s, id).sign_in, SignIn::SignedIn(_))
}

/// sam is signed in and keeps a profile; the entry for another user is there and signed out.
async fn beside_sam() -> (Arc<World>, Engine, OrgId) {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    engine.ask(Request::SetFavourite { target: grant().into(), on: true }).await.unwrap();
    let Ok(Reply::Added(id)) = engine.ask(Request::AddUser(OrgId::new("acme"))).await else { panic!() };
    until(&engine, |s| s.organisations.len() == 2).await;
    (world, engine, id)
}

async fn sign_in_as(world: &World, engine: &Engine, id: &OrgId, user: &str) {
    *world.user.lock().unwrap() = user.to_owned();
    engine.ask(Request::SignIn { org: id.clone(), method: None }).await.unwrap();
    until(engine, |s| !matches!(org(s, id).sign_in, SignIn::InProgress(_))).await;
}

#[tokio::test(start_paused = true)]
async fn another_user_of_the_same_organisation_stands_beside_the_first() {
    let (world, engine, id) = beside_sam().await;
    let acme = OrgId::new("acme");
    assert_eq!(names(&now(&engine)), ["Acme (sam)", "Acme (2)"]);
    sign_in_as(&world, &engine, &id, "kim").await;
    let s = until(&engine, |s| signed_in(s, &id)).await;
    assert_eq!(names(&s), ["Acme (sam)", "Acme (kim)"]);
    assert!(signed_in(&s, &acme));

    // One leaves, the other stays as it is.
    engine.ask(Request::SignOut(id.clone())).await.unwrap();
    pass(minutes(90)).await;
    assert_eq!(world.count("logout"), 1);
    let s = now(&engine);
    assert!(signed_in(&s, &acme) && !signed_in(&s, &id));
    assert_eq!(s.profiles[0].state, State::Fresh);
    engine.ask(Request::RemoveOrganisation(id)).await.unwrap();
    let s = until(&engine, |s| s.organisations.len() == 1).await;
    assert_eq!((names(&s), s.favourites.len(), s.profiles.len()), (vec!["Acme"], 1, 1));
    assert!(signed_in(&s, &acme));
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_signs_in_as_the_same_user_again_changes_nothing() {
    let (world, engine, id) = beside_sam().await;
    pass(minutes(1)).await;
    let sealed = world.count("commit sealed tokens");
    sign_in_as(&world, &engine, &id, "sam").await;
    let s = now(&engine);
    assert_eq!(org(&s, &id).sign_in_failure, Some(Code::UserIsHere { user: "sam".into() }));
    assert_eq!(org(&s, &id).sign_in, SignIn::SignedOut);
    assert!(signed_in(&s, &OrgId::new("acme")));
    pass(minutes(5)).await;
    assert_eq!(world.count("commit sealed tokens"), sealed, "nothing of it is stored");
    assert_eq!(world.count("logout"), 0, "that could end the sign-in of the first");
}

#[tokio::test(start_paused = true)]
async fn one_of_several_is_chosen_and_stays_so() {
    let (world, engine, id) = beside_sam().await;
    let chosen = |s: &Snapshot| s.chosen().map(|o| o.organisation.id.clone());
    assert_eq!(chosen(&now(&engine)), Some(OrgId::new("acme")), "the first, as long as nobody chose");
    assert_eq!(engine.ask(Request::Choose(id.clone())).await, Ok(Reply::Done));
    until(&engine, |s| chosen(s) == Some(id.clone())).await;
    engine.ask(Request::Choose(id.clone())).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(world.count(&format!("commit chosen {id}")), 1, "once");
    let gone = engine.ask(Request::Choose(OrgId::new("gone"))).await;
    assert!(matches!(gone, Err(Code::Gone { .. })), "{gone:?}");
    engine.ask(Request::RemoveOrganisation(id)).await.unwrap();
    let s = until(&engine, |s| s.organisations.len() == 1).await;
    assert_eq!(chosen(&s), Some(OrgId::new("acme")));
}
