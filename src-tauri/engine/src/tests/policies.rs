//! What an administrator decided on this computer holds, whatever the person sets, and never reaches the person's
//! own file.

use super::world::{World, begin, minutes, now, start_in};
use crate::{
    Engine, Reply, Request,
    model::{
        code::Code,
        delivery::Delivery,
        environment::{Environment, Why, classify},
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
        policy::Policy,
        portal::{Account, Portal},
        profile::Kept,
        rules::{Field, Rule},
        settings::{Network, Settings},
    },
    ports::Clock,
};
use std::sync::Arc;

async fn with(policy: Result<Policy, Code>) -> (Arc<World>, Engine) {
    start_in(minutes(60), None, |world| {
        *world.policy.lock().unwrap() = policy;
        let roles = Some(vec![RoleName::new("Admin")]);
        let account = Account { id: AccountId::new("1"), name: "payments".into(), email: None, roles };
        *world.portal.lock().unwrap() =
            Some(Portal { accounts: vec![account], synced: Some(world.now()), ..Portal::default() });
    })
    .await
}

fn read(text: &str) -> Result<Policy, Code> {
    Ok(serde_json::from_str(text).unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_is_decided_holds_and_the_persons_file_keeps_the_persons_values() {
    let (world, engine) = with(read(
        r#"{"refresh_lead": 30, "hide_details": true, "network": {"proxy": "http://proxy.acme.test:3128"},
            "safety": {"step_up": {"verify": true}}}"#,
    ))
    .await;
    let held = now(&engine).settings.clone();
    assert_eq!((held.refresh_lead, held.hide_details, held.safety.step_up.verify), (30, true, true));
    // As the window sends it: all it was shown, and what was changed.
    let set = Settings { hide_details: false, refresh_lead: 10, compact: true, ..held.clone() };
    assert_eq!(engine.ask(Request::SetSettings(set)).await, Ok(Reply::Done));
    let own = world.settings.lock().unwrap().clone();
    assert_eq!(own, Settings { compact: true, ..Settings::default() }, "the file has the person's own");
    assert_eq!(now(&engine).settings, Settings { compact: true, ..held });
    // The same of the way to servers, which has a request of its own.
    let network = Network { proxy: None, no_proxy: Some(".acme.test".into()), ca_file: None };
    assert_eq!(engine.ask(Request::SetNetwork(network.clone())).await, Ok(Reply::Done));
    assert_eq!(world.settings.lock().unwrap().network, network);
    let proxy = Some("http://proxy.acme.test:3128".to_owned());
    assert_eq!(now(&engine).settings.network, Network { proxy, ..network });
}

#[tokio::test(start_paused = true)]
async fn its_rules_come_before_the_persons_label_and_rules() {
    let (_world, engine) = with(read(
        r#"{"safety": {"rules": [{"field": "name", "pattern": "^pay", "environment": "production"}]}}"#,
    ))
    .await;
    let (org, account) = (OrgId::new("acme"), AccountId::new("1"));
    let label = Request::SetEnvironment { org, account, environment: Some(Environment::Sandbox) };
    assert_eq!(engine.ask(label).await, Ok(Reply::Done));
    let mut own = now(&engine).settings.clone();
    own.safety.rules =
        vec![Rule { field: Field::Name, pattern: "pay".into(), environment: Environment::Sandbox }];
    assert_eq!(engine.ask(Request::SetSettings(own)).await, Ok(Reply::Done));
    let snapshot = now(&engine);
    assert!(snapshot.organisations[0].labels.is_empty(), "a label that could not count is not kept");
    let class = classify("payments", "1", None, Some(Environment::Sandbox), &snapshot.rules);
    assert_eq!((class.environment, class.why), (Environment::Production, Why::Policy));
    let free = classify("web-pay", "2", None, None, &snapshot.rules);
    assert_eq!(free.environment, Environment::Sandbox, "what it does not name is the person's");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_used_is_told_and_decides_nothing() {
    let code = Code::PolicyNotTrusted { path: "/etc/latchkey/policy.json".into(), why: "x".into() };
    let (_world, engine) = with(Err(code.clone())).await;
    let snapshot = now(&engine);
    assert_eq!((snapshot.policy_problem.clone(), snapshot.policy.locked()), (Some(code), vec![]));
    assert_eq!(snapshot.settings, Settings::default());
}

/// What was kept without an end before an administrator marked its role ends as if it had begun now.
#[tokio::test(start_paused = true)]
async fn what_is_kept_already_gets_an_end_when_its_role_is_marked_by_the_file() {
    for (role, ends) in [("Admin", true), ("Other", false)] {
        let text =
            format!(r#"{{"safety": {{"step_up": {{"marked": [{{"account": "1", "role": "{role}"}}]}}}}}}"#);
        let (_world, engine) = start_in(minutes(60), None, |world| {
            *world.policy.lock().unwrap() = read(&text);
            let roles = Some(vec![RoleName::new("Admin")]);
            let account = Account { id: AccountId::new("1"), name: "payments".into(), email: None, roles };
            *world.portal.lock().unwrap() =
                Some(Portal { accounts: vec![account], synced: Some(world.now()), ..Portal::default() });
            let grant =
                Grant { org: OrgId::new("acme"), account: AccountId::new("1"), role: RoleName::new("Admin") };
            world.kept.lock().unwrap().push(Kept {
                profile: ProfileName::new("pay-admin"),
                grant,
                region: None,
                paused: false,
                added: begin(),
                written: None,
                used: None,
                until: None,
                delivery: Delivery::CredentialsFile,
                placed: None,
                session: None,
                asked: None,
            });
        })
        .await;
        let kept = now(&engine).profiles[0].kept.clone();
        assert_eq!(kept.until.is_some(), ends, "{role}: {kept:?}");
    }
}
