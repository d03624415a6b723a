//! The main tasks by keyboard alone, in the webview that people have: no pointer is used in the window.

use super::{
    arrival,
    steps::{wait_signed_in, wait_synced},
};
use anyhow::{Result, bail, ensure};
use fantoccini::{Locator, key::Key};
use serde_json::json;
use std::fs;
use support::{
    SandboxServer,
    deadline::{SOON, WHILE},
    driver::{self, Driver},
    journey, until,
};

/// What the sample's `Incident15` in `payments-prod` is kept as.
const KEPT: &str = "payments-prod-incident15";
/// More than any view has stops.
const MOST_STOPS: usize = 60;

/// Types, a key after another.
async fn write(window: &Driver, text: &str) -> Result<()> {
    for letter in text.chars() {
        window.keys(&[letter]).await?;
    }
    Ok(())
}

async fn press(window: &Driver, key: Key) -> Result<()> {
    window.keys(&[char::from(key)]).await
}

/// Holds Ctrl with a key.
async fn ctrl(window: &Driver, key: char) -> Result<()> {
    window.keys(&[char::from(Key::Control), key]).await
}

/// Waits for the focus to be on what is called so.
async fn focus(window: &Driver, name: &str) -> Result<()> {
    let what = format!("the focus on {name:?}");
    let here = || async { Ok(window.focused().await?.starts_with(name).then_some(())) };
    match until(SOON, &what, here).await {
        Ok(()) => Ok(()),
        Err(e) => Err(e.context(format!("it was on {:?}", window.focused().await?))),
    }
}

/// Goes on by Tab until the focus is on what is called so.
async fn tab_to(window: &Driver, name: &str) -> Result<()> {
    let mut passed = Vec::new();
    for _ in 0..MOST_STOPS {
        press(window, Key::Tab).await?;
        let focused = window.focused().await?;
        if focused.starts_with(name) {
            return Ok(());
        }
        passed.push(focused);
    }
    bail!("Tab does not come to {name:?}; it came to {passed:?}")
}

