//! Programs that ask for credentials: many at once, through expiry, and when nobody can help them.

use super::world::{World, begin, fresh, grant, keep, minutes, no_answer, now, pass, start, start_in, until};
use crate::{
    Engine, Request,
    model::{
        aws_config::{AwsConfig, ConfigProfile},
        code::Code,
        history::Event,
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
        sign_in::SignIn,
    },
    ports::SsoError,
    request::{Answer, Asker, HandedOut, Of, Reply, Shell},
};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

pub(super) fn wish(of: Of, may_sign_in: bool) -> Request {
    let asker = Asker { program: Some("terraform".to_owned()), pid: 42, path: None, by_window: false };
    Request::HandOut { of, assume: None, asker, may_sign_in, confirmed: false }
}

fn profile(name: &str) -> Of {
    Of::Profile(ProfileName::new(name))
}

fn handed(answer: Answer) -> Box<HandedOut> {
    match answer {
        Ok(Reply::Credentials(handed)) => handed,
        other => panic!("{other:?}"),
    }
}

fn left(engine: &Engine, world: &World, answer: Answer) -> i64 {
    use crate::ports::Clock;
    let _ = engine;
    handed(answer).credentials.expires.duration_since(world.now()).as_mins()
}

/// So many ask at the same time.
async fn crowd(engine: &Engine, of: &Of, size: usize) -> Vec<Answer> {
    let mut crowd = JoinSet::new();
    for _ in 0..size {
        let (engine, request) = (engine.clone(), wish(of.clone(), true));
        crowd.spawn(async move { engine.ask(request).await });
    }
    crowd.join_all().await
}

async fn signed_out(lifetime: i64) -> (Arc<World>, Engine) {
    start_in(minutes(lifetime), None, |world| *world.signed_in.lock().unwrap() = false).await
}

#[tokio::test(start_paused = true)]
async fn a_hundred_at_once_cost_one_request() {
    let (world, engine) = start(minutes(60), None).await;
    *world.credentials_take.lock().unwrap() = Duration::from_secs(2);
    for answer in crowd(&engine, &Of::Role(grant()), 100).await {
        assert_eq!(handed(answer).account_name, "payments-dev");
    }
    assert_eq!(world.count("role credentials"), 1);
    let lines = now(&engine).history.iter().filter(|e| matches!(e.event, Event::HandedOut { .. })).count();
    assert_eq!(lines, 1, "one line for one program and one role");
}

