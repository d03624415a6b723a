//! What reaches the disk, and in which order.

use super::world::{World, begin, grant, minutes, now, pass, start, start_in, until};
use crate::{
    Request,
    model::{
        code::Code,
        environment::Environment,
        ids::{AccountId, OrgId, RoleName},
        portal::{Account, Portal},
        rules::{Field, Rule},
        settings::{Naming, Network, Safety, Settings},
        team::{Adopted, Colour},
    },
};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn what_the_disk_refused_is_written_when_it_takes_it() {
    let busy = Code::FileBusy { path: "p".into() };
    let broken = Code::FileNotWritable { path: "p".into(), reason: "disk I/O error".into() };
    for refusal in [busy, broken, Code::DiskFull { path: "p".into() }] {
        let (world, engine) = start(minutes(60), None).await;
        *world.store_fails.lock().unwrap() = Some(refusal.clone());
        engine.ask(Request::SetFavourite { target: grant().into(), on: true }).await.unwrap();
        pass(minutes(1)).await;
        assert!(world.count("commit failed") > 0);
        *world.store_fails.lock().unwrap() = None;
        pass(minutes(1)).await;
        assert!(world.row("favourite Dev").is_some(), "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_settings_that_were_set_last_stay() {
    let (world, engine) = start(minutes(60), None).await;
    *world.saves_take.lock().unwrap() = vec![Duration::from_secs(1), Duration::from_secs(5)];
    let set = |text_size| engine.ask(Request::SetSettings(Settings { text_size, ..Settings::default() }));
    let (first, second) = tokio::join!(set(110), set(120));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(world.settings.lock().unwrap().text_size, 120);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_stands_in_the_settings_file_is_kept_with_its_proxy_alone() {
    let (world, engine) = start(minutes(60), None).await;
    let stored = |world: &World| world.settings.lock().unwrap().network.clone();
    let set = |proxy: &str, no_proxy: &str| {
        let network =
            Network { proxy: Some(proxy.into()), no_proxy: Some(no_proxy.into()), ..Network::default() };
        engine.ask(Request::SetNetwork(network))
    };
    set("http://sam:secret@proxy.test", "a.test").await.unwrap();
    set("http://proxy.test", "b.test").await.unwrap();
    let kept = stored(&world);
    assert_eq!(kept.proxy.as_deref(), Some("http://sam:secret@proxy.test"));
    assert_eq!(kept.no_proxy.as_deref(), Some("b.test"));
    set("http://other.test", "b.test").await.unwrap();
    assert_eq!(stored(&world).proxy.as_deref(), Some("http://other.test"));
}

#[tokio::test(start_paused = true)]
async fn what_a_team_shares_stands_behind_the_persons_own_and_the_window_leaves_it() {
    let (world, engine) = start(minutes(60), None).await;
    let rule = |pattern: &str, environment| Rule { field: Field::Name, pattern: pattern.into(), environment };
    let own = rule("^pay", Environment::Production);
    let safety = Safety { rules: vec![own.clone()], ..Safety::default() };
    engine
        .ask(Request::SetSettings(Settings { safety: safety.clone(), ..Settings::default() }))
        .await
        .unwrap();
    let template = |text: &str| Naming { template: Some(text.into()) };
    engine.ask(Request::SetNaming(template("{role}"))).await.unwrap();

    let shared = rule("^pay", Environment::Sandbox);
    let team = Adopted {
        signers: [("team acme".to_owned(), "SHA256:x".to_owned())].into(),
        colours: [("acme.awsapps.com".to_owned(), Colour::Teal)].into(),
    };
    let rules = vec![own.clone(), shared.clone()];
    let wish = Request::AdoptTeam { rules, template: None, team: team.clone() };
    engine.ask(wish).await.unwrap();
    let now = world.settings.lock().unwrap().clone();
    assert_eq!(now.safety.rules, [own, shared], "the person's own is first, and there once");
    assert_eq!((now.naming, now.team), (template("{role}"), team.clone()));

    // The window knows of neither.
    engine.ask(Request::SetSettings(Settings { compact: true, ..Settings::default() })).await.unwrap();
    let now = world.settings.lock().unwrap().clone();
    assert_eq!((now.compact, now.naming, now.team), (true, template("{role}"), team));
}

#[tokio::test(start_paused = true)]
async fn accounts_that_a_teams_rules_make_laxer_are_known_before() {
    let account = |number: &str, name: &str| Account {
        id: AccountId::new(number),
        name: name.into(),
        email: None,
        roles: Some(vec![RoleName::new("Dev")]),
    };
    let (_, engine) = start_in(minutes(60), None, |w| {
        let accounts = vec![
            account("111111111111", "payments-prod"),
            account("222222222222", "web"),
            account("333333333333", "core"),
            account("444444444444", "live"),
            account("555555555555", "shop-dev"),
        ];
        *w.portal.lock().unwrap() = Some(Portal { accounts, synced: Some(begin()), ..Portal::default() });
    })
    .await;
    until(&engine, |s| s.organisations[0].portal.accounts.len() == 5).await;
    let rule = |pattern: &str, environment| Rule { field: Field::Name, pattern: pattern.into(), environment };
    let own = vec![rule("^core", Environment::Production)];
    let safety = Safety { rules: own, ..Safety::default() };
    engine.ask(Request::SetSettings(Settings { safety, ..Settings::default() })).await.unwrap();
    let labelled = Request::SetEnvironment {
        org: OrgId::new("acme"),
        account: AccountId::new("444444444444"),
        environment: Some(Environment::Production),
    };
    engine.ask(labelled).await.unwrap();
    until(&engine, |s| s.rules.iter().count() == 1 && s.organisations[0].labels.len() == 1).await;
    let now = now(&engine);
    let lowered = |rules: &[Rule]| {
        let found = now.lowered_by(rules.to_vec());
        found.into_iter().map(|it| (it.name.to_owned(), it.now, it.then)).collect::<Vec<_>>()
    };
    // What the person said themselves stays, and an account of which nothing is known loses nothing.
    let all = rule(".*", Environment::Sandbox);
    assert_eq!(
        lowered(std::slice::from_ref(&all)),
        [("payments-prod".into(), Environment::Production, Environment::Sandbox)]
    );
    assert_eq!(lowered(&[rule("prod", Environment::Production), all]), []);
}
