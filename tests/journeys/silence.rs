//! When the person is not told: each rule of silence, answered by the real desktop, window, settings
//! and network. What each does by itself is tested beside the model.

use super::{
    arrival::{add, add_by_form, first_window, keep_fresh, read_no, say_yes},
    sandbox::sample_user,
    steps::{changed, credentials_file, installed_two_hours_ago, wait_synced},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::{fs, path::Path};
use support::{
    App, Desk, Person, SandboxServer,
    deadline::{SOON, START, WHILE},
    desktop::Notification,
    driver::Driver,
    journey, until,
};

const PRODUCT: &str = "latchkey";
/// A sign-in of so many minutes is announced as soon as something depends on it.
const ENDS_SOON: u32 = 15;

/// The organisation is added and signed in to.
async fn first_sign_in(desk: &Desk, app: &App, window: &Driver, server: &SandboxServer) -> Result<()> {
    let address = add(desk, window, server).await?;
    say_yes(app, 0, &address, server.user()?).await?;
    wait_synced(app, 0).await.map(drop)
}

/// A sign-in in place of the one that stands, until its sync is over; gives the mark when it began.
async fn sign_in_anew(desk: &Desk, app: &App, server: &SandboxServer) -> Result<usize> {
    let (tray, mark) = (app.tray().await?, app.mark());
    tray.click(&["Sign out of*"]).await?;
    app.says(mark, "signin", &json!({ "state": "signed_out" })).await?;
    let opened = desk.browser_requests().mark();
    tray.click(&["Sign in to*"]).await?;
    app.says(mark, "signin", &json!({ "state": "in_progress" })).await?;
    // Signing out ended the sync before: only from here on its end is the new one's.
    let mark = app.mark();
    let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
    say_yes(app, mark, &address, server.user()?).await?;
    wait_synced(app, mark).await?;
    Ok(mark)
}

/// A console is opened: from now on something depends on the sign-in.
async fn open_console(desk: &Desk, app: &App) -> Result<()> {
    let (opened, mark) = (desk.browser_requests().mark(), app.mark());
    app.tray().await?.click(&["Accounts", "payments-prod*", "ReadOnly"]).await?;
    let address = desk.browser_requests().next(opened, WHILE, "the console").await?;
    Person::new()?.open(&address).await?;
    app.says(mark, "launch", &json!({ "state": "opened" })).await.map(drop)
}

async fn close_window(desk: &Desk, app: &App) -> Result<()> {
    let mark = app.mark();
    desk.display().close_windows(PRODUCT)?;
    app.says(mark, "window", &json!({ "label": "main", "state": "destroyed" })).await.map(drop)
}

/// The first notification not shown for `reason` after `mark`.
async fn held(app: &App, mark: usize, reason: &str) -> Result<Value> {
    app.says(mark, "notification", &json!({ "shown": false, "reason": reason })).await
}

/// Tells the app that the person is there: what is held is asked about again.
async fn touch(desk: &Desk) -> Result<()> {
    desk.machine().set_locked(false).await
}

/// Sets the switch beside `label`, and waits until the app says that it is so.
async fn set(window: &Driver, label: &str, on: bool) -> Result<()> {
    let switch = format!("//span[.='{label}']/following::button[@role='switch'][1]");
    window.click(Locator::XPath(&format!("{switch}[@aria-checked='{}']", !on))).await?;
    window.see(Locator::XPath(&format!("{switch}[@aria-checked='{on}']"))).await.map(drop)
}

/// Waits until the app's own log has `words`.
async fn logged(desk: &Desk, words: &str) -> Result<()> {
    let folder = desk.home(".local/state/latchkey/logs");
    until(WHILE, &format!("{words:?} in the app's log"), || async {
        let logs = fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
        let says = |log: &fs::DirEntry| fs::read_to_string(log.path()).is_ok_and(|text| text.contains(words));
        Ok(logs.iter().any(says).then_some(()))
    })
    .await
}

/// Waits for the next second: two sign-ins that end in the same one are the same to a notification.
async fn next_second() -> Result<()> {
    let now = Timestamp::now().as_second();
    let next = || async { Ok((Timestamp::now().as_second() > now).then_some(())) };
    until(SOON, "the next second", next).await
}

/// A time zone, as `TZ` has it, where it is three in the morning.
fn night() -> String {
    let hour = Timestamp::now().to_zoned_datetime(TimeZone::UTC).hour();
    let east = (i32::from(3 - hour) + 36) % 24 - 12;
    // East of Greenwich is negative there.
    format!("<night>{}", -east)
}

#[test]
fn a_notification_waits_for_the_person() {
    journey("silence", |desk| async move {
        let server = SandboxServer::start().await?;
        server.session_minutes(ENDS_SOON).await?;
        let (app, window) = first_window(&desk).await?;
        first_sign_in(&desk, &app, &window, &server).await?;
        close_window(&desk, &app).await?;

        // Every reason at once; each is named when the one before has gone.
        let notifications = desk.notifications()?;
        desk.machine().set_locked(true).await?;
        desk.screen_saver().set_idle(301);
        notifications.set_do_not_disturb(true).await?;
        open_console(&desk, &app).await?;
        let first = held(&app, 0, "screen_locked").await?;
        let notice = first["notice"].as_str().unwrap_or_default();
        ensure!(notice.starts_with("sign-in-ending/"), "{first}");
        desk.machine().set_locked(false).await?;
        held(&app, 0, "idle").await?;
        desk.screen_saver().set_idle(0);
        touch(&desk).await?;
        held(&app, 0, "do_not_disturb").await?;
        notifications.set_do_not_disturb(false).await?;
        touch(&desk).await?;
        held(&app, 0, "new_installation").await?;
        ensure!(notifications.all().is_empty(), "shown all the same: {:?}", notifications.all());
        Ok(())
    });
}

/// What the person set and does, and the network; at the end, with all reasons gone, it is shown, and
/// its button is pressed faster than the app can know what it has shown.
#[test]
fn a_notification_waits_until_the_person_wants_it_and_can_act_on_it() {
    journey("silence-wanted", |desk| async move {
        installed_two_hours_ago(&desk).await?;
        let server = SandboxServer::start().await?;
        let (app, window) = App::start_driven(&desk, &[], &[("TZ", &night())]).await?;
        let window = window.window().await?;
        first_sign_in(&desk, &app, &window, &server).await?;
        open_console(&desk, &app).await?;

        // Switched off: this one is dropped, also when notifications are switched on again.
        let tray = app.tray().await?;
        tray.click(&["Preferences"]).await?;
        window.press("Notifications").await?;
        set(&window, "Quiet hours", true).await?;
        set(&window, "Notifications", false).await?;
        tray.click(&["Pause refreshing", "Until I resume"]).await?;
        server.session_minutes(ENDS_SOON).await?;
        let mark = sign_in_anew(&desk, &app, &server).await?;
        let dropped = held(&app, mark, "switched_off").await?;
        set(&window, "Notifications", true).await?;
        next_second().await?;

        // Every other reason at once; each is named when the one before has gone.
        desk.display().focus_nothing()?;
        let mark = sign_in_anew(&desk, &app, &server).await?;
        held(&app, mark, "quiet_hours").await?;
        desk.display().focus(PRODUCT)?;
        let notice = held(&app, mark, "window_shows_it").await?["notice"].clone();
        ensure!(notice != dropped["notice"], "the dropped one came back: {notice}");
        let mark = app.mark();
        desk.display().focus_nothing()?;
        held(&app, mark, "quiet_hours").await?;
        set(&window, "Quiet hours", false).await?;
        touch(&desk).await?;
        held(&app, mark, "paused").await?;
        // Nothing is on its way to the server that would say otherwise.
        desk.machine().set_network(false).await?;
        window.read(SOON, "You are offline").await?;
        tray.click(&["Resume refreshing"]).await?;
        tray.wait_menu(SOON, "the end of the pause", |menu| menu.find(&["Pause refreshing"]).map(drop))
            .await?;
        touch(&desk).await?;
        held(&app, mark, "offline").await?;
        let notifications = desk.notifications()?;
        ensure!(notifications.all().is_empty(), "shown all the same: {:?}", notifications.all());

        // The server tells of the press before it has told which notification it was.
        let tell = notifications.press_at_once("Sign in");
        let opened = desk.browser_requests().mark();
        desk.machine().set_network(true).await?;
        read_no(&window, "You are offline").await?;
        touch(&desk).await?;
        logged(&desk, "a notification that may be on its way was answered").await?;
        ensure!(desk.browser_requests().mark() == opened, "it acted on what it may not have shown");
        drop(tell);
        let address = desk.browser_requests().next(opened, SOON, "the sign-in page").await?;
        ensure!(address.path() == "/authorize", "the browser was sent to {}", address.path());
        let told = app.says(mark, "notification", &json!({ "shown": true })).await?;
        ensure!(told["key"] == notice, "another one was shown: {told}");
        ensure!(notifications.mark() == 1, "not one: {:?}", notifications.all());
        Ok(())
    });
}

/// Another program writes its own keys over those of the profile.
fn write_over(file: &Path, profile: &str) -> Result<()> {
    let ours = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let theirs = changed(&ours, profile, "aws_access_key_id", "ASIATHEIRS0000000000");
    ensure!(theirs != ours, "{} has no keys of {profile}", file.display());
    Ok(fs::write(file, theirs)?)
}

/// The same happens to a profile of the sample organisation and to one of a real one.
#[test]
fn the_sample_organisation_is_silent_where_a_real_one_is_not() {
    journey("silence-sandbox", |desk| async move {
        installed_two_hours_ago(&desk).await?;
        let (app, window) = App::start_driven(&desk, &["--sandbox"], &[]).await?;
        let window = window.window().await?;
        let user = sample_user(&window).await?;
        let opened = desk.browser_requests().mark();
        window.press("Use the browser instead").await?;
        let address = desk.browser_requests().next(opened, START, "the sign-in page").await?;
        say_yes(&app, 0, &address, &user).await?;
        keep_fresh(&app, &window, "381200003344", "Developer", "sample-dev").await?;

        let server = SandboxServer::start().await?;
        let mark = app.mark();
        window.click(Locator::Css("header button.org")).await?;
        window.press("Add an organisation…").await?;
        let address = add_by_form(&desk, &window, &server).await?;
        say_yes(&app, mark, &address, server.user()?).await?;
        keep_fresh(&app, &window, "381200003344", "Developer", "real-dev").await?;
        close_window(&desk, &app).await?;

        let mark = app.mark();
        write_over(&desk.home(".local/share/latchkey/sandbox/aws/credentials"), "sample-dev")?;
        write_over(&credentials_file(&desk), "real-dev")?;
        app.tray().await?.click(&["Refresh everything now"]).await?;
        let dropped = held(&app, mark, "sandbox").await?;
        ensure!(dropped["notice"].as_str().is_some_and(|n| n.starts_with("conflict/")), "{dropped}");
        let notifications = desk.notifications()?;
        let of_real = |n: &Notification| n.summary == "Another program changed real-dev";
        notifications.wait(WHILE, "the conflict told", of_real).await?;
        app.says(mark, "notification", &json!({ "notice": "conflict", "shown": true })).await?;
        ensure!(notifications.mark() == 1, "not one: {:?}", notifications.all());
        Ok(())
    });
}
