//! The app comes, is found in the tray, and goes.

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use support::{App, Desk, deadline::SOON, journey, journey::journey_at};

/// A first start: the window is there, the tray says what to do; no web process stays after closing.
#[test]
fn the_app_starts_hidden_in_the_tray_and_quits_from_it() {
    journey("start-hidden", |desk| async move {
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        let menu = tray.menu().await?;
        ensure!(!menu.labels().is_empty(), "the menu is empty");
        ensure!(desk.running("WebKitWebProcess") == 0, "a web process before the first window");
        ensure!(!tray.icon().await?.is_empty(), "the tray icon has no picture");
        tray.click(&["Quit*"]).await?;
        app.ended().await
    });
}

#[test]
fn a_second_start_shows_the_first_window() {
    journey("start-twice", |desk| async move {
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        app.tray().await?;
        let mark = app.mark();
        let second = desk.program("second", support::programs::latchkey()?);
        let second = desk.spawn(second)?;
        let status = second.ended(SOON).await?;
        ensure!(status.success(), "the second start ended with {status}");
        app.says(mark, "window", &json!({ "label": "main", "state": "created" })).await?;
        Ok(())
    });
}

/// A link of our scheme fills a field in, from a second start too, and sends nothing.
#[test]
fn a_link_leads_to_a_view_and_sends_nothing() {
    journey("start-link", |desk| async move {
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        app.tray().await?;
        let opens = |link: &'static str| {
            desk.spawn(desk.program("link", support::programs::latchkey()?).args([link]))
        };
        let link = "latchkey://add?start_url=https%3A%2F%2Facme.test%2Fstart";
        ensure!(opens(link)?.ended(SOON).await?.success(), "a second start");
        let window = window.window().await?;
        let field = window.see(Locator::Css("input[data-first]")).await?;
        ensure!(field.prop("value").await?.as_deref() == Some("https://acme.test/start"), "not filled in");
        // Nobody was asked about it.
        window.read(SOON, "The address of your access portal.").await?;
        let nowhere = opens("latchkey://console?account=111122223333&role=Admin")?;
        ensure!(nowhere.ended(SOON).await?.success(), "a link that leads nowhere");
        ensure!(field.prop("value").await?.as_deref() == Some("https://acme.test/start"), "it is gone");
        ensure!(opens("https://acme.test/start")?.ended(SOON).await?.code() == Some(2), "a link of others");
        Ok(())
    });
}

/// Another session bus, so that nothing but the engine's lock and socket can tell that one runs already.
#[test]
fn a_second_start_from_another_session_is_no_second_engine() {
    journey("start-elsewhere", |desk| async move {
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        app.tray().await?;
        let mark = app.mark();
        let elsewhere = [("DBUS_SESSION_BUS_ADDRESS", desk.system_bus().address())];
        let second = desk.program("second", support::programs::latchkey()?).envs(elsewhere);
        let status = desk.spawn(second)?.ended(SOON).await?;
        ensure!(status.success(), "the second start ended with {status}");
        app.says(mark, "window", &json!({ "label": "main", "state": "created" })).await?;
        ensure!(desk.running("latchkey") == 1, "{} apps run on one state", desk.running("latchkey"));
        Ok(())
    });
}

/// No panel shows icons: the window is the way in.
#[test]
fn without_a_tray_the_window_comes_at_once() {
    journey_at("start-no-tray", Desk::plan("start-no-tray").without_tray(), |desk| async move {
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        app.says(0, "window", &json!({ "label": "main", "state": "created" })).await?;
        Ok(())
    });
}

/// Closing the window ends its web process, not the app; opening it again makes a new one.
#[test]
fn a_closed_window_leaves_no_web_process() {
    journey("start-window", |desk| async move {
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        tray.click(&["Open Latchkey"]).await?;
        let window = window.window().await?;
        let mark = app.mark();
        desk.display().close_windows("latchkey")?;
        app.says(mark, "window", &json!({ "label": "main", "state": "destroyed" })).await?;
        let gone = || async { Ok((desk.running("WebKitWebProcess") == 0).then_some(())) };
        support::until(SOON, "the end of the web process", gone).await?;
        tray.click(&["Open Latchkey"]).await?;
        app.says(mark, "window", &json!({ "label": "main", "state": "created" })).await?;
        window.select_new_window().await
    });
}

/// A web process that dies under the window, as the system takes one when memory is short, leaves it white for
/// a moment: the page is loaded anew. Where that does not help, the window is made anew.
#[test]
fn a_window_that_shows_nothing_is_helped() {
    journey("start-white", |desk| async move {
        let app = App::start(&desk).await?;
        app.says(0, "window", &json!({ "label": "main", "state": "drawn" })).await?;
        let mark = app.mark();
        signal(&desk, "WebKitWebProcess", Signal::KILL)?;
        app.says(mark, "window", &json!({ "label": "main", "state": "reloaded" })).await?;
        app.says(mark, "window", &json!({ "label": "main", "state": "drawn" })).await?;

        // Without this process no page is loaded.
        signal(&desk, "WebKitNetworkProcess", Signal::STOP)?;
        let mark = app.mark();
        signal(&desk, "WebKitWebProcess", Signal::KILL)?;
        app.says(mark, "window", &json!({ "label": "main", "state": "destroyed" })).await?;
        app.says(mark, "window", &json!({ "label": "main", "state": "created" })).await?;
        signal(&desk, "WebKitNetworkProcess", Signal::CONT)?;
        app.says(mark, "window", &json!({ "label": "main", "state": "drawn" })).await?;
        Ok(())
    });
}

/// Sends a signal to the one process of that program.
fn signal(desk: &Desk, program: &str, signal: Signal) -> Result<()> {
    let processes = desk.processes(program);
    ensure!(processes.len() == 1, "{} processes of {program}", processes.len());
    kill_process(Pid::from_raw(processes[0]).context("no process number")?, signal)?;
    Ok(())
}
