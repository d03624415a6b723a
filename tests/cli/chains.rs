//! Roles that are assumed with the credentials of another profile: by AWS's tools themselves, and by `latch`
//! where the session has tags, for which they have no setting.

use super::steps::Latch;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use support::{
    AwsCli, Boto, Desk, SandboxServer,
    deadline::WHILE,
    journey,
    process::run,
    programs,
    sdks::{ask_all, pointed_at, with_profile},
};

const DEPLOY: &str = "arn:aws:iam::111122225555:role/Deploy";
const AUDIT: &str = "arn:aws:iam::700000000020:role/PartnerAudit";
const LOGS: &str = "arn:aws:iam::700000000030:role/ReadDeployLogs";

/// `latch profiles add NAME --chain-from pay --role-arn ARN`, with more.
async fn chain(latch: &Latch<'_>, name: &str, arn: &str, more: &[&str]) -> Result<()> {
    let args = ["profiles", "add", name, "--chain-from", "pay", "--role-arn", arn, "--yes"];
    latch.out(&[&args[..], more].concat()).await.map(drop)
}

/// A desk whose person is signed in and has the profile `pay`, which other roles trust.
async fn begin(desk: &Desk, server: &SandboxServer) -> Result<()> {
    let latch = Latch(desk);
    latch.login(server, &server.user()?.clone()).await?;
    latch.out(&["ls"]).await?;
    let add = ["profiles", "add", "pay", "--account", "payments-prod", "--role", "ReadOnly", "--yes"];
    latch.out(&add).await.map(drop)
}

fn arn_of(identity: &Value) -> &str {
    identity["Arn"].as_str().unwrap_or_default()
}

#[test]
fn awss_tools_chain_through_a_profile_of_ours() {
    journey("latch-chains", |desk| async move {
        let server = SandboxServer::start().await?;
        begin(&desk, &server).await?;
        let latch = Latch(&desk);
        chain(&latch, "deploy", DEPLOY, &["--session-name", "ci-7", "--duration", "900"]).await?;
        chain(&latch, "audit", AUDIT, &["--session-name", "ci-8", "--external-id", "acme-audit-7"]).await?;
        chain(&latch, "wrong", AUDIT, &["--session-name", "ci-8", "--external-id", "acme-audit-8"]).await?;
        let logs = ["profiles", "add", "logs", "--chain-from", "deploy", "--role-arn", LOGS];
        latch.out(&[&logs[..], &["--session-name", "ci-9", "--yes"]].concat()).await?;
        let config = fs::read_to_string(desk.home(".aws/config"))?;
        ensure!(config.contains("duration_seconds = 900\n"), "{config}");

        let deploy = "arn:aws:sts::111122225555:assumed-role/Deploy/ci-7";
        let audit = "arn:aws:sts::700000000020:assumed-role/PartnerAudit/ci-8";
        let read = "arn:aws:sts::700000000030:assumed-role/ReadDeployLogs/ci-9";
        let env = pointed_at(server.ready(), desk.env());
        let boto = Boto::start_with(&server, &env).await?;
        for (profile, expect) in [("deploy", deploy), ("audit", audit), ("logs", read)] {
            let identity = boto.who_is(profile).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
            ensure!(arn_of(&identity) == expect, "boto3, {profile}: {identity}");
        }
        let refusal = boto.who_is("wrong").await?.err().context("the external ID is another")?;
        ensure!(refusal.code.as_deref() == Some("AccessDenied"), "{refusal:?}");
        ensure!(refusal.message.contains("not authorized to perform: sts:AssumeRole"), "{refusal:?}");

        // AWS's command line tools: the first version by the variable, Debian's second by a rule set.
        AwsCli::in_home(&desk.folders().home(), &server).point_at(&server)?;
        for aws in [programs::aws()?, programs::aws_v1()?] {
            for (profile, expect) in [("deploy", deploy), ("audit", audit), ("logs", read)] {
                let sts = server.ready().sts_endpoint.as_str().trim_end_matches('/');
                let args = ["--profile", profile, "--endpoint-url", sts, "sts", "get-caller-identity"];
                let said = run(WHILE, &aws, &args, &env, "").await?;
                ensure!(said.ok && said.out.contains(expect), "{} {profile}: {said:?}", aws.display());
            }
        }
        for (sdk, said) in ask_all(&with_profile(server.ready(), desk.env(), "audit")).await? {
            ensure!(said["arn"] == audit, "{sdk:?}: {said}");
        }
        Ok(())
    });
}

