//! The browser goes on with a sign-in in the window: consoles and applications open without a second one.

use super::{added, by_password, sign_out};
use crate::journeys::{arrival::first_window, steps::wait_synced};
use anyhow::{Context, ensure};
use fantoccini::Locator;
use support::{
    Desk, Person, SandboxServer,
    deadline::{SOON, WHILE},
    driver, journey,
};

#[test]
fn an_application_and_a_console_open_without_a_second_sign_in() {
    journey("native-browser", |desk: Desk| async move {
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        added(&desk, &window, &server).await?;
        by_password(&app, &window, server.user()?).await?;
        wait_synced(&app, 0).await?;

        // An application, in a browser that has never heard of anybody: by a ticket, which stands in no process list
        // and in no request line.
        let opened = desk.browser_requests().mark();
        window.click(Locator::XPath("//*[@role='tab'][starts-with(., 'Apps ')]")).await?;
        window.press("Open Grafana").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the application").await?;
        ensure!(address.host_str() == Some("127.0.0.1"), "the ticket stands in a process list: {address}");
        let ticket = Person::new()?.open(&address).await?.leads_to.context("the address leads nowhere")?;
        ensure!(ticket.path() == "/native/open" && ticket.query().is_none(), "it leads to {}", ticket.path());
        ensure!(ticket.fragment().is_some_and(|secret| !secret.is_empty()), "there is no ticket");
        let browser = driver::chromium(&desk).await?;
        browser.go(&ticket).await?;
        browser.read(WHILE, "welcome to Grafana").await?;

        // It is for one use, and so is the address that led to it.
        let stranger = driver::chromium_of(&desk, "stranger").await?;
        stranger.go(&ticket).await?;
        stranger.read(SOON, "This link has expired").await?;
        ensure!(
            !Person::new()?.open(&address).await.is_ok_and(|p| p.leads_to.is_some()),
            "it leads there twice"
        );

        // A console, and the portal: the browser is signed in as the window is.
        window.click(Locator::XPath("//*[@role='tab'][starts-with(., 'Accounts ')]")).await?;
        let opened = desk.browser_requests().mark();
        let row = "[data-row='111122223333/ReadOnly'] button[aria-label^='Open console']";
        window.click(Locator::Css(row)).await?;
        browser.go(&desk.browser_requests().next(opened, WHILE, "the console").await?).await?;
        browser.see(Locator::Id("account-id")).await?;
        browser.go(&server.ready().start_url).await?;
        browser.see(Locator::Id("signed-in-as")).await?;

        // With the window's sign-in the browser's ends.
        sign_out(&app, &window).await?;
        browser.go(&server.ready().start_url).await?;
        browser.see(Locator::Id("sign-in")).await.map(drop)
    });
}
