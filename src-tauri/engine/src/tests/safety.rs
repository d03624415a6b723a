//! What the person is asked before something dangerous, what was said to it, and what ends by itself.

use super::world::{World, begin, minutes, now, pass, start_in, until};
use crate::{
    Engine, Reply, Request, Signal,
    model::{
        code::Code,
        delivery::Delivery,
        environment::{Act, Care, Environment},
        history::Event,
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
        notice::{Notice, Pressed},
        portal::{Account, Portal},
        profile::State,
        rules::{Field, Rule},
        settings::{Safety, Settings},
    },
    ports::{Clock, SsoError},
    request::{Answer, Asker, Consent, Of, Shell},
};
use std::{sync::Arc, time::Duration};

fn role(account: &str, role: &str) -> Grant {
    Grant { org: OrgId::new("acme"), account: AccountId::new(account), role: RoleName::new(role) }
}

fn admin() -> Grant {
    role("9", "Admin")
}

async fn production() -> (Arc<World>, Engine) {
    start_in(minutes(60), None, |world| {
        let account = |id: &str, name: &str, roles: &[&str]| Account {
            id: AccountId::new(id),
            name: name.into(),
            email: None,
            roles: Some(roles.iter().map(|r| RoleName::new(*r)).collect()),
        };
        let accounts = vec![
            account("1", "payments-dev", &["Dev"]),
            account("9", "payments-prod", &["Admin", "Developer", "ReadOnly"]),
        ];
        // What is listed stays, however often it is asked for.
        *world.list_never.lock().unwrap() = Some(SsoError::Other(Code::Garbled { host: "h".into() }));
        *world.portal.lock().unwrap() =
            Some(Portal { accounts, synced: Some(world.now()), ..Portal::default() });
    })
    .await
}

fn open(grant: &Grant) -> Request {
    Request::OpenConsole {
        grant: grant.clone(),
        destination: None,
        region: None,
        private: false,
        confirmed: false,
    }
}

fn copy(grant: &Grant) -> Request {
    Request::CopyEnvironment { grant: grant.clone(), shell: Shell::Posix, confirmed: false }
}

fn keep(grant: &Grant, name: &str) -> Request {
    Request::KeepFresh {
        grant: grant.clone(),
        profile: ProfileName::new(name),
        delivery: Delivery::CredentialsFile,
        region: None,
        replace_foreign: false,
        confirmed: false,
    }
}

fn yes(request: Request, consent: Consent) -> Request {
    Request::Confirmed { request: Box::new(request), consent }
}

fn asked(answer: Answer) -> Option<Care> {
    match answer.unwrap() {
        Reply::Confirm(confirm) => Some(confirm.care),
        Reply::Done | Reply::Copied { .. } => None,
        other => panic!("neither asked nor done: {other:?}"),
    }
}

