//! The main job, from nothing to a notification, with every part real: the tray clicked over
//! D-Bus, the window through tauri-driver, Chromium on the sign-in pages, the keyring, the
//! credentials file proven by the distribution's `aws` and by boto3.

use super::steps::{credentials_file, installed_two_hours_ago, prove, wait_signed_in, wait_synced};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::json;
use std::{fs, time::Duration};
use support::{
    App, AwsCli, Boto, SandboxServer,
    app::{has, name},
    deadline::{SOON, WHILE},
    driver::{self, Driver},
    journey, organisation,
    secrets::Secrets,
};

const FOREIGN: &str = "# mine, by hand\n[legacy]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\
    aws_secret_access_key = left-alone-left-alone-left-alone\n\n; the end";
const PROFILE: &str = "pay-incident";
const ACCOUNT: &str = "111122223333";

/// All that the window is told: its state, and what each portal lists.
async fn crosses(window: &Driver) -> Result<serde_json::Value> {
    const ASK: &str = "const done = arguments[arguments.length - 1], { invoke } = window.__TAURI_INTERNALS__;
        invoke('state').then(async (state) => done([state,
            await Promise.all(state.organisations.map(({ id }) => invoke('portal', { org: id })))]),
            (error) => done([String(error)]));";
    let crossed = window.client().execute_async(ASK, vec![]).await?;
    ensure!(crossed[0]["profiles"][0]["name"] == PROFILE, "the window was told {}", crossed[0]);
    ensure!(
        crossed[1][0]["accounts"].as_array().is_some_and(|all| all.len() > 5),
        "of the portal: {}",
        crossed[1]
    );
    Ok(crossed)
}

