//! Codes of an authenticator app, typed into the window's own form.

use super::{added, enter, sign_out};
use crate::journeys::{
    arrival::first_window,
    second_factor::{code, first_code},
    steps::wait_signed_in,
};
use anyhow::{Context, Result};
use fantoccini::Locator;
use serde_json::json;
use std::time::Duration;
use support::{
    Desk, SandboxServer,
    deadline::{SOON, WHILE},
    driver, journey, until,
};
use totp_rs::Secret;

/// Sets an authenticator app up, which takes the server's pages.
async fn set_up(desk: &Desk, server: &SandboxServer) -> Result<Secret> {
    let browser = driver::chromium(desk).await?;
    let user = server.user()?;
    browser.go(&server.ready().start_url.join("/start/mfa/add?type=totp")?).await?;
    browser.fill(Locator::Id("username"), &user.username).await?;
    browser.fill(Locator::Id("password"), &user.password).await?;
    browser.click(Locator::Id("sign-in")).await?;
    browser.press("Cannot scan it?").await?;
    let typed = browser.see(Locator::Id("app-key")).await?.text().await?.replace(' ', "");
    let secret = Secret::try_from_base32(&typed).ok().context("no secret on the page")?;
    browser.fill(Locator::Id("code"), &first_code(&secret).await?).await?;
    browser.click(Locator::Id("add")).await?;
    browser.read(SOON, "Authenticator app").await?;
    Ok(secret)
}

#[test]
fn a_code_signs_in_once() {
    journey("native-code", |desk: Desk| async move {
        let server = SandboxServer::start().await?;
        let secret = set_up(&desk, &server).await?;
        server.control(json!({ "mfa": { "mode": "always" } })).await?;
        let (app, window) = first_window(&desk).await?;
        added(&desk, &window, &server).await?;
        let user = server.user()?;
        let mark = app.mark();
        enter(&window, &user.username, &user.password).await?;
        window.read(WHILE, "Enter your authenticator code").await?;

        // The sixth digit sends it. The one that the app shows in an hour is wrong now.
        window.fill_labelled("Code", &code(&secret, Duration::from_secs(3600))?).await?;
        window.read(WHILE, "That code did not work").await?;
        let next = Duration::from_secs(30);
        let used = code(&secret, next)?;
        window.fill_labelled("Code", &used).await?;
        wait_signed_in(&app, mark).await?;
        window.read(WHILE, "payments-prod").await?;

        // It, or one before it, is not taken a second time; the next one is.
        sign_out(&app, &window).await?;
        let mark = app.mark();
        enter(&window, &user.username, &user.password).await?;
        window.read(WHILE, "Enter your authenticator code").await?;
        window.fill_labelled("Code", &used).await?;
        window.read(WHILE, "That code was used already").await?;
        let newer = || async { Ok(Some(code(&secret, next)?).filter(|code| *code != used)) };
        window.fill_labelled("Code", &until(WHILE, "the next code", newer).await?).await?;
        wait_signed_in(&app, mark).await?;
        window.read(WHILE, "payments-prod").await
    });
}
