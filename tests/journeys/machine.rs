//! What the machine tells: after sleep, and when the network returns, nothing waits for its retry.

use super::arrival::{first_window, keep_fresh, sign_in};
use anyhow::{Result, ensure};
use serde_json::json;
use std::time::{Duration, Instant};
use support::{App, Desk, SandboxServer, deadline::SOON, journey};

const PROFILE: &str = "data-dev";
/// The first retry comes after 30 s, less up to a quarter.
const EARLIEST_RETRY: Duration = Duration::from_millis(22_500);

/// Takes the server away until the profile waits for its retry and the portal for its own, and brings
/// it back; then `tell` has to end both waits.
async fn waits_until<F: Future<Output = Result<()>>>(
    desk: &Desk,
    app: &App,
    server: &mut SandboxServer,
    tell: impl FnOnce() -> F,
) -> Result<()> {
    let data = server.data().to_owned();
    server.end().await?;
    let mark = app.mark();
    app.tray().await?.click(&["Refresh everything now"]).await?;
    app.says(mark, "profile", &json!({ "name": PROFILE, "state": "retrying" })).await?;
    let waiting = Instant::now();
    app.says(mark, "sync", &json!({ "state": "failed" })).await?;
    *server = SandboxServer::start_in(&data).await?;
    let fresh = |e: &serde_json::Value| support::app::name(e) == "profile" && e["state"] == "fresh";
    ensure!(!app.events().iter().skip(mark).any(fresh), "it was refreshed before anything was told");
    let mark = app.mark();
    tell().await?;
    app.event_after(mark, SOON, "the profile to be fresh again", fresh).await?;
    app.says(mark, "sync", &json!({ "state": "idle" })).await?;
    let took = waiting.elapsed();
    ensure!(took < EARLIEST_RETRY, "after {took:?} it may have been the retry itself");
    ensure!(desk.notifications()?.all().is_empty(), "what heals by itself is no news");
    Ok(())
}

#[test]
fn the_network_and_a_wake_up_end_the_wait_for_a_retry() {
    journey("machine-wakes", |desk| async move {
        let folder = tempfile::tempdir()?;
        let mut server = SandboxServer::start_in(folder.path()).await?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;
        keep_fresh(&app, &window, "381200003344", "Developer", PROFILE).await?;

        let machine = desk.machine();
        waits_until(&desk, &app, &mut server, || async {
            machine.set_network(false).await?;
            window.read(SOON, "You are offline").await?;
            machine.set_network(true).await
        })
        .await?;
        super::arrival::read_no(&window, "You are offline").await?;
        waits_until(&desk, &app, &mut server, || async {
            machine.prepare_for_sleep(true).await?;
            machine.prepare_for_sleep(false).await
        })
        .await
    });
}