#[test]
fn a_person_signs_in_opens_a_console_and_has_a_profile_kept_fresh() {
    journey("main-job", |desk| async move {
        installed_two_hours_ago(&desk).await?;
        fs::create_dir_all(desk.home(".aws"))?;
        fs::write(credentials_file(&desk), FOREIGN)?;
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let browser = driver::chromium(&desk).await?;

        // First start: the window, the start URL, the sign-in in the browser.
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        ensure!(desk.running("WebKitWebProcess") == 0, "a web process before the first window");
        tray.click(&["Open Latchkey"]).await?;
        let window = window.window().await?;
        let opened = desk.browser_requests().mark();
        window.press("Enter your start URL").await?;
        organisation::type_into(&window, server.ready(), "Acme").await?;
        window.press("Continue to sign in").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        ensure!(address.path() == "/authorize", "the browser was sent to {}", address.path());
        driver::sign_in(&browser, &address, &user.username, &user.password).await?;
        wait_signed_in(&app, 0).await?;
        browser.at("the app's answer", |u| u.host_str() == Some("127.0.0.1")).await?;
        window.read(WHILE, "payments-prod").await?;
        wait_synced(&app, 0).await?;
        let keys = desk.keyring()?.secrets(&[("service", "latchkey")]).await?;
        // The one that seals, and that of the record.
        ensure!(
            keys.len() == 2 && keys.iter().all(|k| k.len() >= 32),
            "the keyring holds {} keys",
            keys.len()
        );

        // A console with one click in the tray; no token in what the browser was given.
        let opened = desk.browser_requests().mark();
        tray.click(&["Accounts", "payments-prod*", "ReadOnly"]).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the console").await?;
        ensure!(address.host_str() == Some("127.0.0.1"), "the console was opened by {address}");
        browser.go(&address).await?;
        browser.read(SOON, "payments-prod").await?;
        browser.read(SOON, "ReadOnly").await?;
        let again = support::Person::new()?.open(&address).await;
        ensure!(!again.is_ok_and(|p| p.leads_to.is_some()), "the one-use address worked twice");

        // After the first console the window offers the next step once, over the page.
        window.read(SOON, "Keep credentials fresh for the CLI too?").await?;
        window.press("Not now").await?;

        // A profile kept fresh, and proven; everything else in the file as it was.
        let row = format!("[data-row='{ACCOUNT}/Incident15'] button[aria-label^='Keys']");
        window.click(Locator::Css(&row)).await?;
        window.fill_labelled("Profile name", PROFILE).await?;
        window.press("Start").await?;
        window.read(SOON, "Keep production credentials fresh as Incident15?").await?;
        window.press("Keep it fresh").await?;
        app.says(0, "profile", &json!({ "name": PROFILE, "state": "fresh" })).await?;
        let written = fs::read_to_string(credentials_file(&desk))?;
        ensure!(written.starts_with(FOREIGN), "foreign bytes changed:\n{}", written.replace("secret", "s"));
        let aws = AwsCli::in_home(&desk.folders().home(), &server);
        let boto = Boto::start_with(&server, desk.env()).await?;
        let proven = || prove(&aws, &boto, PROFILE, ACCOUNT);
        proven().await.context("after the first write")?;
        let mut secrets = Secrets::default();
        secrets.add_profile(&credentials_file(&desk), PROFILE)?;
        secrets.add("the user's password", user.password.as_bytes())?;
        secrets.add("the sealing key", &keys[0])?;
        secrets.add("the keyring's password", support::desk::KEYRING_PASSWORD.as_bytes())?;

        // Forced expiry: the proof fails, a refresh from the tray makes it hold again.
        server.expire_credentials().await?;
        ensure!(!aws.who_is(PROFILE).await?.ok, "expired keys are accepted");
        let mark = app.mark();
        tray.click(&["Refresh everything now"]).await?;
        app.says(mark, "profile", &json!({ "name": PROFILE, "state": "fresh" })).await?;
        proven().await.context("after the refresh")?;
        secrets.add_profile(&credentials_file(&desk), PROFILE)?;

        // What crosses to the page is what it shows: none of it opens anything.
        let crossed = tempfile::tempdir()?;
        fs::write(crossed.path().join("crossed.json"), serde_json::to_vec(&crosses(&window).await?)?)?;
        secrets.scan(&[crossed.path().to_owned()])?;

        // A sign-in of 16 minutes, which nothing renews; the window closed, the screen locked.
        tray.click(&["Sign out of*"]).await?;
        app.says(mark, "signin", &json!({ "state": "signed_out" })).await?;
        server.session_minutes(16).await?;
        let (mark, opened) = (app.mark(), desk.browser_requests().mark());
        tray.click(&["Sign in to*"]).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        driver::sign_in(&browser, &address, &user.username, &user.password).await?;
        wait_signed_in(&app, mark).await?;
        desk.display().close_windows("latchkey")?;
        app.says(mark, "window", &json!({ "label": "main", "state": "destroyed" })).await?;
        desk.machine().set_locked(true).await?;
        let held = |e: &serde_json::Value| {
            name(e) == "notification" && has(e, &json!({ "shown": false, "reason": "screen_locked" }))
        };
        let minutes = Duration::from_secs(150);
        app.event_after(mark, minutes, "a notification held while the screen is locked", held).await?;
        ensure!(desk.notifications()?.all().is_empty(), "a notification on a locked screen");
        desk.machine().set_locked(false).await?;
        let ends = |n: &support::desktop::Notification| n.summary.contains(" ends in ");
        let shown = desk.notifications()?.wait(minutes, "the end of the sign-in announced", ends).await?;
        ensure!(shown.body.contains("1 profile"), "{shown:?}");
        app.says(mark, "notification", &json!({ "notice": "sign_in_ending", "shown": true })).await?;

        // Its button begins the next sign-in.
        let (mark, opened) = (app.mark(), desk.browser_requests().mark());
        desk.notifications()?.press(&shown, "Sign in").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        server.session_minutes(480).await?;
        server.expire_sessions().await?;
        driver::sign_in(&browser, &address, &user.username, &user.password).await?;
        wait_signed_in(&app, mark).await?;

        // Nothing secret was written anywhere but in the credentials file: neither what is known here nor
        // any bearer value that the server gave out (tokens, client secret, codes).
        secrets.add_profile(&credentials_file(&desk), PROFILE)?;
        secrets.scan(&desk.folders().ours())?;
        Ok(())
    });
}
