//! Signing in in the window, without a browser: with a password, with a security key beside it, with a passkey alone.
//! The browser goes on with it.

use super::{added, by_password, enter, sign_out};
use crate::journeys::{arrival::first_window, steps::wait_signed_in};
use anyhow::ensure;
use fantoccini::Locator;
use serde_json::json;
use support::{
    Desk, KeyDesk, SandboxServer,
    deadline::{SOON, WHILE},
    driver, journey,
};

const PIN: &str = "2468";

#[test]
fn a_password_in_the_window_signs_in_and_the_browser_goes_on_with_it() {
    journey("native-password", |desk: Desk| async move {
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        added(&desk, &window, &server).await?;
        let user = server.user()?;
        enter(&window, &user.username, "wrong").await?;
        window.read(WHILE, "That user name and password do not match").await?;
        let opened = desk.browser_requests().mark();
        by_password(&app, &window, user).await?;
        window.read(WHILE, "payments-prod").await?;

        // A page of the portal: the browser has never heard of anybody.
        let browser = driver::chromium(&desk).await?;
        window.click(Locator::XPath("//*[@role='tab'][starts-with(., 'Apps ')]")).await?;
        window.press("Open Grafana").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the application").await?;
        ensure!(address.host_str() == Some("127.0.0.1"), "the ticket stands in a process list: {address}");
        browser.go(&address).await?;
        browser.read(WHILE, "welcome to Grafana").await?;
        Ok(())
    });
}

#[test]
fn a_key_is_registered_in_the_window_and_signs_in_beside_the_password_and_alone() {
    journey("native-key", |desk: Desk| async move {
        let server = SandboxServer::start().await?;
        let keys = KeyDesk::start(&desk).await?;
        let (app, window) = (&keys.app, &keys.window);
        keys.key().touch().await?;
        keys.key().plug().await?;
        added(&desk, window, &server).await?;
        let user = server.user()?;
        by_password(app, window, user).await?;

        // It gets a PIN, and is registered.
        let view = keys.view();
        view.open().await?;
        view.knows_a_key().await?;
        let name = view.name().await?;
        view.page("PIN").await?;
        window.press("Set a PIN…").await?;
        keys.prompt(&format!("Set a PIN for {name}")).await?.enter(&[PIN, PIN]).await?;
        view.says("The PIN is set.").await?;
        view.page("Overview").await?;
        window.click(Locator::XPath("//button[starts-with(normalize-space(.), 'Register at')]")).await?;
        window.fill_labelled("Name", "Blue key").await?;
        window.press("Register").await?;
        keys.prompt(&format!("Enter the PIN of {name}")).await?.enter(&[PIN]).await?;
        view.says("as \"Blue key\"").await?;
        view.says("You have only one security key at").await?;

        // From now on the organisation asks for it.
        server.control(json!({ "mfa": { "mode": "always" } })).await?;
        sign_out(app, window).await?;
        let mark = app.mark();
        enter(window, &user.username, &user.password).await?;
        keys.prompt(&format!("Enter the PIN of {name}")).await?.enter(&[PIN]).await?;
        wait_signed_in(app, mark).await?;
        window.read(WHILE, "payments-prod").await?;

        // And takes it alone.
        sign_out(app, window).await?;
        let mark = app.mark();
        window.press("Use a passkey").await?;
        keys.prompt(&format!("Enter the PIN of {name}")).await?.give_up().await?;
        window.read(SOON, "Nothing was changed. Try again when you are ready.").await?;
        window.press("Try again").await?;
        keys.prompt(&format!("Enter the PIN of {name}")).await?.enter(&[PIN]).await?;
        wait_signed_in(app, mark).await?;
        window.read(WHILE, "payments-prod").await
    });
}