#[tokio::test(start_paused = true)]
async fn a_copy_beside_a_program_shares_its_call() {
    let (world, engine) = start(minutes(60), None).await;
    *world.credentials_take.lock().unwrap() = Duration::from_secs(2);
    let copy = Request::CopyEnvironment { grant: grant(), shell: Shell::Posix, confirmed: true };
    let (copied, asked) = tokio::join!(engine.ask(copy), engine.ask(wish(Of::Role(grant()), true)));
    let expires = handed(asked).credentials.expires;
    assert_eq!(copied, Ok(Reply::Copied { expires }));
    assert_eq!((world.count("role credentials"), world.count("copied")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_still_works_can_be_copied_after_the_sign_ins_end() {
    let (world, engine) = start(minutes(60), Some(begin() + minutes(5))).await;
    handed(engine.ask(wish(Of::Role(grant()), false)).await);
    pass(minutes(50)).await;
    let copy = || Request::CopyEnvironment { grant: grant(), shell: Shell::Posix, confirmed: true };
    // They expire when they were to when they were fetched, not an hour after the copy.
    assert_eq!(engine.ask(copy()).await, Ok(Reply::Copied { expires: begin() + minutes(60) }));
    pass(minutes(11)).await;
    assert_eq!(engine.ask(copy()).await, Err(Code::SignInNeeded));
    assert_eq!((world.count("copied"), world.count("sign-in page")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_with_a_sign_in_that_is_over_cost_one_tab() {
    let (world, engine) = signed_out(60).await;
    *world.sign_in_takes.lock().unwrap() = Duration::from_secs(30);
    for answer in crowd(&engine, &Of::Role(grant()), 100).await {
        handed(answer);
    }
    assert_eq!((world.count("sign-in page"), world.count("role credentials")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn programs_open_no_second_tab_until_the_person_has_signed_in() {
    let (world, engine) = signed_out(60).await;
    *world.sign_in_takes.lock().unwrap() = Duration::from_secs(300);
    let first = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.ask(wish(Of::Role(grant()), true)).await })
    };
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::InProgress(_))).await;
    engine.ask(Request::CancelSignIn(OrgId::new("acme"))).await.unwrap();
    assert_eq!(first.await.unwrap(), Err(Code::SignInNeeded));
    for _ in 0..5 {
        assert_eq!(engine.ask(wish(Of::Role(grant()), true)).await, Err(Code::SignInNeeded));
    }
    assert_eq!(world.count("sign-in page"), 1);
    *world.sign_in_takes.lock().unwrap() = Duration::ZERO;
    engine.ask(Request::SignIn { org: OrgId::new("acme"), method: None }).await.unwrap();
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::SignedIn(_))).await;
    handed(engine.ask(wish(Of::Role(grant()), true)).await);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_open_a_browser_is_told() {
    let (world, engine) = signed_out(60).await;
    assert_eq!(engine.ask(wish(Of::Role(grant()), false)).await, Err(Code::SignInNeeded));
    assert_eq!(world.count("sign-in page"), 0);
}

#[tokio::test(start_paused = true)]
async fn more_than_a_quarter_of_an_hour_is_left_for_as_long_as_the_role_lives_longer() {
    for (lifetime, least, asked) in [(60, 16, 3), (30, 16, 8)] {
        let (world, engine) = start(minutes(lifetime), None).await;
        for _ in 0..100 {
            let answer = engine.ask(wish(Of::Role(grant()), true)).await;
            assert!(left(&engine, &world, answer) >= least);
            pass(minutes(1)).await;
        }
        assert_eq!(world.count("role credentials"), asked, "of {lifetime} minutes each");
    }
}

#[tokio::test(start_paused = true)]
async fn short_ones_are_told_with_their_true_end_and_answered_from_the_cache() {
    let (world, engine) = start(minutes(15), None).await;
    for minute in 0..10 {
        let answer = engine.ask(wish(Of::Role(grant()), true)).await;
        assert_eq!(left(&engine, &world, answer), 15 - minute);
        pass(minutes(1)).await;
    }
    assert_eq!(world.count("role credentials"), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_that_work_are_handed_out_while_the_server_does_not_answer() {
    let (world, engine) = start(minutes(60), None).await;
    handed(engine.ask(wish(Of::Role(grant()), true)).await);
    *world.refuse_always.lock().unwrap() = Some(no_answer());
    pass(minutes(50)).await;
    let answer = engine.ask(wish(Of::Role(grant()), true)).await;
    assert_eq!(left(&engine, &world, answer), 10);
    pass(minutes(11)).await;
    let expect = Err(Code::NoAnswer { host: "h".to_owned() });
    assert_eq!(engine.ask(wish(Of::Role(grant()), true)).await, expect);
    *world.refuse_always.lock().unwrap() = Some(SsoError::Forbidden);
    assert_eq!(engine.ask(wish(Of::Role(grant()), true)).await, Err(Code::AccessRemoved));
}

#[tokio::test(start_paused = true)]
async fn a_401_is_renewed_for_all_who_wait() {
    let (world, engine) = start(minutes(60), None).await;
    world.refuse.lock().unwrap().push(SsoError::Unauthorized);
    for answer in crowd(&engine, &Of::Role(grant()), 10).await {
        handed(answer);
    }
    assert_eq!((world.count("refresh token"), world.count("role credentials")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn profiles_are_those_that_are_kept_and_those_of_the_config_file() {
    let sso = |name: &str, start_url: &str| ConfigProfile {
        name: name.to_owned(),
        start_url: Some(start_url.to_owned()),
        account: Some("1".to_owned()),
        role: Some("Dev".to_owned()),
        region: Some("eu-north-1".to_owned()),
        ..ConfigProfile::default()
    };
    let config = AwsConfig {
        profiles: vec![
            sso("listed", "https://ACME.test/start/#/"),
            sso("elsewhere", "https://other.test/start"),
        ],
        ..AwsConfig::default()
    };
    let change = |world: &World| *world.config.lock().unwrap() = config;
    let (_, engine) = start_in(minutes(60), Some(begin() + minutes(600)), change).await;
    keep(&engine, "kept").await.unwrap();
    until(&engine, fresh).await;
    assert_eq!(handed(engine.ask(wish(profile("kept"), true)).await).region, "eu-west-1");
    let listed = handed(engine.ask(wish(profile("listed"), true)).await);
    assert_eq!((listed.region.as_str(), &listed.grant), ("eu-north-1", &grant()));
    for unknown in ["elsewhere", "nowhere"] {
        let expect = Err(Code::UnknownProfile { profile: unknown.to_owned() });
        assert_eq!(engine.ask(wish(profile(unknown), true)).await, expect);
    }
    let other = Grant { role: RoleName::new("Admin"), account: AccountId::new("1"), org: OrgId::new("acme") };
    assert_eq!(engine.ask(wish(Of::Role(other), true)).await, Err(Code::AccessRemoved));
}

#[tokio::test(start_paused = true)]
async fn who_asks_before_the_keyring_answers_waits_for_it_and_opens_no_browser() {
    let slow = |world: &World| *world.keyring_takes.lock().unwrap() = Duration::from_secs(60);
    let (world, engine) = start_in(minutes(60), None, slow).await;
    handed(engine.ask(wish(Of::Role(grant()), true)).await);
    assert_eq!(world.count("sign-in page"), 0);
}