/// `tagged` is asked for by its name as profiles are that Latchkey keeps.
async fn by_its_name(latch: &Latch<'_>, server: &SandboxServer, expect: &str) -> Result<()> {
    let aws = programs::aws()?;
    let (aws, sts) = (aws.to_str().context("path")?, server.ready().sts_endpoint.as_str());
    let who = ["--", aws, "--endpoint-url", sts, "sts", "get-caller-identity"];
    for way in ["exec", "serve"] {
        let said = latch.run(&[&[way, "tagged"], &who[..]].concat()).await?;
        ensure!(said.ok && said.out.contains(expect), "{way}: {said:?}");
    }
    let lines = latch.json(&["env", "tagged", "--json"]).await?;
    ensure!(lines["AWS_REGION"] == "us-west-2", "the profile's region is another: {}", lines["AWS_REGION"]);
    // What AWS's tools assume by themselves is no role of ours, whatever its name sounds like.
    chain(latch, "deploy", DEPLOY, &[]).await?;
    let (status, told) = latch.refused(&["exec", "deploy", "--", "true"]).await?;
    ensure!(status == 1 && told.contains("AWS_PROFILE=deploy"), "{status}: {told}");
    Ok(())
}

#[test]
fn latch_assumes_a_role_with_session_tags() {
    journey("latch-chains-tags", |desk| async move {
        let server = SandboxServer::start().await?;
        begin(&desk, &server).await?;
        let latch = Latch(&desk);
        let tags = ["--tag", "Team=payments", "--tag", "Ticket=PAY 7", "--transitive-tag", "Team"];
        let more = ["--session-name", "ci-9", "--region", "us-west-2"];
        chain(&latch, "tagged", DEPLOY, &[&tags[..], &more].concat()).await?;
        let config = fs::read_to_string(desk.home(".aws/config"))?;
        let line = config.lines().find(|line| line.contains("--assume=")).context("no line of ours")?;
        ensure!(!config.contains("role_arn") && line.contains("\"--tag=Ticket=PAY 7\""), "{config}");

        let expect = "arn:aws:sts::111122225555:assumed-role/Deploy/ci-9";
        let env = pointed_at(server.ready(), desk.env());
        let boto = Boto::start_with(&server, &env).await?;
        let identity = boto.who_is("tagged").await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        ensure!(arn_of(&identity) == expect, "{identity}");
        for (sdk, said) in ask_all(&with_profile(server.ready(), desk.env(), "tagged")).await? {
            ensure!(said["arn"] == expect, "{sdk:?}: {said}");
        }

        by_its_name(&latch, &server, expect).await?;

        // The tag is there, and goes on: the next role's session cannot have another one of that key.
        let document = latch.json(&["credentials", "--profile", "pay"]).await;
        ensure!(document.is_err(), "what it is made from is no profile of the engine: {document:?}");
        let said =
            run(WHILE, "sh", &["-c", line.split_once(" = ").context("no value")?.1], desk.env(), "").await?;
        let document: Value = serde_json::from_str(&said.out).with_context(|| format!("{said:?}"))?;
        ensure!(document["AccountId"] == "111122225555", "{said:?}");
        let keys = json!({
            "accessKeyId": document["AccessKeyId"], "secretAccessKey": document["SecretAccessKey"],
            "sessionToken": document["SessionToken"],
        });
        let assume = |tag: &str| json!({ "RoleArn": LOGS, "RoleSessionName": "ci", "Tags": [{ "Key": tag, "Value": "x" }] });
        let refusal = boto.call_as(&keys, "sts", "assume_role", assume("team")).await?;
        let refusal = refusal.err().context("the transitive tag was lost")?;
        ensure!(refusal.code.as_deref() == Some("InvalidParameterValue"), "{refusal:?}");
        ensure!(refusal.message.contains("transitive tag key from the calling session"), "{refusal:?}");
        let answer = boto.call_as(&keys, "sts", "assume_role", assume("Step")).await?;
        let answer = answer.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        ensure!(
            answer["AssumedRoleUser"]["Arn"].as_str().is_some_and(|arn| arn.ends_with("/ci")),
            "{answer}"
        );

        // What STS refuses is told in its words, and ends no sign-in.
        let source = ["credentials", "--role", "111122223333/ReadOnly"];
        let (status, told) = latch.refused(&[&source[..], &["--assume", LOGS]].concat()).await?;
        ensure!(
            status == 1 && told.contains("was not assumed") && told.contains("AccessDenied"),
            "{status}: {told}"
        );
        latch.json(&source).await?;
        let (status, told) = latch.refused(&[&source[..], &["--tag", "a=b"]].concat()).await?;
        ensure!(status == 2 && told.contains("--assume"), "{status}: {told}");
        let sso = ["profiles", "add", "x", "--chain-from", "pay", "--role-arn", DEPLOY, "--tag", "a=b"];
        let (status, told) = latch.refused(&[&sso[..], &["--delivery", "sso", "--yes"]].concat()).await?;
        ensure!(status == 2 && told.contains("no key for session tags"), "{status}: {told}");
        let again =
            ["profiles", "add", "x", "--chain-from", "tagged", "--role-arn", LOGS, "--tag", "a=b", "--yes"];
        let (status, told) = latch.refused(&again).await?;
        ensure!(status == 1 && told.contains("assumed by latch itself"), "{status}: {told}");
        Ok(())
    });
}
