//! A finger on the key in place of its PIN.

use super::{added, by_password, enter, register, sign_out};
use crate::journeys::{
    keys::{PIN, name_it, set_pin, unlock},
    steps::wait_signed_in,
};
use anyhow::ensure;
use serde_json::json;
use support::{KeyDesk, SandboxServer, deadline::WHILE, journey};

#[test]
fn a_finger_stands_for_the_pin_where_a_key_is_registered_and_signs_in() {
    journey("native-finger", |desk| async move {
        let server = SandboxServer::start().await?;
        let keys = KeyDesk::start(&desk).await?;
        let (app, window, view) = (&keys.app, &keys.window, keys.view());
        keys.key().touch().await?;
        keys.key().plug().await?;
        added(&desk, window, &server).await?;
        let user = server.user()?;
        by_password(app, window, user).await?;
        view.open().await?;
        view.knows_a_key().await?;
        let name = view.name().await?;
        set_pin(&keys, &name, PIN).await?;
        unlock(&keys, &name, "Fingerprints", PIN).await?;
        window.press("Add a fingerprint…").await?;
        name_it(&keys, "Thumb", "Start").await?;
        view.says("The fingerprint is added.").await?;

        // No PIN is asked for, though it has one.
        register(&keys, "Blue key").await?;
        server.control(json!({ "mfa": { "mode": "always" } })).await?;
        sign_out(app, window).await?;
        let pin = format!("Enter the PIN of {name}");
        keys.key().order("finger nobody").await?;
        let mark = app.mark();
        enter(window, &user.username, &user.password).await?;
        window.read(WHILE, &format!("Put your finger on {name}.")).await?;
        keys.key().waits().await?;
        ensure!(!keys.shows(&pin)?, "the PIN is asked for beside the finger");

        // Another's finger is told, and the PIN would do. The right finger still does.
        keys.key().order("finger stranger").await?;
        let asks = keys.prompt(&pin).await?;
        asks.says("not recognised").await?;
        keys.key().order("finger nobody").await?;
        asks.give_up().await?;
        window.read(WHILE, "Nothing was changed. Try again when you are ready.").await?;
        window.press("Try again").await?;
        window.read(WHILE, &format!("Put your finger on {name}.")).await?;
        keys.key().waits().await?;
        keys.key().order("finger known").await?;
        wait_signed_in(app, mark).await?;
        ensure!(!keys.shows(&pin)?, "the PIN was asked for");
        window.read(WHILE, "payments-prod").await
    });
}
