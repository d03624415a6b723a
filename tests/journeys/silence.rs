//! When the person is not told: each rule of silence that hangs on the desktop, answered by the
//! real buses. The rules that hang on our own state have their tests beside the model.

use super::steps::{Organisation, wait_signed_in, wait_synced};
use anyhow::ensure;
use serde_json::json;
use std::time::Duration;
use support::{
    App, Person, SandboxServer,
    app::{has, name},
    deadline::WHILE,
    journey,
};

/// A sign-in of 16 minutes is announced when 15 are left: a minute after it began.
const ANNOUNCED: Duration = Duration::from_secs(150);

#[test]
fn a_notification_waits_for_the_person() {
    journey("silence", |desk| async move {
        let server = SandboxServer::start().await?;
        server.session_minutes(16).await?;
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        tray.click(&["Open Latchkey"]).await?;
        let window = window.window().await?;
        window.press("Enter your start URL").await?;
        Organisation::of(&server).type_into(&window).await?;
        let opened = desk.browser_requests().mark();
        window.press("Continue to sign in").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        let person = Person::new()?;
        let back = person.sign_in(&address, server.user()?).await?.leads_to;
        ensure!(back.is_some(), "the sign-in did not lead back");
        if let Some(back) = back {
            person.open(&back).await?;
        }
        wait_signed_in(&app, 0).await?;
        wait_synced(&app, 0).await?;

        // Something depends on the sign-in: a console was opened today.
        let opened = desk.browser_requests().mark();
        tray.click(&["Accounts", "payments-prod*", "ReadOnly"]).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the console").await?;
        person.open(&address).await?;
        app.says(0, "launch", &json!({ "state": "opened" })).await?;
        desk.display().close_windows("latchkey")?;
        app.says(0, "window", &json!({ "label": "main", "state": "destroyed" })).await?;

        // Every reason at once; each is named when the one before has gone.
        let notifications = desk.notifications()?;
        desk.machine().set_locked(true).await?;
        desk.screen_saver().set_idle(301);
        notifications.set_do_not_disturb(true).await?;
        let held = async |mark: usize, reason: &str| {
            let what = format!("a notification held: {reason}");
            let fields = json!({ "shown": false, "reason": reason });
            app.event_after(mark, ANNOUNCED, &what, |e| name(e) == "notification" && has(e, &fields)).await
        };
        let first = held(0, "screen_locked").await?;
        let notice = first["notice"].as_str().unwrap_or_default();
        ensure!(notice.starts_with("sign-in-ending/"), "{first}");
        desk.machine().set_locked(false).await?;
        held(0, "idle").await?;
        desk.screen_saver().set_idle(0);
        // The person touched something: the session says so by not being locked again.
        desk.machine().set_locked(false).await?;
        held(0, "do_not_disturb").await?;
        notifications.set_do_not_disturb(false).await?;
        desk.machine().set_locked(false).await?;
        held(0, "new_installation").await?;
        ensure!(notifications.all().is_empty(), "shown all the same: {:?}", notifications.all());
        Ok(())
    });
}
