//! How a person gets to where trouble begins: a first window, a start URL, a sign-in.

use super::steps::{wait_signed_in, wait_synced};
use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::{path::PathBuf, time::Duration};
use support::{
    App, Desk, Person, SandboxServer, User,
    deadline::{SOON, WHILE},
    driver::{self, Driver},
    until,
};
use url::Url;

/// A first start, with its window on the screen.
pub async fn first_window(desk: &Desk) -> Result<(App, Driver)> {
    let (app, window) = App::start_driven(desk, &[], &[]).await?;
    Ok((app, window.window().await?))
}

/// Adds the organisation of `server` by its start URL alone; gives the address that the browser is
/// sent to.
pub async fn add(desk: &Desk, window: &Driver, server: &SandboxServer) -> Result<Url> {
    window.press("Enter your start URL").await?;
    add_by_form(desk, window, server).await
}

/// As [`add`], with the form on the screen.
pub async fn add_by_form(desk: &Desk, window: &Driver, server: &SandboxServer) -> Result<Url> {
    let opened = desk.browser_requests().mark();
    window.fill_labelled("Start URL", server.ready().start_url.as_str()).await?;
    window.press("Continue to sign in").await?;
    desk.browser_requests().next(opened, WHILE, "the sign-in page").await
}

/// The whole way: added, signed in with a browser, accounts shown.
pub async fn sign_in(desk: &Desk, app: &App, window: &Driver, server: &SandboxServer) -> Result<Driver> {
    let browser = driver::chromium(desk).await?;
    let address = add(desk, window, server).await?;
    finish(app, window, &browser, &address, server.user()?).await?;
    Ok(browser)
}

/// A person says yes at `address`, with a browser that knows nobody yet.
pub async fn say_yes(app: &App, mark: usize, address: &Url, user: &User) -> Result<()> {
    let person = Person::new()?;
    let back = person.sign_in(address, user).await?.leads_to.context("the sign-in did not lead back")?;
    person.open(&back).await?;
    wait_signed_in(app, mark).await.map(drop)
}

/// Completes the pages at `address` in the browser and waits for the accounts.
pub async fn finish(app: &App, window: &Driver, browser: &Driver, address: &Url, user: &User) -> Result<()> {
    driver::sign_in(browser, address, &user.username, &user.password).await?;
    wait_signed_in(app, 0).await?;
    wait_synced(app, 0).await?;
    window.read(WHILE, "payments-prod").await
}

/// Keeps a profile of the sample's `account` and `role`, neither of which asks back.
pub async fn keep_fresh(app: &App, window: &Driver, account: &str, role: &str, profile: &str) -> Result<()> {
    let row = format!("[data-row='{account}/{role}'] button[aria-label^='Keys']");
    window.click(fantoccini::Locator::Css(&row)).await?;
    window.fill_labelled("Profile name", profile).await?;
    window.press("Start").await?;
    app.says(0, "profile", &serde_json::json!({ "name": profile, "state": "fresh" })).await.map(drop)
}

/// Ends the app as the end of the session does, and waits until it and its server are gone.
pub async fn end(desk: &Desk, app: &App) -> Result<()> {
    let pid = Pid::from_raw(i32::try_from(app.pid().await?)?).context("the app's id is no process id")?;
    kill_process(pid, Signal::TERM)?;
    let gone = || async {
        let none = ["latchkey", "latchkey-server"].iter().all(|program| desk.running(program) == 0);
        Ok(none.then_some(()))
    };
    until(SOON, "the end of the app", gone).await
}

/// How many rows `table` of the app's store has.
pub fn rows(desk: &Desk, table: &str) -> Result<u32> {
    let store = store(desk)?;
    Ok(store.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0))?)
}

/// The organisations in the app's store, as JSON.
pub fn organisations(desk: &Desk) -> Result<Vec<serde_json::Value>> {
    let store = store(desk)?;
    let mut all = store.prepare("SELECT body FROM organisations ORDER BY added")?;
    let bodies: Vec<String> = all.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    bodies.iter().map(|body| serde_json::from_str(body).context("an organisation's row")).collect()
}

fn store(desk: &Desk) -> Result<rusqlite::Connection> {
    let path: PathBuf = desk.home(".local/share/latchkey/latchkey.db");
    ensure!(path.is_file(), "the app has no store at {}", path.display());
    let store = rusqlite::Connection::open_with_flags(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    store.busy_timeout(Duration::from_secs(5))?;
    Ok(store)
}

/// Waits until the window no longer says `text`.
pub async fn read_no(window: &Driver, text: &str) -> Result<()> {
    let gone = || async { Ok((!window.text().await?.contains(text)).then_some(())) };
    until(SOON, &format!("the window to stop saying {text:?}"), gone).await
}
