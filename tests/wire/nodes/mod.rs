//! Three servers of one instance on PostgreSQL, behind haproxy and without sticky sessions: what people notice when one of
//! them is killed and when the database is restarted.

mod instance;
mod load;
mod people;
mod readiness;
mod together;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use support::deadline::{WHILE, until};

use instance::{Instance, PLAIN, WITH_APP};
use load::{Book, ask_for_credentials, sign_in};
use people::Who;

/// A second factor for who has an app, none for others.
const MFA: &str = "[mfa]\nmode = \"always\"\nallowed = [\"totp\"]\nwithout_device = \"allow\"\n";
/// How soon something is answered again after a server was killed, and after the database was restarted; on a machine
/// that others keep busy.
const AFTER_A_KILL: Duration = Duration::from_secs(10);
const AFTER_A_RESTART: Duration = Duration::from_secs(20);

/// Waits until so many more have signed in, and so many more credentials came.
async fn more(book: &Book, sign_ins: usize, credentials: usize) -> Result<()> {
    let (signed_in, issued) = (book.sign_ins.get(), book.credentials());
    let what = format!("{sign_ins} sign-ins and {credentials} credentials more");
    until(WHILE, &what, async || {
        let are_there =
            book.sign_ins.get() >= signed_in + sign_ins && book.credentials() >= issued + credentials;
        Ok(are_there.then_some(()))
    })
    .await
}

/// People with and without an app, dealt to so many hands.
async fn people(instance: &Instance) -> Result<(Vec<Vec<Who>>, Vec<Vec<Who>>)> {
    let all = |prefix: &str, count: usize| -> Vec<Who> {
        (0..count).map(|n| Who { name: format!("{prefix}{n}"), app: None }).collect()
    };
    let (plain, mut with_app) = (all("plain", PLAIN), all("app", WITH_APP));
    for who in &mut with_app {
        who.enrol(&instance.person(instance.balancer.all())?).await?;
    }
    let deal = |all: Vec<Who>| {
        let mut hands = [Vec::new(), Vec::new()];
        for (at, who) in all.into_iter().enumerate() {
            hands[at % 2].push(who);
        }
        Vec::from(hands)
    };
    Ok((deal(plain), deal(with_app)))
}

/// What the servers recorded of it, all of them together.
async fn accounts_for(book: &Book, instance: &Instance, steps: usize) -> Result<()> {
    // The trail: each credential that came was recorded, and perhaps some that did not come.
    let issued =
        "SELECT count(*) FROM audit WHERE name = 'GetRoleCredentials' AND event::json->>'errorCode' IS NULL";
    let (came, recorded) = (book.credentials(), instance.count(issued).await?);
    ensure!(
        recorded >= came && recorded <= came + book.again(),
        "{came} credentials came, {recorded} recorded"
    );
    // Each code once: as many exchanges as codes that were used, and as many families of tokens.
    let exchanged =
        "SELECT count(*) FROM audit WHERE name = 'CreateToken' AND event::json->>'errorCode' IS NULL
                     AND event::json->'additionalEventData'->>'grantType' = 'authorization_code'";
    let exchanged = instance.count(exchanged).await?;
    let spent = instance.count("SELECT count(*) FROM authorization_code WHERE spent IS NOT NULL").await?;
    let families = instance.count("SELECT count(*) FROM token_family").await?;
    ensure!(
        exchanged == spent && spent == families,
        "{exchanged} exchanges, {spent} codes, {families} families"
    );
    // Each step of an app once.
    let taken = "SELECT count(*) FROM audit WHERE name = 'CredentialVerification'
                 AND event::json->'serviceEventDetails'->>'CredentialVerification' = 'Success'
                 AND event::json->'additionalEventData'->>'CredentialType' = 'TOTP'";
    let (taken, heard) = (instance.count(taken).await?, book.with_app.get());
    ensure!(
        heard <= taken && taken <= steps,
        "{taken} codes of apps were taken, of {steps} steps and {heard} heard of"
    );
    let verified = instance.nodes[1].command(&["audit", "verify"], &[]).await?;
    ensure!(verified.ok, "{} {}", verified.out, verified.err);
    Ok(())
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "how long it took to recover is told")]
async fn a_server_is_killed_and_the_database_restarted_and_nobody_is_answered_wrongly() -> Result<()> {
    let began = Instant::now();
    let mut instance = Instance::start(MFA).await?;
    let program = instance.program(instance.balancer.all())?;
    let client = program.register().await?;
    let (plain, with_app) = people(&instance).await?;
    let mut killed = instance.nodes.remove(0);
    let (book, set_up) = (Book::default(), began.elapsed());

    let trouble = async {
        more(&book, 8, 100).await?;
        let before = book.kept();
        let kill = Instant::now();
        killed.kill().await?;
        more(&book, 5, 100).await?;
        let start = Instant::now();
        killed.start().await?;
        let started = start.elapsed();
        let restart = Instant::now();
        let took = instance.postgres.restart().await?;
        more(&book, 8, 100).await?;
        book.end();
        anyhow::Ok((before, kill, restart, started, took))
    };
    let signing_in = plain.into_iter().chain(with_app).map(|who| sign_in(&book, &instance, &client, who));
    let asking = (0..3).map(|_| ask_for_credentials(&book, &program));
    let (steps, _, (before, kill, restart, started, took)) =
        tokio::try_join!(try_join_all(signing_in), try_join_all(asking), trouble)?;
    let end = Instant::now();

    ensure!(!before.is_empty(), "nobody had signed in before");
    accounts_for(&book, &instance, steps.iter().sum()).await?;
    for kept in book.kept() {
        kept.is_whole(&program).await?;
    }
    ensure!(book.with_app.get() > 0 && book.codes_raced.get() > 2 && book.steps_raced.get() > 2);
    let (kill_first, kill_last) = book.recovery(kill, restart)?;
    let (restart_first, restart_last) = book.recovery(restart, end)?;
    eprintln!(
        "three servers: {} sign-ins ({} with an app's code), {} credentials, {} requests refused as they should be; {} \
         codes and {} steps tried at several servers at once; {} requests had to be asked again, {} of them had done \
         their work. After kill -9 the next credentials came in {kill_first:.1?}, and nothing had to be asked again \
         after {kill_last:.1?}; the killed one was ready {started:.1?} after its start. After PostgreSQL's restart, \
         which took {took:.1?}, they came in {restart_first:.1?}, and nothing had to be asked again after \
         {restart_last:.1?}. {} sessions go on, {} of them from before. Set-up {set_up:.1?}, in all {:.1?}.",
        book.sign_ins.get(),
        book.with_app.get(),
        book.credentials(),
        book.refused.get(),
        book.codes_raced.get(),
        book.steps_raced.get(),
        book.again(),
        book.unheard.get(),
        book.kept().len(),
        before.len(),
        began.elapsed(),
    );
    ensure!(kill_last < AFTER_A_KILL && restart_last < AFTER_A_RESTART, "it took too long to recover");
    Ok(())
}
