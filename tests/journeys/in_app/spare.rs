//! A second key at the organisation: the reminder of it, and what adding one takes.

use super::{added, ask_to_register, by_password, enter, register, sign_out};
use crate::journeys::{arrival::read_no, steps::wait_signed_in};
use anyhow::ensure;
use serde_json::json;
use support::{KeyDesk, SandboxServer, deadline::WHILE, journey};

const REMINDER: &str = "You have only one security key at";
const FIRST: &str = "Virtual PCD 00 00";
const SECOND: &str = "Virtual PCD 00 01";

#[test]
fn a_spare_key_is_reminded_of_and_takes_the_first_one_to_add() {
    journey("native-spare-key", |desk| async move {
        let server = SandboxServer::start().await?;
        let keys = KeyDesk::start(&desk).await?;
        let (app, window, view) = (&keys.app, &keys.window, keys.view());
        keys.key().touch().await?;
        keys.second_key().touch().await?;
        keys.key().plug().await?;
        added(&desk, window, &server).await?;
        let user = server.user()?;
        by_password(app, window, user).await?;
        view.open().await?;
        view.knows_a_key().await?;
        register(&keys, "Blue key").await?;
        view.says(REMINDER).await?;

        // Where a known place needs no second factor, the sign-in that comes next is by password alone.
        server.control(json!({ "mfa": { "mode": "context" } })).await?;
        for _ in 0..2 {
            sign_out(app, window).await?;
            by_password(app, window, user).await?;
        }
        let proved = |event: &&serde_json::Value| event["eventName"] == "CredentialVerification";
        let keys_used = server.trail()?.iter().filter(proved).count();

        // To add a key takes more: the key that is there already.
        view.open().await?;
        view.says(REMINDER).await?;
        keys.second_key().plug().await?;
        view.choose(SECOND).await?;
        view.says("not set").await?;
        ask_to_register(&keys, "Spare key").await?;
        view.says("Security keys are changed only within 10 min of signing in with all your factors.")
            .await?;
        window.press("Sign in again").await?;
        window.press("Portal").await?;
        window.read(WHILE, "Password is sent only to localhost").await?;
        let mark = app.mark();
        enter(window, &user.username, &user.password).await?;
        window.read(WHILE, "Which key do you use?").await?;
        window.press(FIRST).await?;
        wait_signed_in(app, mark).await?;
        ensure!(server.trail()?.iter().filter(proved).count() > keys_used, "a password was enough");

        // Now it is added, and nothing is missing any more.
        view.open().await?;
        view.choose(SECOND).await?;
        view.says("not set").await?;
        register(&keys, "Spare key").await?;
        read_no(window, REMINDER).await?;
        let added = |event: &&serde_json::Value| event["eventName"] == "CompleteWebAuthnDeviceRegistration";
        ensure!(server.trail()?.iter().filter(added).count() == 2, "the server knows one key");
        Ok(())
    });
}
