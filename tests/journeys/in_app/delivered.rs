//! A guarded role that a profile is kept of: on demand, by `credential_process`, and in the credentials file.

use super::{
    ACCOUNT, ROLE,
    programs::{at_the_desk, stop_now},
};
use crate::journeys::{arrival::end, deliveries::choose, steps::credentials_file};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::{fs, time::Duration};
use support::{
    Desk, KeyDesk, SandboxServer,
    deadline::WHILE,
    driver::Driver,
    journey,
    process::{Said, run},
    programs, until,
};

const PROFILE: &str = "pay-dev";
const HANDS_OUT: &str = "Touch your key to hand out payments-dev as Deploy";
const KEEPS: &str = "Touch your key to keep pay-dev fresh";
const ACTIVE: &str = "Deploy in payments-dev is active";

/// Keeps the role as a profile, delivered so.
async fn keep(window: &Driver, delivery: &str) -> Result<()> {
    window.click(Locator::Css(&format!("[data-row='{ROLE}'] button[aria-label^='Keys']"))).await?;
    window.fill_labelled("Profile name", PROFILE).await?;
    choose(window, delivery).await?;
    window.press("Start").await
}

/// The distribution's `aws` with the profile, as the person runs it.
async fn aws(desk: &Desk, server: &SandboxServer) -> Result<Said> {
    let sts = server.ready().sts_endpoint.as_str();
    let args =
        ["--endpoint-url", sts, "--profile", PROFILE, "--output", "json", "sts", "get-caller-identity"];
    run(WHILE, programs::aws()?, &args, desk.env(), "").await
}

fn is_of_the_role(said: &Said) -> Result<()> {
    ensure!(said.ok, "aws: {}", said.err);
    let identity: Value = serde_json::from_str(&said.out).context("aws")?;
    ensure!(identity["Account"] == ACCOUNT, "aws: {identity}");
    Ok(())
}

/// The profile's access key in the credentials file.
fn key_in_the_file(desk: &Desk) -> Option<String> {
    let text = fs::read_to_string(credentials_file(desk)).unwrap_or_default();
    let section = text.split_once(&format!("[{PROFILE}]"))?.1;
    let section = section.split("\n[").next()?;
    let line = section.lines().find_map(|line| line.strip_prefix("aws_access_key_id"))?;
    Some(line.trim_start_matches([' ', '=']).to_owned())
}

async fn is(keys: &KeyDesk, mark: usize, state: &str) -> Result<()> {
    keys.app.says(mark, "profile", &json!({ "name": PROFILE, "state": state })).await.map(drop)
}

#[test]
fn credential_process_waits_for_a_touch_and_says_why_there_is_none() {
    journey("native-credential-process", |desk| async move {
        let (server, keys) = at_the_desk(&desk).await?;
        keep(&keys.window, "On demand").await?;
        is(&keys, 0, "ready").await?;

        let touched = async {
            keys.touch_prompt(HANDS_OUT).await?.says("process ").await?;
            keys.key().touch().await
        };
        let (said, touched) = tokio::join!(aws(&desk, &server), touched);
        touched?;
        is_of_the_role(&said?)?;
        // While it is open, the next command asks for nothing.
        keys.key().leave_alone().await?;
        is_of_the_role(&aws(&desk, &server).await?)?;

        // Denied, the tool says so itself, and one that tries again at once brings no window back.
        stop_now(&keys.window).await?;
        let denied = async { keys.touch_prompt(HANDS_OUT).await?.deny().await };
        let (said, denied) = tokio::join!(aws(&desk, &server), denied);
        denied?;
        let said = said?;
        ensure!(!said.ok && said.err.contains("This was denied"), "{}{}", said.out, said.err);
        let said = aws(&desk, &server).await?;
        ensure!(!said.ok && said.err.contains("This was denied a moment ago"), "{}", said.err);
        ensure!(!keys.shows(HANDS_OUT)?, "what was denied is asked again at once");

        // Without the app nobody can be asked, though the server would still give it out.
        end(&desk, &keys.app).await?;
        let said = aws(&desk, &server).await?;
        ensure!(
            !said.ok && said.err.contains("This role requires a security key"),
            "{}{}",
            said.out,
            said.err
        );
        Ok(())
    });
}

#[test]
fn a_profile_in_the_file_waits_for_a_touch_and_loses_its_keys_when_it_is_stopped() {
    journey("native-kept", |desk| async move {
        let (server, keys) = at_the_desk(&desk).await?;
        let (app, window) = (&keys.app, &keys.window);
        keep(window, "Credentials file").await?;
        let asks = keys.touch_prompt(KEEPS).await?;
        asks.says("You asked for it in Latchkey.").await?;
        ensure!(key_in_the_file(&desk).is_none(), "keys were written without a touch");
        keys.key().touch().await?;
        is(&keys, 0, "fresh").await?;
        ensure!(key_in_the_file(&desk).is_some(), "no keys in the file");
        is_of_the_role(&aws(&desk, &server).await?)?;

        // Stopped, they leave the file, and none come by themselves.
        let mark = app.mark();
        keys.key().leave_alone().await?;
        stop_now(window).await?;
        is(&keys, mark, "touch_needed").await?;
        ensure!(key_in_the_file(&desk).is_none(), "the keys of a role that was stopped are in the file");
        let said = aws(&desk, &server).await?;
        ensure!(!said.ok, "a tool still finds keys: {}", said.out);

        // A touch brings others, for as long as the server says.
        server.step_up_lasts(20).await?;
        let tray = app.tray().await?;
        let mark = app.mark();
        tray.click(&["Refresh everything now"]).await?;
        keys.touch_prompt(KEEPS).await?;
        keys.key().touch().await?;
        is(&keys, mark, "fresh").await?;
        let first = key_in_the_file(&desk).context("no keys in the file")?;
        keys.key().leave_alone().await?;
        // The window is told a moment after it is so.
        window.read(WHILE, ACTIVE).await?;
        let over = || async { Ok((!window.text().await?.contains(ACTIVE)).then_some(())) };
        until(Duration::from_secs(90), "the touch to be over", over).await?;

        // After that it is not refreshed before the next touch; what is there works on until its own end.
        let mark = app.mark();
        tray.click(&["Refresh everything now"]).await?;
        let asks = keys.touch_prompt(KEEPS).await?;
        is(&keys, mark, "touch_needed").await?;
        ensure!(key_in_the_file(&desk).as_ref() == Some(&first), "it was refreshed without a touch");
        asks.deny().await?;
        ensure!(key_in_the_file(&desk) == Some(first), "it was refreshed after the touch was denied");
        Ok(())
    });
}