#[test]
fn the_main_tasks_need_no_pointer() {
    journey("keyboard", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let browser = driver::chromium(&desk).await?;
        let (app, window) = support::App::start_driven(&desk, &[], &[]).await?;
        let window = window.window().await?;

        // First run: the first card has the focus, the field after it, Enter signs in.
        focus(&window, "Enter your start URL").await?;
        press(&window, Key::Enter).await?;
        focus(&window, "Start URL").await?;
        let opened = desk.browser_requests().mark();
        write(&window, server.ready().start_url.as_str()).await?;
        press(&window, Key::Enter).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        driver::sign_in(&browser, &address, &user.username, &user.password).await?;
        wait_signed_in(&app, 0).await?;
        wait_synced(&app, 0).await?;
        window.read(WHILE, "payments-prod").await?;

        // Search, down to what was found, a console, a star.
        ctrl(&window, '1').await?;
        write(&window, "/").await?;
        focus(&window, "Search accounts").await?;
        write(&window, "payments-dev").await?;
        window.read(SOON, "payments-dev").await?;
        press(&window, Key::Down).await?;
        for _ in 0..6 {
            if window.focused().await?.starts_with("Open console, payments-dev, Developer") {
                break;
            }
            press(&window, Key::Down).await?;
        }
        focus(&window, "Open console, payments-dev, Developer").await?;
        let opened = desk.browser_requests().mark();
        press(&window, Key::Enter).await?;
        desk.browser_requests().next(opened, WHILE, "the console").await?;
        ctrl(&window, 'd').await?;
        let starred = "[aria-label='Favourite, payments-dev, Developer'][aria-pressed=true]";
        window.see(Locator::Css(starred)).await?;

        // The keys dialog by its shortcut; Esc closes it and the focus is back on the row.
        focus(&window, "Open console, payments-dev, Developer").await?;
        ctrl(&window, 'e').await?;
        window.see(Locator::Css("dialog[open]")).await?;
        press(&window, Key::Escape).await?;
        window.see_no(Locator::Css("dialog[open]")).await?;
        focus(&window, "Open console, payments-dev, Developer").await?;

        // Kept fresh by Alt+Enter, Tab and Enter.
        window.keys(&[char::from(Key::Alt), char::from(Key::Enter)]).await?;
        window.see(Locator::Css("dialog[open]")).await?;
        tab_to(&window, "Profile name").await?;
        press(&window, Key::Enter).await?;
        let name = "payments-dev-developer";
        app.says(0, "profile", &json!({ "name": name, "state": "fresh" })).await?;
        window.see_no(Locator::Css("dialog[open]")).await?;
        // Esc clears the search, wherever the focus is.
        press(&window, Key::Escape).await?;
        window.read(SOON, "payments-prod").await?;

        // Credentials: pause, resume, refresh, the row's menu, stop.
        ctrl(&window, '2').await?;
        focus(&window, "Credentials").await?;
        tab_to(&window, &format!("Details of {name}")).await?;
        write(&window, "p").await?;
        window.read(SOON, "Paused").await?;
        write(&window, "p").await?;
        let mark = app.mark();
        write(&window, "r").await?;
        app.says(mark, "profile", &json!({ "name": name, "state": "fresh" })).await?;
        window.keys(&[char::from(Key::Shift), char::from(Key::F10)]).await?;
        focus(&window, "Refresh now").await?;
        press(&window, Key::Escape).await?;
        tab_to(&window, &format!("Details of {name}")).await.or_else(|_| Ok::<_, anyhow::Error>(()))?;
        press(&window, Key::Enter).await?;
        window.see(Locator::Css("aside[aria-label='Details']")).await?;
        press(&window, Key::Escape).await?;
        window.see_no(Locator::Css("aside[aria-label='Details']")).await?;
        press(&window, Key::Delete).await?;
        focus(&window, "Cancel").await?;
        tab_to(&window, "Stop and remove").await?;
        press(&window, Key::Enter).await?;
        window.read(SOON, "No profiles are kept fresh").await?;

        // Activity and Settings, their search, the sheet of keys, parts of the window.
        ctrl(&window, '4').await?;
        focus(&window, "Activity").await?;
        ctrl(&window, ',').await?;
        focus(&window, "Settings").await?;
        ctrl(&window, 'f').await?;
        focus(&window, "Search settings").await?;
        ctrl(&window, '/').await?;
        window.read(SOON, "Keyboard shortcuts").await?;
        press(&window, Key::Escape).await?;
        window.see_no(Locator::Css("dialog[open]")).await?;
        ctrl(&window, '1').await?;
        focus(&window, "Portal").await?;
        let mut regions = Vec::new();
        for _ in 0..3 {
            press(&window, Key::F6).await?;
            regions.push(window.focused().await?);
        }
        ensure!(regions.iter().any(|r| r.starts_with("Organisation")), "F6 went to {regions:?}");

        // F5 asks the portal again.
        let mark = app.mark();
        press(&window, Key::F5).await?;
        wait_synced(&app, mark).await.map(drop)
    });
}

/// Goes down the list until the focus is on what is called so.
async fn down_to(window: &Driver, name: &str) -> Result<()> {
    for _ in 0..MOST_STOPS {
        if window.focused().await?.starts_with(name) {
            return Ok(());
        }
        press(window, Key::Down).await?;
    }
    focus(window, name).await
}

