//! Keys that are none of the person's: another person's, and a copy of their own.

use super::{added, by_password, enter, open_console, register, serve_guarded, sign_out, user};
use crate::journeys::arrival::read_no;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use support::{KeyDesk, SandboxServer, User, deadline::WHILE, journey, until};

const OPENS: &str = "Touch your key to open payments-dev as Deploy";
const ACTIVE: &str = "Deploy in payments-dev is active";

/// Signs in, and registers the one key that is there.
async fn with_a_key(keys: &KeyDesk, user: &User, name: &str) -> Result<()> {
    by_password(&keys.app, &keys.window, user).await?;
    keys.view().open().await?;
    keys.view().knows_a_key().await?;
    register(keys, name).await
}

/// Opens the console with a touch of the key that is there, and closes the role again.
async fn touched(keys: &KeyDesk) -> Result<()> {
    let opened = keys.desk.browser_requests().mark();
    open_console(&keys.window).await?;
    keys.desk.browser_requests().next(opened, WHILE, "the console").await?;
    keys.window.read(WHILE, ACTIVE).await?;
    keys.window.press("Stop now").await?;
    read_no(&keys.window, ACTIVE).await
}

/// What the trail says last of this name.
fn last(server: &SandboxServer, name: &str) -> Result<Value> {
    let events = server.trail()?;
    Ok(events.into_iter().rfind(|event| event["eventName"] == name).unwrap_or_default())
}

#[test]
fn another_persons_key_neither_signs_in_nor_opens_a_role() {
    journey("native-others-key", |desk| async move {
        let server = serve_guarded(&desk).await?;
        let keys = KeyDesk::start(&desk).await?;
        let (app, window) = (&keys.app, &keys.window);
        let (sam, pat) = (user(&server, "sam")?, user(&server, "pat")?);
        keys.key().touch().await?;
        keys.second_key().touch().await?;
        added(&desk, window, &server).await?;
        keys.second_key().plug().await?;
        with_a_key(&keys, pat, "Pat's key").await?;
        keys.second_key().unplug().await?;
        keys.view().knows_none().await?;
        sign_out(app, window).await?;
        keys.key().plug().await?;
        with_a_key(&keys, sam, "Sam's key").await?;
        server.control(json!({ "mfa": { "mode": "always" } })).await?;

        // As the second factor beside sam's password, pat's is none.
        sign_out(app, window).await?;
        keys.key().unplug().await?;
        keys.second_key().plug().await?;
        enter(window, &sam.username, &sam.password).await?;
        window.read(WHILE, "This key is not registered for you").await?;
        keys.second_key().unplug().await?;
        keys.key().plug().await?;
        window.press("Try again").await?;
        let signed_in = || async {
            let text = window.text().await?;
            // The reader tells a moment later that it is another key.
            if text.contains("That is not there any more") {
                window.press("Try again").await?;
            }
            Ok(text.contains("Signed in,").then_some(()))
        };
        until(WHILE, "the right key to sign in", signed_in).await?;

        // Nor does it open sam's role.
        keys.key().unplug().await?;
        keys.second_key().plug().await?;
        let opened = desk.browser_requests().mark();
        open_console(window).await?;
        let asks = keys.touch_prompt(OPENS).await?;
        asks.says("is not registered for you at your organisation.").await?;
        ensure!(desk.browser_requests().mark() == opened, "another's key opened the role");
        keys.key().plug().await?;
        desk.browser_requests().next(opened, WHILE, "the console").await?;
        window.read(WHILE, ACTIVE).await
    });
}

#[test]
fn a_copied_key_is_noticed() {
    journey("native-copied-key", |desk| async move {
        let server = serve_guarded(&desk).await?;
        let keys = KeyDesk::start(&desk).await?;
        let (app, window) = (&keys.app, &keys.window);
        let sam = user(&server, "sam")?;
        keys.key().touch().await?;
        keys.key().plug().await?;
        added(&desk, window, &server).await?;
        with_a_key(&keys, sam, "Sam's key").await?;
        // Keys count in steps of one to eight: after eight uses the true one is ahead
        // of whatever the copy counts next.
        keys.key().is_copied().await?;
        for _ in 0..8 {
            touched(&keys).await?;
        }
        server.control(json!({ "mfa": { "mode": "always" } })).await?;
        keys.key().is_the_copy().await?;
        keys.key().touch().await?;
        keys.key().plug().await?;

        let opened = desk.browser_requests().mark();
        open_console(window).await?;
        let asks = keys.touch_prompt(OPENS).await?;
        asks.says("may have been copied: its counter went back.").await?;
        ensure!(desk.browser_requests().mark() == opened, "a copy opened the role");
        let refused = last(&server, "StepUp")?;
        ensure!(refused["serviceEventDetails"]["StepUp"] == "Failure", "{refused}");
        ensure!(refused["additionalEventData"]["Reason"] == "COUNTER_WENT_BACK", "{refused}");
        asks.deny().await?;

        sign_out(app, window).await?;
        enter(window, &sam.username, &sam.password).await?;
        window.read(WHILE, "This key may have been copied").await?;
        let refused = last(&server, "CredentialVerification")?;
        ensure!(refused["serviceEventDetails"]["CredentialVerification"] == "Failure", "{refused}");
        ensure!(refused["additionalEventData"]["Reason"] == "COUNTER_WENT_BACK", "{refused}");
        Ok(())
    });
}
