//! What a person sets holds: on the desktop, after a restart, at the end; and what was done is told.

use super::steps::{wait_signed_in, wait_synced};
use anyhow::{Result, anyhow, ensure};
use fantoccini::Locator;
use serde_json::json;
use std::{fs, future::ready, os::unix::fs::PermissionsExt};
use support::{
    App, Desk, SandboxServer,
    deadline::{SOON, WHILE},
    driver::{self, Driver},
    journey, organisation, until,
};

/// The switch beside these words.
fn switch(label: &str) -> String {
    format!("//span[.='{label}']/following::button[@role='switch'][1]")
}

/// The desktop's autostart entries, together.
fn autostart(desk: &Desk) -> String {
    let entries = fs::read_dir(desk.home(".config/autostart")).into_iter().flatten().flatten();
    entries.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect()
}

/// The app is gone; tauri-driver, which started it, keeps its status.
async fn ended(desk: &Desk) -> Result<()> {
    until(SOON, "the app to end", || async { Ok((desk.running("latchkey") == 0).then_some(())) }).await
}

async fn sign_in(desk: &Desk, app: &App, window: &Driver, server: &SandboxServer) -> Result<()> {
    let browser = driver::chromium(desk).await?;
    let user = server.user()?.clone();
    let opened = desk.browser_requests().mark();
    window.press("Enter your start URL").await?;
    organisation::type_into(window, server.ready(), "Acme").await?;
    window.press("Continue to sign in").await?;
    let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
    driver::sign_in(&browser, &address, &user.username, &user.password).await?;
    wait_signed_in(app, 0).await?;
    wait_synced(app, 0).await?;
    window.read(WHILE, "payments-prod").await
}

/// Preferences of the tray are there before the first organisation is.
#[test]
fn what_is_set_is_done_and_survives_a_restart() {
    journey("settings", |desk| async move {
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        tray.click(&["Preferences"]).await?;
        let window = window.window().await?;
        let starts = switch("Start when I sign in to this computer");
        window.click(Locator::XPath(&starts)).await?;
        let made = || async { Ok(autostart(&desk).contains("--hidden").then_some(())) };
        until(SOON, "the desktop's autostart entry", made).await?;
        window.click(Locator::XPath(&starts)).await?;
        let gone = || async { Ok(autostart(&desk).is_empty().then_some(())) };
        until(SOON, "the end of the autostart entry", gone).await?;
        window.press("Appearance").await?;
        window.click(Locator::XPath("//label[normalize-space(.)='Dark']")).await?;
        window.see(Locator::Css("html[data-theme='dark']")).await?;
        window.read(SOON, "Saved").await?;

        // The logs are shown, and a report goes into a file that is the person's alone.
        window.press("Advanced").await?;
        let shown = desk.browser_requests().mark();
        window.press("Open the folder of Logs").await?;
        let folder = desk.browser_requests().next(shown, SOON, "the folder of logs").await?;
        let folder = folder.to_file_path().map_err(|()| anyhow!("{folder} is no folder"))?;
        ensure!(folder == desk.home(".local/state/latchkey/logs"), "{} was shown", folder.display());
        window.press("Show the report").await?;
        window.press("Save to a file").await?;
        let report = until(SOON, "the report's file", || async {
            let files = fs::read_dir(desk.folders().home())?.flatten().map(|file| file.path());
            let mut written = files.filter(|path| fs::metadata(path).is_ok_and(|found| found.len() > 0));
            Ok(written.find(|path| path.extension().is_some_and(|it| it == "txt")))
        });
        let report = report.await?;
        let text = fs::read_to_string(&report)?;
        ensure!(text.starts_with("Latchkey: ") && text.contains("Keyring: ready"), "{text}");
        let mode = fs::metadata(&report)?.permissions().mode() & 0o7777;
        ensure!(mode == 0o600, "the report has mode {mode:o}");
        tray.click(&["Quit"]).await?;
        ended(&desk).await?;

        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        app.tray().await?.click(&["Open Latchkey"]).await?;
        window.window().await?.see(Locator::Css("html[data-theme='dark']")).await?;
        ensure!(autostart(&desk).is_empty(), "starting made an autostart entry again");
        Ok(())
    });
}

/// An icon that is switched off is hidden at once and there again at once; started without it, the app shows its
/// window. What an administrator decided cannot be switched.
#[test]
fn the_tray_icon_goes_and_comes_and_what_an_administrator_decided_stays() {
    journey("settings-tray", |desk| async move {
        let moved = desk.home("moved");
        let config = moved.join("config");
        fs::create_dir_all(&config)?;
        fs::set_permissions(&config, fs::Permissions::from_mode(0o700))?;
        fs::write(config.join("policy.json"), r#"{"keep_running": true}"#)?;
        fs::set_permissions(config.join("policy.json"), fs::Permissions::from_mode(0o644))?;
        let moved = moved.to_str().ok_or_else(|| anyhow!("the desk's home is no text"))?.to_owned();
        let vars = [("LATCHKEY_HOME", moved.as_str())];
        let (app, window) = App::start_driven(&desk, &["--hidden"], &vars).await?;
        let tray = app.tray().await?;
        tray.click(&["Preferences"]).await?;
        let window = window.window().await?;
        window.read(SOON, "Set by your organisation").await?;
        let keeps = switch("Keep running in the background");
        ensure!(
            window.see(Locator::XPath(&keeps)).await?.attr("disabled").await?.is_some(),
            "it is not locked"
        );

        let becomes = |wanted: &'static str| {
            let tray = tray.clone();
            async move {
                let what = format!("the icon to be {wanted}");
                until(SOON, &what, || async { Ok((tray.status().await? == wanted).then_some(())) }).await
            }
        };
        becomes("Active").await?;
        window.press("Tray").await?;
        let icon = switch("Show the tray icon");
        window.click(Locator::XPath(&icon)).await?;
        becomes("Passive").await?;
        window.read(SOON, "Open it again from your applications.").await?;
        window.click(Locator::XPath(&icon)).await?;
        becomes("Active").await?;
        tray.click(&["Open Latchkey"]).await?;
        window.click(Locator::XPath(&icon)).await?;
        becomes("Passive").await?;
        window.read(SOON, "Saved").await?;
        let kept = fs::read_to_string(config.join("latchkey.toml"))?;
        ensure!(kept.contains("icon = false"), "{kept}");
        tray.click(&["Quit"]).await?;
        ended(&desk).await?;

        let registered = desk.tray()?.mark();
        let (_app, window) = App::start_driven(&desk, &["--hidden"], &vars).await?;
        window.window().await?.read(WHILE, "Latchkey").await?;
        ensure!(desk.tray()?.mark() == registered, "an icon that is switched off was there for a moment");
        Ok(())
    });
}