fn lines(engine: &Engine) -> Vec<Event> {
    now(engine).history.iter().map(|line| line.event.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn who_does_not_want_to_be_asked_again_is_left_alone_for_a_quarter_of_an_hour() {
    let (world, engine) = production().await;
    assert_eq!(asked(engine.ask(open(&admin())).await), Some(Care::Confirm));
    let why = Some(" ticket 7 ".to_owned());
    let consent = Consent { why: why.clone(), quiet: true, lasting: None };
    assert_eq!(asked(engine.ask(yes(open(&admin()), consent)).await), None);
    pass(minutes(1)).await;
    assert_eq!(world.count("tab"), 1);
    let noted = lines(&engine).into_iter().find(|e| matches!(e, Event::Confirmed { .. })).unwrap();
    let Event::Confirmed { act, why, quiet, account_name, .. } = noted else { unreachable!() };
    assert_eq!((act, why.as_deref(), quiet), (Act::OpenConsole, Some("ticket 7"), true));
    assert_eq!(account_name, "payments-prod");
    assert_eq!(asked(engine.ask(open(&admin())).await), None, "not asked again");
    assert_eq!(asked(engine.ask(copy(&admin())).await), None, "for this role, whatever is done");
    assert_eq!(
        asked(engine.ask(keep(&admin(), "pay-admin")).await),
        Some(Care::TimeBoxed),
        "but for keeping"
    );
    pass(minutes(15)).await;
    assert_eq!(asked(engine.ask(open(&admin())).await), Some(Care::Confirm));
}

#[tokio::test(start_paused = true)]
async fn a_plain_yes_counts_once() {
    let (_world, engine) = production().await;
    assert_eq!(asked(engine.ask(yes(open(&admin()), Consent::default())).await), None);
    assert_eq!(asked(engine.ask(open(&admin())).await), Some(Care::Confirm));
}

#[tokio::test(start_paused = true)]
async fn keys_of_production_are_asked_about_once_a_day() {
    let (_world, engine) = production().await;
    let developer = role("9", "Developer");
    assert_eq!(asked(engine.ask(copy(&developer)).await), Some(Care::ConfirmDaily));
    assert_eq!(asked(engine.ask(yes(copy(&developer), Consent::default())).await), None);
    pass(minutes(30)).await;
    assert_eq!(asked(engine.ask(copy(&developer)).await), None);
    assert_eq!(asked(engine.ask(copy(&admin())).await), Some(Care::Confirm), "a yes is for one role");
    pass(minutes(24 * 60)).await;
    assert_eq!(asked(engine.ask(copy(&developer)).await), Some(Care::ConfirmDaily));
    assert_eq!(asked(engine.ask(copy(&role("9", "ReadOnly"))).await), None);
}

#[tokio::test(start_paused = true)]
async fn a_privileged_profile_of_production_ends_by_itself_and_says_so() {
    let (world, engine) = production().await;
    let half = Consent { lasting: Some(Duration::from_secs(30 * 60)), ..Consent::default() };
    assert_eq!(asked(engine.ask(yes(keep(&admin(), "pay-admin"), half)).await), None);
    let kept = until(&engine, |s| s.profiles.iter().any(|p| p.state == State::Fresh)).await;
    assert_eq!(kept.profiles[0].kept.until, Some(begin() + minutes(30)));
    pass(minutes(29)).await;
    assert_eq!(now(&engine).profiles.len(), 1);
    pass(minutes(2)).await;
    assert!(now(&engine).profiles.is_empty(), "{:?}", now(&engine).profiles);
    assert!(world.count("write file") >= 2, "its keys left the file");
    assert_eq!(world.row("kept pay-admin"), None);
    assert_eq!(world.count("notify time-over/pay-admin"), 1);
    assert!(lines(&engine).iter().any(|e| matches!(e, Event::KeepEnded { .. })));
    pass(minutes(120)).await;
    assert_eq!(world.count("withdraw time-over"), 1, "an hour later it is no news");
    // The button asks anew.
    let notice = Notice::TimeOver {
        profile: ProfileName::new("pay-admin"),
        grant: admin(),
        account_name: "payments-prod".into(),
        delivery: Delivery::CredentialsFile,
        region: None,
        added: begin(),
        until: begin() + minutes(30),
    };
    let pressed = Request::Pressed { notice, pressed: Pressed::KeepOn };
    assert_eq!(asked(engine.ask(pressed).await), Some(Care::TimeBoxed));
}

#[tokio::test(start_paused = true)]
async fn the_time_is_an_hour_and_never_more_than_four() {
    let (_world, engine) = production().await;
    let week = Consent { lasting: Some(Duration::from_secs(7 * 24 * 3600)), ..Consent::default() };
    let none = Consent { lasting: Some(Duration::ZERO), ..Consent::default() };
    for (name, consent, expect) in
        [("usual", Consent::default(), 60), ("long", week, 240), ("short", none, 15)]
    {
        engine.ask(yes(keep(&admin(), name), consent)).await.unwrap();
        let kept = until(&engine, |s| s.profiles.iter().any(|p| p.kept.profile.as_str() == name)).await;
        let one = kept.profiles.iter().find(|p| p.kept.profile.as_str() == name).unwrap();
        assert_eq!(one.kept.until, Some(one.kept.added + minutes(expect)), "{name}");
    }
    engine.ask(yes(keep(&role("1", "Dev"), "dev"), Consent::default())).await.unwrap();
    let kept = now(&engine).profiles.iter().find(|p| p.kept.profile.as_str() == "dev").unwrap().kept.clone();
    assert_eq!(kept.until, None);
}

#[tokio::test(start_paused = true)]
async fn whose_time_is_over_is_not_refreshed_while_its_keys_cannot_be_taken_out() {
    let (world, engine) = production().await;
    engine.ask(yes(keep(&admin(), "pay-admin"), Consent::default())).await.unwrap();
    until(&engine, |s| s.profiles.iter().any(|p| p.state == State::Fresh)).await;
    pass(minutes(59)).await;
    let fetched = world.count("role credentials");
    *world.file_fails.lock().unwrap() = Some(Code::DiskFull { path: "f".into() });
    pass(minutes(30)).await;
    assert_eq!(world.count("role credentials"), fetched, "nothing new is fetched");
    let left = now(&engine).profiles.clone();
    assert!(matches!(left[0].state, State::NotWritable(_)), "its keys are in the file, and why: {left:?}");
    // A program that asks is as one that asks for the role.
    let asker = Asker { program: Some("aws".to_owned()), pid: 7, path: None, by_window: false };
    let of = Of::Profile(ProfileName::new("pay-admin"));
    let program = Request::HandOut { of, assume: None, asker, may_sign_in: false, confirmed: false };
    assert_eq!(asked(engine.ask(program).await), Some(Care::Confirm));
    *world.file_fails.lock().unwrap() = None;
    until(&engine, |s| s.profiles.is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn default_is_not_production_unless_it_was_allowed() {
    let (world, engine) = production().await;
    let refused = engine.ask(keep(&role("9", "Developer"), "default")).await.unwrap_err();
    assert!(
        matches!(&refused, Code::DefaultInProduction { suggestion, .. } if suggestion == "payments-prod")
    );
    let allow = Request::AllowDefault { account: AccountId::new("9"), allowed: true };
    assert_eq!(engine.ask(allow).await, Ok(Reply::Done));
    assert_eq!(world.settings.lock().unwrap().safety.default_allowed, [AccountId::new("9")]);
    assert_eq!(asked(engine.ask(keep(&role("9", "Developer"), "default")).await), Some(Care::Confirm));
    let take = Request::AllowDefault { account: AccountId::new("9"), allowed: false };
    engine.ask(take).await.unwrap();
    assert!(engine.ask(keep(&role("9", "Developer"), "default")).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_rule_makes_an_account_production_and_is_tried_first() {
    let (_world, engine) = production().await;
    let dev = role("1", "Dev");
    assert_eq!(asked(engine.ask(keep(&dev, "dev")).await), None);
    let tried = engine.ask(Request::TryRule { field: Field::Name, pattern: "^PAY".into() }).await;
    let names = vec!["payments-dev".to_owned(), "payments-prod".to_owned()];
    assert_eq!(tried, Ok(Reply::Fits { accounts: 2, names }));
    let bad = engine.ask(Request::TryRule { field: Field::Name, pattern: "pay(".into() }).await;
    assert_eq!(bad, Err(Code::BadPattern { reason: "unclosed group".into() }));
    let rule = Rule { field: Field::Number, pattern: "^1$".into(), environment: Environment::Production };
    let safety = Safety { rules: vec![rule], ..Safety::default() };
    engine.ask(Request::SetSettings(Settings { safety, ..Settings::default() })).await.unwrap();
    assert_eq!(asked(engine.ask(keep(&dev, "dev-2")).await), Some(Care::Confirm));
}

#[tokio::test(start_paused = true)]
async fn what_is_copied_without_the_window_is_told() {
    let (world, engine) = production().await;
    let dev = role("1", "Dev");
    engine.signal(Signal::WindowFocus(true));
    engine.ask(copy(&dev)).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(world.count("notify copied"), 0, "the window says it");
    engine.signal(Signal::WindowFocus(false));
    engine.ask(copy(&dev)).await.unwrap();
    pass(minutes(1)).await;
    assert_eq!(world.count("notify copied/acme/1/Dev"), 1);
    pass(minutes(2)).await;
    assert_eq!(world.count("withdraw copied/acme/1/Dev"), 1, "it is off the clipboard");
}
