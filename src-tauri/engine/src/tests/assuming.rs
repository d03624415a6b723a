//! Roles that are assumed with the credentials of another: one call for many, the person's name, refusals.

use super::world::{World, grant, minutes, now, pass, start};
use crate::{
    Engine, Request,
    model::{assume::Assume, code::Code},
    request::{Answer, Asker, HandedOut, Of, Reply},
};
use secrecy::ExposeSecret;
use std::time::Duration;
use tokio::task::JoinSet;

const DEPLOY: &str = "arn:aws:iam::444455556666:role/ci/Deploy";

fn deploy() -> Assume {
    Assume { role_arn: DEPLOY.to_owned(), ..Assume::default() }
}

fn wish(assume: &Assume) -> Request {
    let (of, asker) = (Of::Role(grant()), Asker::default());
    Request::HandOut { of, assume: Some(assume.clone()), asker, may_sign_in: false, confirmed: false }
}

fn handed(answer: Answer) -> Box<HandedOut> {
    match answer {
        Ok(Reply::Credentials(handed)) => handed,
        other => panic!("{other:?}"),
    }
}

fn assumed(world: &World) -> usize {
    world.count(&format!("assume {DEPLOY}"))
}

async fn crowd(engine: &Engine, assume: &Assume, size: usize) -> Vec<Answer> {
    let mut crowd = JoinSet::new();
    for _ in 0..size {
        let (engine, request) = (engine.clone(), wish(assume));
        crowd.spawn(async move { engine.ask(request).await });
    }
    crowd.join_all().await
}

#[tokio::test(start_paused = true)]
async fn many_cost_one_call_until_it_is_due() {
    let (world, engine) = start(minutes(60), None).await;
    *world.credentials_take.lock().unwrap() = Duration::from_secs(2);
    for answer in crowd(&engine, &deploy(), 50).await {
        let handed = handed(answer);
        let of = (handed.grant.account.as_str(), handed.grant.role.as_str());
        assert_eq!(of, ("444455556666", "Deploy"));
        assert_eq!(handed.credentials.access_key_id.expose_secret(), format!("of {DEPLOY}"));
    }
    assert_eq!((world.count("role credentials"), assumed(&world)), (1, 1));
    pass(minutes(30)).await;
    handed(engine.ask(wish(&deploy())).await);
    assert_eq!(assumed(&world), 1, "what has half an hour left is handed out again");
    pass(minutes(15)).await;
    handed(engine.ask(wish(&deploy())).await);
    assert_eq!(assumed(&world), 2, "programs ask again with a quarter of an hour left");
    let tagged = Assume { tags: [("a".to_owned(), "b".to_owned())].into(), ..deploy() };
    handed(engine.ask(wish(&tagged)).await);
    assert_eq!(assumed(&world), 3, "another session is another's");
}

#[tokio::test(start_paused = true)]
async fn what_sts_refuses_ends_nothing() {
    let (world, engine) = start(minutes(60), None).await;
    let wrong = Assume { external_id: Some("wrong".to_owned()), ..deploy() };
    let refused =
        || Err(Code::AssumeRefused { role_arn: DEPLOY.to_owned(), reason: "AccessDenied".to_owned() });
    assert_eq!(crowd(&engine, &wrong, 2).await, [refused(), refused()]);
    let user = Assume { role_arn: "arn:aws:iam::444455556666:user/x".to_owned(), ..deploy() };
    assert!(matches!(engine.ask(wish(&user)).await, Err(Code::AssumeRefused { .. })));
    handed(engine.ask(wish(&deploy())).await);
    assert_eq!(assumed(&world), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_assumed_goes_with_the_sign_in() {
    let (world, engine) = start(minutes(60), None).await;
    handed(engine.ask(wish(&deploy())).await);
    assert_eq!(assumed(&world), 1);
    let org = now(&engine).organisations[0].organisation.id.clone();
    engine.ask(Request::SignOut(org)).await.unwrap();
    assert_eq!(engine.ask(wish(&deploy())).await, Err(Code::SignInNeeded));
}
