//! `latch serve`: the container endpoint, for those who have its token and nobody else.

use super::steps::{Latch, account};
use anyhow::{Context, ensure};
use reqwest::{Client, StatusCode, header};
use std::fs;
use support::{SandboxServer, deadline::WHILE, journey, process::run, programs};

const ROLE: &str = "payments-prod/ReadOnly";
const ACCOUNT: &str = "111122223333";

const BOTO: &str = "import boto3, json, sys\n\
    print(json.dumps(boto3.client('sts', region_name='eu-west-1', endpoint_url=sys.argv[1]).get_caller_identity()))";

#[test]
fn those_with_the_token_are_served_and_nobody_else() {
    journey("latch-serve", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        latch.login(&server, &user).await?;
        latch.out(&["ls"]).await?;
        let sts = server.ready().sts_endpoint.as_str();

        // A command of its own, by AWS's CLI and by boto3.
        let aws = programs::aws()?;
        let aws = aws.to_str().context("aws")?;
        let said = latch
            .run(&["serve", ROLE, "--", aws, "--endpoint-url", sts, "sts", "get-caller-identity"])
            .await?;
        ensure!(said.ok && account(&said.out)? == ACCOUNT, "{} {}", said.out, said.err);
        let python = programs::python()?;
        let python = python.to_str().context("python")?;
        let said = latch.run(&["serve", ROLE, "--", python, "-I", "-c", BOTO, sts]).await?;
        ensure!(said.ok && account(&said.out)? == ACCOUNT, "{} {}", said.out, said.err);

        // For whoever has the lines.
        let serving = latch.start(&["serve", ROLE])?;
        let value = |name: &'static str| {
            let serving = &serving;
            async move {
                let line = format!("export {name}='");
                serving
                    .line(WHILE, name, |l| Some(l.strip_prefix(&line)?.strip_suffix('\'')?.to_owned()))
                    .await
            }
        };
        let uri = value("AWS_CONTAINER_CREDENTIALS_FULL_URI").await?;
        let file = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").await?;
        let vars = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str()),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.as_str()),
        ];
        let mut env = desk.env().clone();
        env.extend(vars.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let said = run(WHILE, python, &["-I", "-c", BOTO, sts], &env, "").await?;
        ensure!(said.ok && account(&said.out)? == ACCOUNT, "{} {}", said.out, said.err);

        let token = fs::read_to_string(&file)?;
        let client = Client::builder().no_proxy().timeout(WHILE).build()?;
        let asks = |token: Option<&str>, host: Option<&str>, path: &str| {
            let mut request = client.get(uri.replace("/credentials", path));
            if let Some(token) = token {
                request = request.header(header::AUTHORIZATION, token);
            }
            if let Some(host) = host {
                request = request.header(header::HOST, host);
            }
            async move { anyhow::Ok(request.send().await?.status()) }
        };
        let good = Some(token.as_str());
        ensure!(asks(good, None, "/credentials").await? == StatusCode::OK);
        ensure!(asks(None, None, "/credentials").await? == StatusCode::UNAUTHORIZED);
        ensure!(asks(Some("guessed"), None, "/credentials").await? == StatusCode::UNAUTHORIZED);
        ensure!(asks(good, Some("evil.test"), "/credentials").await? == StatusCode::FORBIDDEN);
        ensure!(asks(good, None, "/").await? == StatusCode::NOT_FOUND);

        serving.signal(rustix::process::Signal::TERM)?;
        serving.ended(WHILE).await?;
        ensure!(!fs::exists(&file)?, "the token's file is left behind");
        Ok(())
    });
}
