//! How a profile gets its credentials to programs: on demand, in the credentials file, and there and back.

use super::{
    arrival::{end, first_window, sign_in},
    steps::credentials_file,
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::fs;
use support::{
    Boto, Desk, SandboxServer,
    deadline::{SOON, WHILE},
    driver::Driver,
    journey,
    process::run,
    programs,
};

const PROFILE: &str = "data-dev";
const ACCOUNT: &str = "381200003344";

async fn choose(window: &Driver, delivery: &str) -> Result<()> {
    let label = format!("//dialog//label[.//span[starts-with(normalize-space(.), '{delivery}')]]");
    window.click(Locator::XPath(&label)).await.map(drop)
}

async fn change(window: &Driver, delivery: &str) -> Result<()> {
    window.press("Change delivery…").await?;
    choose(window, delivery).await?;
    window.click(Locator::XPath("//dialog//button[@type='submit']")).await.map(drop)
}

/// The distribution's `aws`, as the person runs it at the desk.
async fn aws(desk: &Desk, server: &SandboxServer) -> Result<String> {
    let sts = server.ready().sts_endpoint.as_str();
    let args =
        ["--endpoint-url", sts, "--profile", PROFILE, "--output", "json", "sts", "get-caller-identity"];
    let said = run(WHILE, programs::aws()?, &args, desk.env(), "").await?;
    ensure!(said.ok, "aws: {}", said.err);
    let identity: Value = serde_json::from_str(&said.out).context("aws")?;
    Ok(identity["Account"].as_str().unwrap_or_default().to_owned())
}

fn text(desk: &Desk, name: &str) -> String {
    fs::read_to_string(desk.home(".aws").join(name)).unwrap_or_default()
}

#[test]
fn tools_ask_for_what_lies_in_no_file_and_the_choice_can_be_changed() {
    journey("deliveries", |desk| async move {
        let server = SandboxServer::start().await?;
        let foreign = "[profile mine]\nregion = us-east-1 ; by hand\n";
        fs::create_dir_all(desk.home(".aws"))?;
        fs::write(desk.home(".aws/config"), foreign)?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;

        let row = format!("[data-row='{ACCOUNT}/Developer'] button[aria-label^='Keys']");
        window.click(Locator::Css(&row)).await?;
        window.fill_labelled("Profile name", PROFILE).await?;
        choose(&window, "On demand").await?;
        window.press("Start").await?;
        app.says(0, "profile", &json!({ "name": PROFILE, "state": "ready" })).await?;
        let config = text(&desk, "config");
        ensure!(config.starts_with(foreign), "what was there is not as it was: {config}");
        ensure!(config.contains("latch credentials --profile data-dev"), "{config}");
        ensure!(!text(&desk, "credentials").contains("aws_access_key_id"), "a key lies in the file");

        ensure!(aws(&desk, &server).await? == ACCOUNT);
        let boto = Boto::start_with(&server, desk.env()).await?;
        let identity =
            boto.who_is(PROFILE).await?.map_err(|refusal| anyhow::anyhow!("boto3: {refusal:?}"))?;
        ensure!(identity["Account"] == ACCOUNT, "boto3: {identity}");
        ensure!(!text(&desk, "credentials").contains("aws_access_key_id"), "a key lies in the file");

        window.click(Locator::XPath("//nav//button[contains(., 'Activity')]")).await?;
        window.read(SOON, "Handed out credentials of data-dev to aws (").await?;
        window.click(Locator::XPath("//nav//button[contains(., 'Credentials')]")).await?;
        window.read(SOON, "asked").await?;
        window.click(Locator::Css("button[aria-label='Details of data-dev']")).await?;
        window.read(SOON, "Asked last").await?;

        let mark = app.mark();
        change(&window, "Credentials file").await?;
        app.says(mark, "profile", &json!({ "name": PROFILE, "state": "fresh" })).await?;
        ensure!(text(&desk, "config") == foreign, "the section is left: {}", text(&desk, "config"));
        ensure!(fs::read_to_string(credentials_file(&desk))?.contains("[data-dev]"));
        ensure!(aws(&desk, &server).await? == ACCOUNT);

        let mark = app.mark();
        change(&window, "On demand").await?;
        app.says(mark, "profile", &json!({ "name": PROFILE, "state": "ready" })).await?;
        ensure!(!text(&desk, "credentials").contains("aws_access_key_id"), "the keys are left");
        ensure!(aws(&desk, &server).await? == ACCOUNT);

        // Without the app the same words lead to the same keys.
        end(&desk, &app).await?;
        ensure!(aws(&desk, &server).await? == ACCOUNT);
        Ok(())
    });
}
