//! How a profile gets its credentials to programs: on demand, in the credentials file, and there and back.

use super::{
    arrival::{end, first_window, sign_in},
    steps::{credentials_file, wait_synced},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use support::{
    App, AwsCli, Boto, Desk, SandboxServer,
    deadline::{SOON, WHILE},
    driver::Driver,
    journey,
    process::run,
    programs,
    sdks::{ask_all, pointed_at, with_profile},
    until,
};

const PROFILE: &str = "data-dev";
const ACCOUNT: &str = "381200003344";

/// Chooses a delivery in a dialog.
pub async fn choose(window: &Driver, delivery: &str) -> Result<()> {
    let label = format!("//dialog//label[.//span[starts-with(normalize-space(.), '{delivery}')]]");
    window.click(Locator::XPath(&label)).await.map(drop)
}

/// Keeps the profile, delivered so, from the row of its role.
async fn keep(app: &App, window: &Driver, delivery: &str) -> Result<()> {
    let row = format!("[data-row='{ACCOUNT}/Developer'] button[aria-label^='Keys']");
    window.click(Locator::Css(&row)).await?;
    window.fill_labelled("Profile name", PROFILE).await?;
    choose(window, delivery).await?;
    window.press("Start").await?;
    app.says(0, "profile", &json!({ "name": PROFILE, "state": "ready" })).await.map(drop)
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

/// As [`aws`], by boto3, which asks for the role by the sign-in in the CLI's cache.
async fn boto(desk: &Desk, server: &SandboxServer) -> Result<String> {
    const WHO: &str = "import boto3, sys\n\
        print(boto3.Session(profile_name=sys.argv[1]).client('sts').get_caller_identity()['Account'])";
    let env = pointed_at(server.ready(), desk.env());
    let said = run(WHILE, programs::python()?, &["-I", "-c", WHO, PROFILE], &env, "").await?;
    ensure!(said.ok, "boto3: {}", said.err);
    Ok(said.out.trim().to_owned())
}

/// Every SDK of AWS's that can run here finds the profile's keys where they were delivered.
async fn every_sdk(desk: &Desk, server: &SandboxServer) -> Result<()> {
    for (sdk, said) in ask_all(&with_profile(server.ready(), desk.env(), PROFILE)).await? {
        ensure!(said["account"] == ACCOUNT, "{sdk:?}: {said}");
    }
    Ok(())
}

/// The one file in the CLI's cache of sign-ins.
fn cached(desk: &Desk) -> Result<(PathBuf, Value)> {
    let folder = fs::read_dir(desk.home(".aws/sso/cache"))?;
    let mut files = folder.filter_map(|entry| Some(entry.ok()?.path()));
    let path = files.find(|p| p.extension().is_some_and(|e| e == "json")).context("no sign-in")?;
    let text = fs::read_to_string(&path)?;
    Ok((path, serde_json::from_str(&text)?))
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

        keep(&app, &window, "On demand").await?;
        let config = text(&desk, "config");
        ensure!(config.starts_with(foreign), "what was there is not as it was: {config}");
        ensure!(config.contains("latch credentials --profile data-dev"), "{config}");
        ensure!(!text(&desk, "credentials").contains("aws_access_key_id"), "a key lies in the file");

        ensure!(aws(&desk, &server).await? == ACCOUNT);
        let boto = Boto::start_with(&server, desk.env()).await?;
        let identity =
            boto.who_is(PROFILE).await?.map_err(|refusal| anyhow::anyhow!("boto3: {refusal:?}"))?;
        ensure!(identity["Account"] == ACCOUNT, "boto3: {identity}");
        every_sdk(&desk, &server).await?;
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
        every_sdk(&desk, &server).await?;

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

#[test]
fn the_clis_own_sign_in_is_kept_fresh_and_shared_with_tools_that_renew_it() {
    journey("sso-cache", |desk| async move {
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;
        keep(&app, &window, "SSO cache").await?;
        until(SOON, "the sign-in in the CLI's cache", || async { Ok(cached(&desk).ok()) }).await?;
        let (path, first) = cached(&desk)?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path)?.permissions()) & 0o777;
        ensure!(mode == 0o600, "its permissions are {mode:o}");
        ensure!(!text(&desk, "credentials").contains("aws_access_key_id"), "a key lies in the file");

        // No tool asks anybody to sign in.
        let opened = desk.browser_requests().mark();
        let cli = AwsCli::in_home(&desk.folders().home(), &server);
        cli.point_at(&server)?;
        ensure!(boto(&desk, &server).await? == ACCOUNT);
        ensure!(aws(&desk, &server).await? == ACCOUNT);
        every_sdk(&desk, &server).await?;

        // We renew it: the tools go on with the new one.
        server.expire_access_tokens().await?;
        let tray = app.tray().await?;
        let mark = app.mark();
        tray.click(&["Refresh everything now"]).await?;
        let renewed = || async {
            let (_, now) = cached(&desk)?;
            Ok((now["accessToken"] != first["accessToken"]).then_some(now))
        };
        let second = until(SOON, "our renewal in the cache", renewed).await?;
        // A call that is refused once more, right after a renewal, ends the sign-in: none is under way any more.
        wait_synced(&app, mark).await?;
        ensure!(boto(&desk, &server).await? == ACCOUNT, "after our renewal");
        every_sdk(&desk, &server).await?;

        // A tool renews it: our refresh token is used up then.
        let mut ending = second.clone();
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(5);
        ending["expiresAt"] = json!(soon.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        fs::write(&path, ending.to_string())?;
        ensure!(boto(&desk, &server).await? == ACCOUNT, "by its own renewal");
        let (_, third) = cached(&desk)?;
        ensure!(third["refreshToken"] != second["refreshToken"], "botocore did not renew it");
        ensure!(third["clientId"] == first["clientId"]);

        // We go on with what it got, and nobody has to sign in.
        server.expire_access_tokens().await?;
        let mark = app.mark();
        tray.click(&["Refresh everything now"]).await?;
        let renewed = || async {
            let (_, now) = cached(&desk)?;
            Ok((now["accessToken"] != third["accessToken"]).then_some(now))
        };
        until(SOON, "our renewal of theirs", renewed).await?;
        ensure!(boto(&desk, &server).await? == ACCOUNT, "after the renewal of theirs");
        ensure!(aws(&desk, &server).await? == ACCOUNT);
        ensure!(desk.browser_requests().mark() == opened, "somebody had to sign in");

        tray.click(&["Sign out of*"]).await?;
        app.says(mark, "signin", &json!({ "state": "signed_out" })).await?;
        until(SOON, "the sign-in to leave the cache", || async { Ok((!path.exists()).then_some(())) }).await
    });
}
