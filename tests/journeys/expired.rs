//! The time of a sign-in is over: said everywhere at once, and got over with one click.

use super::{
    arrival::{end, first_window, keep_fresh, read_no, say_yes, sign_in},
    steps::{credentials_file, installed_two_hours_ago},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use jiff::Timestamp;
use serde_json::json;
use std::fs;
use support::{
    App, Desk, Person, SandboxServer,
    deadline::{SOON, WHILE},
    journey,
};

/// The end of the sign-in passed while the computer was off.
fn ended_a_minute_ago(desk: &Desk) -> Result<()> {
    let store = rusqlite::Connection::open(desk.home(".local/share/latchkey/latchkey.db"))?;
    let at = Timestamp::now().as_millisecond() - 60_000;
    ensure!(store.execute("UPDATE sign_ins SET ends = ?1", [at])? == 1, "nobody is signed in");
    Ok(())
}

#[test]
fn a_sign_in_that_ended_is_said_and_the_first_click_signs_in_and_goes_on() {
    journey("expired", |desk| async move {
        installed_two_hours_ago(&desk).await?;
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;
        keep_fresh(&app, &window, "381200003344", "Developer", "data-dev").await?;
        let before = fs::read_to_string(credentials_file(&desk))?;
        end(&desk, &app).await?;
        ended_a_minute_ago(&desk)?;

        let opened = desk.browser_requests().mark();
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        tray.wait_menu(SOON, "the end in the tray", |menu| {
            menu.labels().iter().find(|row| row.contains(" again (ended ")).map(drop)
        })
        .await?;
        tray.wait_menu(SOON, "the profile in the tray", |menu| {
            menu.find(&["1 profile needs you: sign in"]).map(drop)
        })
        .await?;
        app.says(0, "profile", &json!({ "name": "data-dev", "state": "sign_in_needed" })).await?;
        let told = desk.notifications()?.wait(WHILE, "the end told", |n| n.summary.starts_with("Sign in to"));
        let told = told.await?;
        ensure!(told.body.contains("data-dev"), "{told:?}");

        tray.click(&["Open Latchkey"]).await?;
        let window = window.window().await?;
        window.read(SOON, "Your sign-in to").await?;
        window.read(SOON, "Profiles stop refreshing until you sign in again. data-dev works for").await?;
        window.read(SOON, "payments-prod").await?;
        window.click(Locator::XPath("//nav//button[contains(., 'Credentials')]")).await?;
        window.read(SOON, "Sign in needed").await?;
        window.click(Locator::XPath("//nav//button[contains(., 'Portal')]")).await?;
        ensure!(desk.browser_requests().mark() == opened, "a browser was opened that nobody asked for");
        ensure!(fs::read_to_string(credentials_file(&desk))? == before, "keys that still work were touched");

        // One click on what is wanted: it signs in, and goes on to it.
        let mark = app.mark();
        let row = "[data-row='381200003344/Developer'] button[aria-label^='Open console']";
        window.click(Locator::Css(row)).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        ensure!(address.path() == "/authorize", "the browser was sent to {address}");
        let opened = desk.browser_requests().mark();
        say_yes(&app, mark, &address, server.user()?).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the console").await?;
        let leads_to = Person::new()?.open(&address).await?.leads_to.context("the console leads nowhere")?;
        ensure!(
            leads_to.origin() == server.ready().federation_endpoint.origin(),
            "it leads to another place"
        );
        app.says(mark, "launch", &json!({ "state": "opened", "account": "381200003344" })).await?;
        app.says(mark, "profile", &json!({ "name": "data-dev", "state": "fresh" })).await?;
        read_no(&window, "Profiles stop refreshing").await
    });
}
