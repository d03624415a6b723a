//! A role that the organisation's policy guards: its server gives nothing out before a key was touched for it.

use super::{ROLE, added, by_password, open_console, register, serve_guarded, user};
use crate::journeys::{
    arrival::{end, read_no},
    steps::{latch, wait_synced},
};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Duration;
use support::{
    KeyDesk, SandboxServer,
    deadline::{SOON, WHILE},
    journey, until,
};

const OPENS: &str = "Touch your key to open payments-dev as Deploy";
const HANDS_OUT: &str = "Touch your key to hand out payments-dev as Deploy";
const ACTIVE: &str = "Deploy in payments-dev is active";
/// `latch`'s exit status where a touch is asked for and there is none.
const NOT_TOUCHED: i32 = 8;

/// What the server was asked of the role, in order; what it refused with a `!` behind it.
fn asked(server: &SandboxServer) -> Result<Vec<String>> {
    let of_the_role = |event: &Value| {
        let name = event["eventName"].as_str()?;
        let refused = event["errorCode"].is_string() || event["serviceEventDetails"][name] == "Failure";
        let mark = if refused { "!" } else { "" };
        ["GetRoleCredentials", "StepUpChallenge", "StepUp"].contains(&name).then(|| format!("{name}{mark}"))
    };
    Ok(server.trail()?.iter().filter_map(of_the_role).collect())
}

#[test]
fn the_organisation_asks_for_a_touch_and_its_time_ends_by_itself() {
    journey("native-guarded", |desk| async move {
        let server = serve_guarded(&desk).await?;
        let keys = KeyDesk::start(&desk).await?;
        let (app, window) = (&keys.app, &keys.window);
        keys.key().touch().await?;
        keys.key().plug().await?;
        added(&desk, window, &server).await?;
        by_password(app, window, user(&server, "sam")?).await?;
        wait_synced(app, 0).await?;

        // Without a key at the organisation there is no way, and the window says which one there would be.
        let opened = desk.browser_requests().mark();
        open_console(window).await?;
        window.read(WHILE, "Your organisation requires a security key for this role").await?;
        window.read(WHILE, "Register one at ").await?;
        keys.view().open().await?;
        keys.view().knows_a_key().await?;
        register(&keys, "Blue key").await?;

        // A console waits for the touch, and nothing is given out before it.
        keys.key().leave_alone().await?;
        open_console(window).await?;
        let asks = keys.touch_prompt(OPENS).await?;
        asks.says("payments-dev, 1111-2222-3333").await?;
        asks.says("You asked for it in Latchkey.").await?;
        asks.says("now.").await?;
        ensure!(desk.browser_requests().mark() == opened, "a console was opened without a touch");
        let before = asked(&server)?;
        ensure!(!before.contains(&"GetRoleCredentials".to_owned()), "it gave something out: {before:?}");
        keys.key().touch().await?;
        desk.browser_requests().next(opened, WHILE, "the console").await?;
        window.read(WHILE, &format!("{ACTIVE}, 15 min left")).await?;
        let then = asked(&server)?.split_off(before.len());
        ensure!(then == ["StepUp", "GetRoleCredentials"], "{before:?}, then {then:?}");

        // A program needs no touch of its own meanwhile.
        let served = latch(&desk, "latch-open", ROLE)?;
        ensure!(served.ended(WHILE).await?.success(), "it is open, and was not handed out");
        window.press("Stop now").await?;
        read_no(window, ACTIVE).await?;

        // Closed again, a program waits, and says so; denied, it gets nothing.
        keys.key().leave_alone().await?;
        let waits = latch(&desk, "latch-waits", ROLE)?;
        let asks = keys.touch_prompt(HANDS_OUT).await?;
        asks.says("process").await?;
        let told = |line: &str| line.contains("Touch your security key to continue").then_some(());
        waits.line(WHILE, "what it waits for", told).await?;
        asks.deny().await?;
        let status = waits.ended(WHILE).await?.code().context("latch ended by a signal")?;
        ensure!(status == NOT_TOUCHED, "latch ended with {status}");
        // A card cannot be told to stop: lifted off the reader and laid down again, it is free.
        keys.key().unplug().await?;

        // The time that the server names is over by itself, and the next console waits for the next touch.
        server.step_up_lasts(30).await?;
        let opened = desk.browser_requests().mark();
        open_console(window).await?;
        // Not before the reader has noticed: what is back sooner than it looks is lost on it.
        keys.touch_prompt(OPENS).await?.says("hold it to the reader.").await?;
        keys.key().plug().await?;
        keys.key().touch().await?;
        desk.browser_requests().next(opened, WHILE, "the console").await?;
        window.read(SOON, ACTIVE).await?;
        let over = || async { Ok((!window.text().await?.contains(ACTIVE)).then_some(())) };
        until(Duration::from_secs(90), "the touch to be over", over).await?;
        keys.key().leave_alone().await?;
        open_console(window).await?;
        keys.touch_prompt(OPENS).await?.deny().await?;
        ensure!(desk.browser_requests().mark() == opened + 1, "a console was opened without a touch");

        // Nor is what was given out before handed out where nobody can be asked.
        end(&desk, app).await?;
        let alone = latch(&desk, "latch-alone", ROLE)?;
        let status = alone.ended(WHILE).await?.code().context("latch ended by a signal")?;
        ensure!(status == NOT_TOUCHED, "without the app, latch ended with {status}");
        Ok(())
    });
}
