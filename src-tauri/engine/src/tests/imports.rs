//! What the AWS config file has already, taken over.

use super::world::{grant, keep, minutes, now, start, start_in, until};
use crate::{
    Engine, Reply, Request, Signal,
    model::{
        aws_config::{AwsConfig, ConfigProfile},
        code::Code,
        history::Event as History,
        ids::{OrgId, ProfileName, RoleName},
        profile::{Conflict, State},
        sign_in::SignIn,
    },
    request::{Answer, Wanted},
};

fn config(start_urls: &[&str]) -> AwsConfig {
    let profile = |(at, url): (usize, &&str)| ConfigProfile {
        name: format!("p{at}"),
        start_url: Some((*url).to_owned()),
        sso_region: Some("eu-north-1".into()),
        ..ConfigProfile::default()
    };
    AwsConfig { profiles: start_urls.iter().enumerate().map(profile).collect(), ..AwsConfig::default() }
}

async fn keep_many(engine: &Engine, names: &[&str], confirmed: bool) -> Answer {
    let wanted = names
        .iter()
        .map(|name| Wanted { grant: grant(), profile: ProfileName::new(*name), region: None })
        .collect();
    engine.ask(Request::KeepMany { wanted, confirmed }).await
}

#[tokio::test(start_paused = true)]
async fn the_config_file_is_read_at_the_start_and_when_it_changed() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.config.lock().unwrap() = config(&["https://known.test/start"]);
    })
    .await;
    until(&engine, |s| s.config.profiles.len() == 1).await;
    *world.config.lock().unwrap() = config(&["https://known.test/start", "https://b.test"]);
    engine.signal(Signal::FilesChanged);
    until(&engine, |s| s.config.profiles.len() == 2).await;
}

