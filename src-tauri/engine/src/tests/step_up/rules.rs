//! Rules of the person: what makes an account production makes its privileged roles ask for a touch, and roles may be
//! named by a pattern.

use super::{asks, in_world, keep, key, known, now, open, quiet, role, touch};
use crate::{
    Reply, Request,
    model::{
        code::Code,
        environment::Environment,
        ids::{AccountId, RoleName},
        portal::{Account, Portal},
        profile::State,
        rules::{Field, Rule},
        settings::Settings,
        step_up::RolePattern,
    },
    ports::Clock,
    request::StepUpRequest,
    tests::world::{minutes, until},
};

fn pattern(role: &str, account: &str) -> RolePattern {
    RolePattern { role: role.into(), account: account.into() }
}

fn with(before: &Settings, patterns: Vec<RolePattern>) -> Request {
    let mut settings = before.clone();
    settings.safety.step_up.patterns = patterns;
    Request::SetSettings(settings)
}

#[tokio::test(start_paused = true)]
async fn a_rule_for_roles_asks_for_a_touch_wherever_it_fits() {
    let (world, engine) = known().await;
    let (dev, reads) = (role("1", "Dev"), role("9", "ReadOnly"));
    for grant in [&dev, &reads] {
        assert_eq!(engine.ask(open(grant)).await, Ok(Reply::Done), "without the rule");
    }
    quiet(&engine).await;
    let before = now(&engine).settings.clone();
    // To ask for more takes none.
    let set = with(&before, vec![pattern("^dev$", ""), pattern("^readonly$", "^1$")]);
    assert_eq!(engine.ask(set).await, Ok(Reply::Done));
    assert_eq!(world.settings.lock().unwrap().safety.step_up.patterns.len(), 2, "it is kept");
    assert_eq!(engine.ask(open(&reads)).await, Ok(Reply::Done), "of another account");
    let waits = asks(&engine, open(&dev));
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
    // To take a rule away, or to have it fit less, takes one.
    let (reads, narrow) = (pattern("^readonly$", "^1$"), pattern("^dev$", "prod"));
    for fewer in [vec![narrow, reads.clone()], vec![reads]] {
        quiet(&engine).await;
        let waits = asks(&engine, with(&before, fewer.clone()));
        touch(&world, &engine).await;
        assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
        assert_eq!(now(&engine).settings.safety.step_up.patterns, fewer);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_already_gets_an_end_when_a_rule_fits_its_role() {
    let (_world, engine) = known().await;
    engine.ask(keep(&role("1", "Dev"), "pay-dev", None)).await.unwrap();
    until(&engine, |s| s.profiles.iter().any(|p| p.state == State::Fresh)).await;
    let before = now(&engine).settings.clone();
    engine.ask(with(&before, vec![pattern("^other$", "")])).await.unwrap();
    assert_eq!(now(&engine).profiles[0].kept.until, None);
    engine.ask(with(&before, vec![pattern("^other$", ""), pattern("^dev$", "")])).await.unwrap();
    let kept = until(&engine, |s| s.profiles.iter().any(|p| p.kept.until.is_some())).await;
    let left = kept.profiles[0].kept.until.unwrap().duration_since(kept.at);
    assert!(left <= minutes(60) && left > minutes(59), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rule_for_roles_is_tried_before_it_is_set() {
    let (_world, engine) = known().await;
    let tried =
        |role: &str, account: &str| engine.ask(Request::StepUp(StepUpRequest::Try(pattern(role, account))));
    let Ok(Reply::FitsRoles { roles, names }) = tried("^dev$", "").await else { panic!("no answer") };
    assert_eq!((roles, names[..].join("; ")), (1, "payments-dev, Dev".to_owned()));
    assert_eq!(tried("^dev$", "prod").await, Ok(Reply::FitsRoles { roles: 0, names: vec![] }));
    assert_eq!(tried("(", "").await, Err(Code::BadPattern { reason: "unclosed group".into() }));
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_makes_an_account_production_asks_for_a_touch() {
    for ruled in [false, true] {
        let (world, engine) = in_world(|world| {
            *world.step_up_keys.lock().unwrap() = vec![key("0a", "Desk")];
            world.keys.plug(&["a"]);
            let account = Account {
                id: AccountId::new("5"),
                name: "web-5".into(),
                email: None,
                roles: Some(vec![RoleName::new("Admin"), RoleName::new("ReadOnly")]),
            };
            let portal = Portal { accounts: vec![account], synced: Some(world.now()), ..Portal::default() };
            *world.portal.lock().unwrap() = Some(portal);
            let rule =
                Rule { field: Field::Name, pattern: "^web-".into(), environment: Environment::Production };
            world.settings.lock().unwrap().safety.rules = if ruled { vec![rule] } else { Vec::new() };
        })
        .await;
        assert_eq!(engine.ask(open(&role("5", "ReadOnly"))).await, Ok(Reply::Done), "a role that only looks");
        if ruled {
            let waits = asks(&engine, open(&role("5", "Admin")));
            touch(&world, &engine).await;
            assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
        } else {
            assert_eq!(engine.ask(open(&role("5", "Admin"))).await, Ok(Reply::Done), "without the rule");
        }
    }
}
