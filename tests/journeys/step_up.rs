//! A privileged role of production is used after a touch of a key alone: in the window, and by a program.

use super::{
    arrival::{add, read_no, say_yes},
    steps::{latch, wait_synced},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use std::{fs, path::Path};
use support::{
    Desk, KeyDesk, SandboxServer,
    deadline::{SOON, WHILE},
    journey, organisation, programs,
};

const OPENS: &str = "Touch your key to open live-prod as Administrator";
const HANDS_OUT: &str = "Touch your key to hand out live-prod as Administrator";
const ROLE: &str = "111122223333/Administrator";
/// `latch`'s exit status where nobody touched a key.
const NOT_TOUCHED: i32 = 8;

/// Signed in at an organisation with production. What is served ends with the second part.
async fn signed_in(desk: &Desk) -> Result<(KeyDesk, SandboxServer)> {
    let mut file = organisation::head("Acme", "700000000001", "everybody", "sam", "");
    file += &organisation::account("111122223333", "live-prod", "Administrator", "everybody");
    let server = organisation::serve(&desk.folders().root().join("acme"), &file).await?;
    let keys = KeyDesk::start(desk).await?;
    let address = add(desk, &keys.window, &server).await?;
    say_yes(&keys.app, 0, &address, server.user()?).await?;
    wait_synced(&keys.app, 0).await?;
    Ok((keys, server))
}

#[test]
fn production_is_opened_by_a_touch_and_closed_again() {
    journey("step-up", |desk| async move {
        let (keys, _server) = signed_in(&desk).await?;
        let (app, window) = (&keys.app, &keys.window);

        // A key is made known by a touch of it.
        keys.key().touch().await?;
        keys.key().plug().await?;
        window.press("Settings").await?;
        window.press("Safety").await?;
        window.press("Add a key").await?;
        window.read(WHILE, "Not touched yet").await?;

        // A console waits for it.
        keys.key().leave_alone().await?;
        window.press("Portal").await?;
        let open = format!("[data-row='{ROLE}'] button[aria-label^='Open console']");
        let browser = desk.browser_requests().mark();
        let tray = app.tray().await?;
        let well = tray.icon().await?;
        window.click(Locator::Css(&open)).await?;
        let asked = keys.touch_prompt(OPENS).await?;
        asked.says("live-prod, 1111-2222-3333").await?;
        asked.says("now.").await?;
        let first = "Touch your key to continue: live-prod, Administrator";
        tray.wait_menu(SOON, "the row of the touch", |menu| menu.find(&[first]).map(drop)).await?;
        tray.wait_icon(SOON, "another icon while a touch is waited for", |icon| icon != well).await?;
        keys.key().touch().await?;
        desk.browser_requests().next(browser, WHILE, "the console").await?;
        window.read(WHILE, "Administrator in live-prod is active").await?;
        ensure!(!keys.shows(OPENS)?, "the window for the touch is still there");

        // While it is open, a program needs no touch; closed again, it waits, and says so.
        let served = latch(&desk, "latch-open", ROLE)?;
        ensure!(served.ended(WHILE).await?.success(), "it is open, and was not handed out");
        window.press("Stop now").await?;
        read_no(window, "Administrator in live-prod is active").await?;
        keys.key().leave_alone().await?;
        let waits = latch(&desk, "latch-waits", ROLE)?;
        let asked = keys.touch_prompt(HANDS_OUT).await?;
        asked.says("process").await?;
        let told = |line: &str| line.contains("Touch your security key to continue").then_some(());
        waits.line(WHILE, "what it waits for", told).await?;
        keys.key().touch().await?;
        waits.line(WHILE, "the credentials", |line| line.contains("ASIA").then_some(())).await?;
        ensure!(waits.ended(WHILE).await?.success(), "it was touched, and was not handed out");

        // What is denied is not handed out.
        window.press("Stop now").await?;
        read_no(window, "Administrator in live-prod is active").await?;
        keys.key().leave_alone().await?;
        let denied = latch(&desk, "latch-denied", ROLE)?;
        keys.touch_prompt(HANDS_OUT).await?.deny().await?;
        let status = denied.ended(WHILE).await?.code().context("latch ended by a signal")?;
        ensure!(status == NOT_TOUCHED, "latch ended with {status}");
        Ok(())
    });
}

#[test]
fn without_a_key_a_tool_is_allowed_or_denied_in_a_window_that_names_it() {
    journey("step-up-words", |desk| async move {
        let (keys, _server) = signed_in(&desk).await?;
        let app = &keys.app;

        // Each its own program by its file, as the person is told.
        let latch = programs::latch()?.display().to_string();
        let asks = |name: &str, tool: &Path| {
            let both = format!("'{latch}' env --json {ROLE} </dev/null 2>&1; exit $?");
            desk.spawn(desk.program(name, tool).args(["-c", &both]).lines())
        };
        let [tool, other] = ["nightly", "hourly"].map(|name| desk.folders().root().join(name));
        for tool in [&tool, &other] {
            fs::copy("/bin/sh", tool)?;
        }
        let title = |tool: &str| format!("Allow live-prod as Administrator for {tool}?");
        let tray = app.tray().await?;
        let waits = asks("asks", &tool)?;
        let asked = keys.touch_prompt(&title("nightly")).await?;
        asked.says("live-prod, 1111-2222-3333").await?;
        asked.says(&tool.display().to_string()).await?;
        let told = |line: &str| line.contains("Allow or deny it in Latchkey's window").then_some(());
        waits.line(WHILE, "what it waits for", told).await?;
        let row = "Allow or deny a program: live-prod, Administrator";
        tray.wait_menu(SOON, "the row of the question", |menu| menu.find(&[row]).map(drop)).await?;
        asked.allow().await?;
        waits.line(WHILE, "the credentials", |line| line.contains("ASIA").then_some(())).await?;
        ensure!(waits.ended(WHILE).await?.success(), "it was allowed, and was not handed out");

        // For a quarter of an hour it is not asked about again; another program is.
        ensure!(
            asks("asks-again", &tool)?.ended(WHILE).await?.success(),
            "what was allowed is asked about again"
        );
        let denied = asks("asks-other", &other)?;
        keys.touch_prompt(&title("hourly")).await?.deny().await?;
        let status = denied.ended(WHILE).await?.code().context("latch ended by a signal")?;
        ensure!(status == NOT_TOUCHED, "latch ended with {status}");
        Ok(())
    });
}