#[tokio::test(start_paused = true)]
async fn several_organisations_are_added_and_none_is_signed_in_to() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        // The world's own organisation is https://acme.test/start.
        let urls =
            ["https://dead.test", "https://known.a/start", "https://acme.test", "https://known.b/start"];
        *w.config.lock().unwrap() = config(&urls);
    })
    .await;
    let Ok(Reply::Added(first)) = engine.ask(Request::AddFromConfig).await else { panic!("none was added") };
    let snapshot = until(&engine, |s| s.organisations.len() == 3).await;
    let added: Vec<_> = snapshot.organisations[1..].iter().map(|o| &o.organisation).collect();
    assert_eq!(added[0].id, first);
    assert_eq!(
        [added[0].start_url.as_str(), added[1].start_url.as_str()],
        ["https://known.a/start", "https://known.b/start"]
    );
    assert_eq!(added[0].region, "eu-north-1");
    assert!(snapshot.organisations[1..].iter().all(|o| o.sign_in == SignIn::SignedOut));
    assert_eq!((world.count("sign-in page"), world.count("discover https://acme.test")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn when_none_answers_the_first_says_why() {
    let (_, engine) = start_in(minutes(60), None, |w| {
        *w.config.lock().unwrap() = config(&["https://dead.test", "https://gone.test"]);
    })
    .await;
    let answer = engine.ask(Request::AddFromConfig).await;
    assert_eq!(answer, Err(Code::NotAPortal { host: "https://dead.test".into() }));
}

#[tokio::test(start_paused = true)]
async fn a_conversion_is_planned_made_once_and_undone_within_30_days() {
    let (world, engine) = start(minutes(60), None).await;
    let profiles = || vec!["old".to_owned()];
    let Ok(Reply::Conversion(plan)) = engine.ask(Request::PlanConversion(profiles())).await else {
        panic!("no plan")
    };
    assert_eq!(plan.profiles, [("old".to_owned(), "acme".to_owned())]);
    let convert = |seen: &str| Request::Convert { profiles: profiles(), seen: seen.to_owned() };
    let another = Code::FileChanged { path: "config".into() };
    assert_eq!(engine.ask(convert("another")).await, Err(another));
    assert!(now(&engine).conversions.is_empty());

    assert_eq!(engine.ask(convert(&plan.seen)).await, Ok(Reply::Done));
    let snapshot = until(&engine, |s| s.conversions.len() == 1).await;
    let entry = snapshot.conversions[0].entry;
    assert_eq!(snapshot.history[0].id, entry);
    assert!(matches!(snapshot.history[0].event, History::Converted { .. }));

    world.refused.lock().unwrap().undoing = true;
    let undo = || engine.ask(Request::UndoConversion(entry));
    assert!(matches!(undo().await, Err(Code::PlacesChanged { .. })));
    assert_eq!(now(&engine).conversions.len(), 1);
    world.refused.lock().unwrap().undoing = false;
    assert_eq!(undo().await, Ok(Reply::Done));
    let snapshot = until(&engine, |s| s.conversions.is_empty()).await;
    assert!(matches!(snapshot.history[0].event, History::ConversionUndone { whole: true, .. }));
    assert_eq!(undo().await, Err(Code::Gone { what: "import".into() }));

    assert_eq!(engine.ask(convert(&plan.seen)).await, Ok(Reply::Done));
    let entry = until(&engine, |s| s.conversions.len() == 1).await.conversions[0].entry;
    tokio::time::sleep(std::time::Duration::from_secs(30 * 24 * 3600 + 60)).await;
    let late = engine.ask(Request::UndoConversion(entry)).await;
    assert_eq!(late, Err(Code::Gone { what: "import".into() }));
    until(&engine, |s| s.conversions.is_empty()).await;
    assert_eq!((world.count("convert"), world.count("undo conversion")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn several_profiles_are_kept_by_one_write() {
    let (world, engine) = start(minutes(60), None).await;
    assert_eq!(keep_many(&engine, &["a", "b", "c"], true).await, Ok(Reply::Done));
    until(&engine, |s| s.profiles.iter().filter(|p| p.state == State::Fresh).count() == 3).await;
    assert_eq!((world.count("write file"), world.count("write file 3")), (1, 1));
    assert_eq!(world.count("role credentials"), 1);
}

#[tokio::test(start_paused = true)]
async fn one_name_that_is_taken_stops_all_of_them() {
    let (world, engine) = start(minutes(60), None).await;
    let refused = |name: &str, conflict| {
        let (profile, suggestion) = (name.to_owned(), format!("{name}-2"));
        Err(Code::ProfileTaken {
            profile,
            conflict,
            suggestion,
            delivery: crate::model::delivery::Delivery::CredentialsFile,
        })
    };
    assert_eq!(keep_many(&engine, &["a", "taken"], true).await, refused("taken", Conflict::Foreign));
    assert_eq!(keep_many(&engine, &["a", "a"], true).await, refused("a", Conflict::ChangedByAnother));
    assert!(now(&engine).profiles.is_empty());
    keep(&engine, "b").await.unwrap();
    assert_eq!(keep_many(&engine, &["a", "b"], true).await, refused("b", Conflict::ChangedByAnother));
    assert_eq!(now(&engine).profiles.len(), 1);
    assert_eq!(world.count("write file 2"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_asks_first_is_asked_about_once_for_all() {
    let (_, engine) = start_in(minutes(60), None, |w| {
        let mut portal = crate::model::portal::Portal::default();
        portal.accounts = vec![crate::model::portal::Account {
            id: grant().account,
            name: "payments-prod".into(),
            email: None,
            roles: Some(vec![RoleName::new("Dev")]),
        }];
        *w.portal.lock().unwrap() = Some(portal);
    })
    .await;
    let Ok(Reply::Confirm(asked)) = keep_many(&engine, &["a", "b"], false).await else {
        panic!("no question")
    };
    assert_eq!((asked.account_name.as_str(), &asked.grant.org), ("payments-prod", &OrgId::new("acme")));
    assert!(now(&engine).profiles.is_empty());
}
