//! A first security key, set up in the sign-in that demands one.

use super::{added, enter, sign_out};
use crate::journeys::{arrival::read_no, steps::wait_signed_in};
use anyhow::ensure;
use serde_json::json;
use support::{
    KeyDesk, SandboxServer,
    deadline::{SOON, WHILE},
    journey,
};

const DEMAND: &str = "requires a second factor";
const REMINDER: &str = "You have only one security key at";

#[test]
fn a_first_key_is_set_up_in_the_window_where_one_is_demanded() {
    journey("native-first-key", |desk| async move {
        let server = SandboxServer::start().await?;
        server.control(json!({ "mfa": { "mode": "always" } })).await?;
        let keys = KeyDesk::start(&desk).await?;
        let (app, window, view) = (&keys.app, &keys.window, keys.view());
        keys.key().becomes("model").await?;
        keys.key().leave_alone().await?;
        keys.key().plug().await?;
        added(&desk, window, &server).await?;
        let user = server.user()?;
        let mark = app.mark();
        enter(window, &user.username, &user.password).await?;
        window.read(WHILE, DEMAND).await?;
        window.read(SOON, "an authenticator app, or this computer's own passkey, in your browser").await?;

        // It is taken away while it waits: what was done of it is said, and it is tried again.
        window.press("Security key").await?;
        keys.key().waits().await?;
        keys.key().unplug().await?;
        window.read(WHILE, "The last step was not completed.").await?;
        keys.key().touch().await?;
        keys.key().plug().await?;
        let opened = desk.browser_requests().mark();
        window.press("Try again").await?;
        wait_signed_in(app, mark).await?;
        window.read(WHILE, "payments-prod").await?;
        let added = |event: &&serde_json::Value| event["eventName"] == "CompleteWebAuthnDeviceRegistration";
        ensure!(server.trail()?.iter().filter(added).count() == 1, "no key was set up");
        ensure!(desk.browser_requests().mark() == opened, "somebody was sent to the browser");

        // That it is the only one is said at once, and no more when the person said so.
        window.read(WHILE, REMINDER).await?;
        window.press("Not now").await?;
        read_no(window, REMINDER).await?;
        view.open().await?;
        view.says(&format!("as \"{}\"", vicc::MODEL.1)).await?;
        view.says(REMINDER).await?;

        // From now on it is asked for.
        sign_out(app, window).await?;
        let mark = app.mark();
        enter(window, &user.username, &user.password).await?;
        wait_signed_in(app, mark).await?;
        window.read(WHILE, "payments-prod").await?;
        read_no(window, REMINDER).await
    });
}
