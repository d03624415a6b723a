//! Client registrations are shared with the AWS CLI, both ways: Debian's, by the device's way, which it has only.

use super::steps::Latch;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use support::{AwsCli, Desk, Person, SandboxServer, deadline::WHILE, journey};

const SCOPE: &str = "sso:account:access";

fn cli(desk: &Desk, server: &SandboxServer) -> Result<AwsCli> {
    let cli = AwsCli::in_home(&desk.folders().home(), server);
    cli.point_at(server)?;
    let (start_url, region) = (&server.ready().start_url, &server.ready().region);
    let session = format!("[sso-session acme]\nsso_start_url = {start_url}\nsso_region = {region}\n");
    cli.write_config(&format!("{session}sso_registration_scopes = {SCOPE}\n"))?;
    Ok(cli)
}

async fn latch_signs_in(desk: &Desk, server: &SandboxServer) -> Result<()> {
    let opened = desk.browser_requests().mark();
    let args = Latch::login_to(server);
    let args: Vec<&str> = args.iter().map(String::as_str).chain(["--code"]).collect();
    let login = Latch(desk).start(&args)?;
    let address = desk.browser_requests().next(opened, WHILE, "the device's page").await?;
    Person::new()?.sign_in(&address, server.user()?).await?;
    let status = login.ended(WHILE).await?;
    ensure!(status.success(), "latch login ended with {status}");
    Ok(())
}

async fn aws_signs_in(cli: &AwsCli, server: &SandboxServer) -> Result<()> {
    let (login, address) = cli.login(&["--sso-session", "acme"]).await?;
    Person::new()?.sign_in(&address, server.user()?).await?;
    ensure!(login.ended(WHILE).await?.success(), "aws sso login failed: {:?}", login.lines().all());
    Ok(())
}

/// What lies in the CLI's cache: its registration, and its sign-in where there is one.
fn cached(desk: &Desk) -> Result<(Value, Option<Value>)> {
    let (mut registration, mut sign_in) = (None, None);
    for entry in fs::read_dir(desk.home(".aws/sso/cache"))?.flatten() {
        if entry.path().extension().is_some_and(|it| it == "json") {
            let value: Value = serde_json::from_slice(&fs::read(entry.path())?)?;
            let place = if value["accessToken"].is_string() { &mut sign_in } else { &mut registration };
            ensure!(place.replace(value).is_none(), "there are two of a kind");
        }
    }
    Ok((registration.context("no registration")?, sign_in))
}

#[test]
fn the_cli_uses_our_registration() {
    journey("latch-registration-ours", |desk| async move {
        let server = SandboxServer::start().await?;
        let cli = cli(&desk, &server)?;
        latch_signs_in(&desk, &server).await?;
        let (ours, sign_in) = cached(&desk)?;
        ensure!(sign_in.is_none() && ours["scopes"][0] == SCOPE, "{ours}");
        aws_signs_in(&cli, &server).await?;
        let (still, sign_in) = cached(&desk)?;
        ensure!(still == ours, "the CLI registered anew");
        ensure!(sign_in.context("no sign-in")?["clientId"] == ours["clientId"], "another client signed in");
        let clients = server.clients_that_signed_in()?;
        ensure!(
            clients.len() == 2 && clients.iter().all(|it| ours["clientId"] == it.as_str()),
            "{clients:?}"
        );
        // Two sign-ins of one client: each goes on without the other.
        Latch(&desk).out(&["logout"]).await?;
        let (_, left) = cached(&desk)?;
        let token = left.context("the CLI's sign-in went with ours")?["accessToken"].clone();
        let token = token.as_str().context("no token")?;
        cli.answer(&["sso", "list-accounts", "--access-token", token]).await.map(drop)
    });
}

#[test]
fn we_use_the_registration_of_the_cli() {
    journey("latch-registration-theirs", |desk| async move {
        let server = SandboxServer::start().await?;
        let cli = cli(&desk, &server)?;
        aws_signs_in(&cli, &server).await?;
        let (theirs, sign_in) = cached(&desk)?;
        latch_signs_in(&desk, &server).await?;
        ensure!(cached(&desk)? == (theirs.clone(), sign_in), "what the CLI left has changed");
        // The look at the start URL registers one of its own, by which nobody signs in.
        let clients = server.clients_that_signed_in()?;
        let theirs = theirs["clientId"].as_str().context("no client")?;
        ensure!(clients == [theirs, theirs], "the CLI's is {theirs}: {clients:?}");
        Ok(())
    });
}