/// What somebody does who has used the AWS CLI, also where something asks back.
#[test]
fn import_an_app_a_question_and_the_sign_out_need_no_pointer() {
    journey("keyboard-import", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let (start, region) = (&server.ready().start_url, &server.ready().region);
        fs::create_dir_all(desk.home(".aws"))?;
        let config = format!(
            "[profile dev]\nsso_start_url = {start}\nsso_region = {region}\n\
             sso_account_id = 111122225555\nsso_role_name = Developer\n"
        );
        fs::write(desk.home(".aws/config"), config)?;
        let (app, window) = support::App::start_driven(&desk, &[], &[]).await?;
        let window = window.window().await?;

        // The likeliest card has the focus: its Enter leads to the sign-in, which leads to what the file has.
        focus(&window, "Continue with").await?;
        let opened = desk.browser_requests().mark();
        press(&window, Key::Enter).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        arrival::say_yes(&app, 0, &address, &user).await?;
        wait_synced(&app, 0).await?;
        window.see(Locator::XPath("//dialog//tr[th='dev']/td[contains(., 'Legacy format')]")).await?;
        tab_to(&window, "Keep dev in the credentials file as dev-keys").await?;
        write(&window, " ").await?;
        tab_to(&window, "Keep 1 profile fresh").await?;
        press(&window, Key::Enter).await?;
        app.says(0, "profile", &json!({ "name": "dev-keys", "state": "fresh" })).await?;
        window.see_no(Locator::Css("dialog[open]")).await?;

        // The other tab, down to an app.
        ctrl(&window, '1').await?;
        focus(&window, "Portal").await?;
        tab_to(&window, "Accounts ").await?;
        press(&window, Key::Right).await?;
        focus(&window, "Apps ").await?;
        press(&window, Key::Enter).await?;
        tab_to(&window, "Open ").await?;
        down_to(&window, "Open Grafana").await?;
        let opened = desk.browser_requests().mark();
        press(&window, Key::Enter).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the app's link").await?;
        ensure!(address.as_str().contains("/#/saml/default/Grafana/"), "the app was opened at {address}");

        // Production asks: Enter alone keeps nothing, the way back is where it was, and yes is some Tabs away.
        write(&window, "/").await?;
        focus(&window, "Search accounts").await?;
        write(&window, "payments-prod").await?;
        window.read(SOON, "1 matching account").await?;
        tab_to(&window, "Show accounts").await?;
        press(&window, Key::Enter).await?;
        window.read(SOON, "Incident15").await?;
        write(&window, "/").await?;
        focus(&window, "Search accounts").await?;
        press(&window, Key::Down).await?;
        down_to(&window, "Open console, payments-prod, Incident15").await?;
        window.keys(&[char::from(Key::Alt), char::from(Key::Enter)]).await?;
        window.see(Locator::Css("dialog[open]")).await?;
        tab_to(&window, "Profile name").await?;
        let (asks, mark) = (Locator::Css("dialog[open][role=alertdialog]"), app.mark());
        press(&window, Key::Enter).await?;
        window.read(SOON, "Keep production credentials fresh as Incident15?").await?;
        focus(&window, "Cancel").await?;
        press(&window, Key::Enter).await?;
        window.see_no(asks).await?;
        focus(&window, "Profile name").await?;
        press(&window, Key::Enter).await?;
        window.see(asks).await?;
        tab_to(&window, "Keep it fresh").await?;
        ensure!(!app.events()[mark..].iter().any(|e| e["name"] == KEPT), "it was kept unasked");
        press(&window, Key::Enter).await?;
        app.says(mark, "profile", &json!({ "name": KEPT, "state": "fresh" })).await?;
        window.see_no(Locator::Css("dialog[open]")).await?;

        // Out by the menu of the sign-in, in the header.
        let mark = app.mark();
        ctrl(&window, '1').await?;
        for _ in 0..MOST_STOPS {
            press(&window, Key::F6).await?;
            if window.focused().await?.starts_with("Organisation") {
                break;
            }
        }
        tab_to(&window, "Signed in").await?;
        press(&window, Key::Enter).await?;
        focus(&window, "Sign out of").await?;
        press(&window, Key::Enter).await?;
        app.says(mark, "signin", &json!({ "state": "signed_out" })).await.map(drop)
    });
}
