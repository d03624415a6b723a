//! Programs that get a guarded role's keys by the container's endpoint.

use super::{ACCOUNT, ROLE, added, by_password, register, serve_guarded, user};
use crate::journeys::{arrival::read_no, steps::wait_synced};
use anyhow::{Result, ensure};
use reqwest::{Client, StatusCode, header};
use serde_json::Value;
use std::fs;
use support::{Desk, KeyDesk, SandboxServer, deadline::WHILE, driver::Driver, journey, programs};

const HANDS_OUT: &str = "Touch your key to hand out payments-dev as Deploy";
const ACTIVE: &str = "Deploy in payments-dev is active";

/// A person with a registered key, which nobody touches, before the portal.
pub(super) async fn at_the_desk(desk: &Desk) -> Result<(SandboxServer, KeyDesk)> {
    let server = serve_guarded(desk).await?;
    let keys = KeyDesk::start(desk).await?;
    keys.key().touch().await?;
    keys.key().plug().await?;
    added(desk, &keys.window, &server).await?;
    by_password(&keys.app, &keys.window, user(&server, "sam")?).await?;
    wait_synced(&keys.app, 0).await?;
    keys.view().open().await?;
    keys.view().knows_a_key().await?;
    register(&keys, "Blue key").await?;
    keys.key().leave_alone().await?;
    keys.window.press("Portal").await?;
    Ok((server, keys))
}

/// Closes what a touch opened.
pub(super) async fn stop_now(window: &Driver) -> Result<()> {
    window.press("Stop now").await?;
    read_no(window, ACTIVE).await
}

#[test]
fn a_containers_endpoint_waits_for_a_touch() {
    journey("native-endpoint", |desk| async move {
        let (_server, keys) = at_the_desk(&desk).await?;
        let window = &keys.window;
        // It asks once before it promises anything.
        let latch = desk.program("latch", programs::latch()?).args(["serve", ROLE]).lines();
        let serving = desk.spawn(latch)?;
        keys.touch_prompt(HANDS_OUT).await?.says("process ").await?;
        keys.key().touch().await?;
        let value = |name: &'static str| {
            let line = format!("export {name}='");
            let serving = &serving;
            async move {
                let value = |l: &str| Some(l.strip_prefix(&line)?.strip_suffix('\'')?.to_owned());
                serving.line(WHILE, name, value).await
            }
        };
        let uri = value("AWS_CONTAINER_CREDENTIALS_FULL_URI").await?;
        let token = fs::read_to_string(value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").await?)?;
        let client = Client::builder().no_proxy().timeout(WHILE).build()?;
        let ask = || async {
            let answer = client.get(&uri).header(header::AUTHORIZATION, &token).send().await?;
            let status = answer.status();
            Ok::<_, anyhow::Error>((status, serde_json::from_str::<Value>(&answer.text().await?)?))
        };
        let (status, document) = ask().await?;
        ensure!(status == StatusCode::OK && document["AccountId"] == ACCOUNT, "{status}");

        // While it is closed, an answer waits for the touch.
        stop_now(window).await?;
        keys.key().leave_alone().await?;
        let touched = async {
            keys.touch_prompt(HANDS_OUT).await?.says("process ").await?;
            keys.key().touch().await
        };
        let (answer, touched) = tokio::join!(ask(), touched);
        touched?;
        let (status, document) = answer?;
        ensure!(status == StatusCode::OK && document["AccountId"] == ACCOUNT, "{status}");

        // Denied, it is a refusal, which SDKs do not try again.
        stop_now(window).await?;
        keys.key().leave_alone().await?;
        let denied = async { keys.touch_prompt(HANDS_OUT).await?.deny().await };
        let (answer, denied) = tokio::join!(ask(), denied);
        denied?;
        let (status, refusal) = answer?;
        ensure!(status == StatusCode::FORBIDDEN, "{status} {refusal}");
        ensure!(refusal["message"] == "This was denied", "{refusal}");
        Ok(())
    });
}
