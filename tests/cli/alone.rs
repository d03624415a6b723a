//! Without the app: `latch` is the engine for as long as it takes.

use super::steps::{Latch, account};
use anyhow::{Context, ensure};
use serde_json::json;
use std::fs;
use support::{Boto, Person, SandboxServer, deadline::WHILE, journey, process::run, programs};

const ROLE: &str = "payments-prod/ReadOnly";
const ACCOUNT: &str = "111122223333";

#[test]
fn everything_from_the_first_sign_in_to_a_command_with_keys() {
    journey("latch-alone", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);

        let first = latch.out(&["status"]).await?;
        ensure!(first.contains("No organisation yet"), "{first}");
        let (status, told) = latch.refused(&["credentials", "--profile", "nobody"]).await?;
        ensure!(status == 6 && told.contains("No profile nobody is known"), "{status}: {told}");
        latch.login(&server, &user).await?;

        let now = latch.json(&["status", "--json"]).await?;
        ensure!(now["app_runs"] == false, "{now}");
        ensure!(now["overview"]["organisations"][0]["sign_in"] == "signed_in", "{now}");
        let listed = latch.out(&["ls", "pay", "ro"]).await?;
        ensure!(listed.lines().next().is_some_and(|l| l.contains("1111-2222-3333")), "{listed}");

        // The document of credential_process, and the keys are good.
        let document = latch.json(&["credentials", "--role", ROLE]).await?;
        ensure!(document["Version"] == 1 && document["AccountId"] == ACCOUNT, "{document}");
        let again = latch.json(&["credentials", "--role", ROLE]).await?;
        ensure!(again["AccessKeyId"] == document["AccessKeyId"], "not from the cache of the run before");

        // One command with keys in its environment; what it says and ends with is the command's own.
        let sts = server.ready().sts_endpoint.as_str();
        let aws = programs::aws()?;
        let aws = aws.to_str().context("aws")?;
        let asked = ["exec", ROLE, "--", aws, "--endpoint-url", sts, "sts", "get-caller-identity"];
        let mut env = desk.env().clone();
        env.insert("AWS_PROFILE".to_owned(), "in-the-way".to_owned());
        let said = run(WHILE, programs::latch()?, &asked, &env, "").await?;
        ensure!(said.ok && account(&said.out)? == ACCOUNT, "{} {}", said.out, said.err);
        let said = latch.run(&["exec", ROLE, "--", "sh", "-c", "cat; exit 42"]).await?;
        ensure!(said.status == Some(42), "{said:?}");
        let said = latch.run(&["exec", ROLE, "--", "no-such-program"]).await?;
        ensure!(said.status == Some(127), "{said:?}");

        // The lines of env, through the shell they are for.
        let program = programs::latch()?;
        let script = format!(
            "eval \"$('{}' env {ROLE})\" && '{aws}' --endpoint-url '{sts}' sts get-caller-identity",
            program.display()
        );
        let said = run(WHILE, "bash", &["-c", &script], desk.env(), "").await?;
        ensure!(said.ok && account(&said.out)? == ACCOUNT, "{} {}", said.out, said.err);

        // Production is asked about where more than reading is possible, and refused where nobody can be asked.
        let privileged = ["credentials", "--role", "payments-prod/Incident15"];
        let (status, told) = latch.refused(&privileged).await?;
        ensure!(status == 5 && told.contains("has to be confirmed"), "{status}: {told}");
        latch.out(&[privileged[0], privileged[1], privileged[2], "--yes"]).await?;
        // A role that is named in full is that one or none, however well another fits the letters.
        let loose: [&[&str]; 3] = [
            &["credentials", "--role", "payments-prod/Incident1"],
            &["env", "111122223333/Incident1"],
            &["exec", "payments-prod/Incident1", "--yes", "--", "true"],
        ];
        for args in loose {
            let (status, told) = latch.refused(args).await?;
            ensure!(status == 6 && told.contains("You have no role"), "{args:?}: {status}: {told}");
        }
        let (status, told) = latch.refused(&["env", "pay"]).await?;
        ensure!(status == 6 && told.contains("Type one of them"), "{status}: {told}");

        // A console, in the browser, through an address that is good once.
        let opened = desk.browser_requests().mark();
        let console = latch.start(&["console", ROLE])?;
        let address = desk.browser_requests().next(opened, WHILE, "the console").await?;
        ensure!(address.host_str() == Some("127.0.0.1"), "{address}");
        let page = Person::new()?.open(&address).await?;
        ensure!(page.leads_to.is_some(), "the console's address led nowhere");
        ensure!(console.ended(WHILE).await?.success(), "latch console did not see it opened");

        let history = latch.out(&["history"]).await?;
        ensure!(history.contains("Handed out credentials of payments-prod"), "{history}");
        let scripted = latch.json(&["history", "--json", "-n", "3"]).await?;
        ensure!(scripted.as_array().is_some_and(|lines| lines.len() == 3), "{scripted}");

        latch.out(&["logout"]).await?;
        let (status, _) = latch.refused(&["credentials", "--role", ROLE, "--no-sign-in"]).await?;
        ensure!(status == 3, "{status}");
        let signed_out = latch.run(&["status"]).await?;
        ensure!(signed_out.status == Some(3) && signed_out.out.contains("signed out"), "{signed_out:?}");
        Ok(())
    });
}

#[test]
fn a_profile_with_credential_process_works_in_aws_and_boto3() {
    journey("latch-process", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        latch.login(&server, &user).await?;
        latch.out(&["ls"]).await?;
        let program = programs::latch()?;
        let ready = server.ready();
        fs::create_dir_all(desk.home(".aws"))?;
        let config = format!(
            "[profile pay]\nregion = eu-west-1\ncredential_process = {} credentials --role {ROLE}\n\n\
             [profile sso]\nsso_start_url = {}\nsso_region = {}\nsso_account_id = {ACCOUNT}\n\
             sso_role_name = ReadOnly\n\n[profile of-sso]\nregion = eu-west-1\n\
             credential_process = {} credentials --profile sso\n",
            program.display(),
            ready.start_url,
            ready.region,
            program.display(),
        );
        fs::write(desk.home(".aws/config"), config)?;
        let boto = Boto::start_with(&server, desk.env()).await?;
        for profile in ["pay", "of-sso"] {
            let identity = boto.who_is(profile).await?;
            let identity = identity.map_err(|refusal| anyhow::anyhow!("boto3: {refusal:?}"))?;
            ensure!(identity["Account"] == ACCOUNT, "boto3 {profile}: {identity}");
            let aws = programs::aws()?;
            let sts = ready.sts_endpoint.as_str();
            let args = ["--profile", profile, "--endpoint-url", sts, "sts", "get-caller-identity"];
            let said = run(WHILE, aws, &args, desk.env(), "").await?;
            ensure!(said.ok && account(&said.out)? == ACCOUNT, "aws {profile}: {} {}", said.out, said.err);
        }
        let lines = latch.json(&["history", "--json"]).await?;
        let said: Vec<_> = lines.as_array().into_iter().flatten().map(|l| l["sentence"].clone()).collect();
        ensure!(said.iter().any(|s| s.as_str().is_some_and(|s| s.contains(" to aws ("))), "{}", json!(said));
        Ok(())
    });
}