/// A profile that is kept fresh stops with the app: quitting says so first. Activity has what was done.
#[test]
fn quitting_asks_when_something_stops_and_activity_tells_what_was_done() {
    journey("quit-asks", |desk| async move {
        let server = SandboxServer::start().await?;
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        tray.click(&["Open Latchkey"]).await?;
        let window = window.window().await?;
        sign_in(&desk, &app, &window, &server).await?;
        let row = "[data-row='111122223333/ReadOnly'] button[aria-label^='Keys']";
        window.click(Locator::Css(row)).await?;
        window.fill_labelled("Profile name", "pay-ro").await?;
        window.press("Start").await?;
        app.says(0, "profile", &json!({ "name": "pay-ro", "state": "fresh" })).await?;

        window.press("Activity").await?;
        window.read(SOON, "What Latchkey did on your behalf").await?;
        for line in ["Added Acme", "Signed in to Acme", "Started to keep pay-ro fresh", "Refreshed pay-ro"] {
            window.read(SOON, line).await?;
        }

        // The tray asks in the window; Cancel leaves everything as it is.
        tray.click(&["Quit"]).await?;
        window.read(SOON, "pay-ro stops refreshing").await?;
        window.press("Cancel").await?;
        window.see_no(Locator::Css("dialog[open]")).await?;

        // Closing quits when the person set so, and asks the same.
        window.press("Settings").await?;
        window.click(Locator::XPath(&switch("Keep running in the background"))).await?;
        window.read(SOON, "Saved").await?;
        desk.display().close_windows("latchkey")?;
        window.read(SOON, "pay-ro stops refreshing").await?;
        // The window may be gone before the driver can say that it clicked.
        let quit = window.see(Locator::XPath("//dialog[@open]//button[normalize-space(.)='Quit']")).await?;
        let _clicked = quit.click().await;
        ended(&desk).await
    });
}

/// A browser that notes what it is given, beside the default one of the desk.
#[test]
fn an_organisation_opens_in_the_browser_that_was_chosen_for_it() {
    journey("settings-browser", |desk| async move {
        // Of its kind, so that it has private windows.
        let (given, script) = (desk.home("given"), desk.home("firefox"));
        fs::write(&script, format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{}'\n", given.display()))?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
        let entries = desk.home(".local/share/applications");
        fs::create_dir_all(&entries)?;
        let entry = format!(
            "[Desktop Entry]\nType=Application\nName=Other browser\nExec={} --other %u\n\
             MimeType=x-scheme-handler/https;\n",
            script.display()
        );
        fs::write(entries.join("other.desktop"), entry)?;
        let server = SandboxServer::start().await?;
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        app.tray().await?.click(&["Open Latchkey"]).await?;
        let window = window.window().await?;
        sign_in(&desk, &app, &window, &server).await?;
        window.press("Settings").await?;
        window.press("Organisations").await?;
        let option = "//select[@id=//label[.='Browser of Acme']/@for]/option[.='Other browser']";
        window.click(Locator::XPath(option)).await?;
        window.read(SOON, "Saved").await?;
        let opened = desk.browser_requests().mark();
        window.press("Portal").await?;
        window
            .click(Locator::Css("[data-row='111122223333/ReadOnly'] button[aria-label^='Open console']"))
            .await?;
        let came = |words: usize| {
            let text = fs::read_to_string(&given).unwrap_or_default();
            ready(Ok((text.lines().count() == words).then_some(text)))
        };
        let once = until(WHILE, "the other browser to be given an address", || came(2)).await?;
        ensure!(once.starts_with("--other\nhttp://127.0.0.1:"), "it was given {once}");
        // Its private window, by the row's menu.
        window.click(Locator::Css("[data-row='111122225555/Developer'] button[aria-label^='More']")).await?;
        window
            .click(Locator::XPath("//*[@role='menuitem'][contains(., 'Open in a private window')]"))
            .await?;
        let twice = until(WHILE, "its private window to be given an address", || came(5)).await?;
        let second = twice.strip_prefix(&once).unwrap_or_default();
        ensure!(
            second.starts_with("--other\n--private-window\nhttp://127.0.0.1:"),
            "it was given {second:?} for a private window"
        );
        ensure!(desk.browser_requests().mark() == opened, "the default browser was opened too");
        Ok(())
    });
}
