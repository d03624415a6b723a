//! Every SDK of AWS's that can be had here reads what `latch` hands out, unchanged, also in a program that runs
//! longer than its credentials last.

use super::steps::{Latch, account};
use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde_json::Value;
use std::{collections::BTreeMap, fs, time::Duration};
use support::{
    SandboxServer,
    deadline::WHILE,
    journey,
    process::run,
    programs,
    sdks::{Sdk, Who, ask_all, pointed_at},
    until,
};

const ROLE: &str = "payments-prod/ReadOnly";
const ACCOUNT: &str = "111122223333";

type Env = BTreeMap<String, String>;

fn with(env: &Env, more: &[(&str, &str)]) -> Env {
    let mut env = env.clone();
    env.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    env
}

/// The key that a program says it used, once it turned out to be good for the account.
fn key(sdk: Sdk, how: &str, said: &Value) -> Result<String> {
    ensure!(said["account"] == ACCOUNT, "{sdk:?}, {how}: {said}");
    Ok(said["key"].as_str().context("no key")?.to_owned())
}

#[test]
fn every_sdk_reads_every_delivery_through_expiry_and_renewal() {
    journey("latch-sdks", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        latch.login(&server, &user).await?;
        latch.out(&["ls"]).await?;
        fs::create_dir_all(desk.home(".aws"))?;
        let process = format!(
            "[profile process]\ncredential_process = {} credentials --role {ROLE}\n",
            programs::latch()?.display()
        );
        fs::write(desk.home(".aws/config"), process)?;
        let env = pointed_at(server.ready(), desk.env());

        // As short as a person's patience: what is shorter than an SDK's own margin is asked for each time.
        const SECONDS: u16 = 20;
        server.role_credentials_last(Some(SECONDS)).await?;
        let serving = latch.start(&["serve", ROLE])?;
        let mut container = env.clone();
        for name in ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            let line = format!("export {name}='");
            let told = |l: &str| Some(l.strip_prefix(&line)?.strip_suffix('\'')?.to_owned());
            container.insert(name.to_owned(), serving.line(WHILE, name, told).await?);
        }
        let deliveries = [("process", with(&env, &[("AWS_PROFILE", "process")])), ("container", container)];
        let mut programs = Vec::new();
        for (how, env) in &deliveries {
            for sdk in Sdk::all() {
                programs.push((*how, Who::start(sdk, env)?));
            }
        }
        let ask = || {
            try_join_all(
                programs.iter().map(|(how, who)| async move { key(who.sdk, how, &who.ask().await?) }),
            )
        };
        let first = ask().await?;
        // The youngest key that any of them holds is no younger than this one.
        let youngest = latch.json(&["credentials", "--role", ROLE]).await?;
        let ends: Timestamp = youngest["Expiration"].as_str().context("no expiry")?.parse()?;
        let over = || async { Ok((Timestamp::now() > ends).then_some(())) };
        until(2 * Duration::from_secs(u64::from(SECONDS)), "the end of all keys", over).await?;
        let second = ask().await?;
        for ((how, who), (first, second)) in programs.iter().zip(first.iter().zip(&second)) {
            ensure!(first != second, "{:?}, {how}: good with a key that is over", who.sdk);
        }

        // One command's environment, and AWS's two command line tools by each way.
        server.role_credentials_last(None).await?;
        let document = latch.json(&["credentials", "--role", ROLE]).await?;
        let field = |name: &str| document[name].as_str().map(str::to_owned).context("no key");
        let (id, secret, token) = (field("AccessKeyId")?, field("SecretAccessKey")?, field("SessionToken")?);
        let keys = [
            ("AWS_ACCESS_KEY_ID", id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", secret.as_str()),
            ("AWS_SESSION_TOKEN", token.as_str()),
        ];
        let environment = with(&env, &keys);
        for (sdk, said) in ask_all(&environment).await? {
            ensure!(key(sdk, "environment", &said)? == id, "{sdk:?} used other keys");
        }
        // Debian's CLI is from before the token had a file.
        let file = deliveries[1].1.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").context("no file")?;
        let held = fs::read_to_string(file)?;
        let container = with(&deliveries[1].1, &[("AWS_CONTAINER_AUTHORIZATION_TOKEN", &held)]);
        let sts = server.ready().sts_endpoint.as_str();
        let ways = [("process", &deliveries[0].1), ("container", &container), ("environment", &environment)];
        for aws in [programs::aws()?, programs::aws_v1()?] {
            for (how, env) in ways {
                let said =
                    run(WHILE, &aws, &["--endpoint-url", sts, "sts", "get-caller-identity"], env, "").await?;
                ensure!(
                    said.ok && account(&said.out)? == ACCOUNT,
                    "{} {how}: {} {}",
                    aws.display(),
                    said.out,
                    said.err
                );
            }
        }
        Ok(())
    });
}
