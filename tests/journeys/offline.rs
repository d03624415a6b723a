//! The network goes, or the server does: what is known stays, nothing is red, and it heals by itself.

use super::{
    arrival::{first_window, keep_fresh, read_no, sign_in},
    steps::{credentials_file, installed_two_hours_ago},
};
use anyhow::{Result, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::fs;
use support::{
    App, Desk, SandboxServer,
    app::name,
    deadline::{SOON, WHILE},
    driver::Driver,
    journey,
};

const PROFILE: &str = "data-dev";

/// Signed in at a server that can come back on its port, with a profile.
async fn settled(desk: &Desk, server: &SandboxServer) -> Result<(App, Driver)> {
    installed_two_hours_ago(desk).await?;
    let (app, window) = first_window(desk).await?;
    sign_in(desk, &app, &window, server).await?;
    keep_fresh(&app, &window, "381200003344", "Developer", PROFILE).await?;
    Ok((app, window))
}

/// Nothing is told as an error, and nobody was disturbed.
async fn calm(desk: &Desk, window: &Driver) -> Result<()> {
    window.see_no(Locator::Css("[role=alert]")).await?;
    ensure!(desk.notifications()?.all().is_empty(), "somebody was disturbed");
    Ok(())
}

#[test]
fn without_a_network_what_is_known_stays_and_comes_alive_with_it() {
    journey("offline-network", |desk| async move {
        let folder = tempfile::tempdir()?;
        let server = SandboxServer::start_in(folder.path()).await?;
        let (app, window) = settled(&desk, &server).await?;
        let before = fs::read_to_string(credentials_file(&desk))?;
        let tray = app.tray().await?;
        server.end().await?;
        desk.machine().set_network(false).await?;

        window.read(SOON, "You are offline").await?;
        window.read(SOON, "Showing accounts from").await?;
        window.read(SOON, "Profiles cannot refresh. The first stops at").await?;
        window.read(SOON, "payments-prod").await?;
        tray.wait_menu(SOON, "the profile", |menu| menu.find(&["1 profile fresh*"]).map(drop)).await?;
        calm(&desk, &window).await?;
        ensure!(fs::read_to_string(credentials_file(&desk))? == before, "keys that work were touched");

        // A console that is asked for all the same says at its row why it does not open.
        let mark = app.mark();
        let row = "[data-row='540000119933/Developer'] button[aria-label^='Open console']";
        window.click(Locator::Css(row)).await?;
        app.says(mark, "launch", &json!({ "state": "failed" })).await?;
        window.read(SOON, "did not answer").await?;
        ensure!(desk.notifications()?.all().is_empty(), "told twice: at the row and on the desktop");

        // The server answers again, on this computer, where that says nothing of the network.
        let _server = SandboxServer::start_in(folder.path()).await?;
        let mark = app.mark();
        window.press("Retry now").await?;
        app.says(mark, "sync", &json!({ "state": "idle" })).await?;
        app.says(mark, "profile", &json!({ "name": PROFILE, "state": "fresh" })).await?;
        window.read(SOON, "You are offline").await?;

        desk.machine().set_network(true).await?;
        read_no(&window, "You are offline").await?;
        ensure!(desk.notifications()?.all().is_empty(), "what heals by itself is no news");
        Ok(())
    });
}

#[test]
fn a_server_that_goes_away_and_comes_back_needs_nobody() {
    journey("offline-server", |desk| async move {
        let folder = tempfile::tempdir()?;
        let server = SandboxServer::start_in(folder.path()).await?;
        let (app, window) = settled(&desk, &server).await?;
        server.end().await?;
        let mark = app.mark();
        app.tray().await?.click(&["Refresh everything now"]).await?;
        app.says(mark, "profile", &json!({ "name": PROFILE, "state": "retrying" })).await?;
        app.says(mark, "sync", &json!({ "state": "failed" })).await?;
        window.read(SOON, "did not answer").await?;
        window.read(SOON, "Credentials you have keep working until they expire.").await?;
        window.read(SOON, "payments-prod").await?;
        calm(&desk, &window).await?;

        // Nothing tells the app that it is back, and nobody presses anything.
        let _server = SandboxServer::start_in(folder.path()).await?;
        let mark = app.mark();
        let again = |e: &Value| name(e) == "sync" && e["state"] == "idle";
        app.event_after(mark, WHILE, "the list to be asked for again", again).await?;
        let fresh = |e: &Value| name(e) == "profile" && e["state"] == "fresh";
        app.event_after(mark, SOON, "the profile to follow", fresh).await?;
        read_no(&window, "did not answer").await?;
        calm(&desk, &window).await
    });
}
