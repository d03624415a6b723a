//! A privileged role of production is kept fresh for a limited time only, and ends by itself.

use super::{
    arrival::{add, end, first_window, say_yes},
    deliveries::choose,
    steps::{credentials_file, installed_two_hours_ago, wait_synced},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::fs;
use support::{
    App, Desk,
    deadline::{SOON, WHILE},
    journey, organisation,
};

const PROFILE: &str = "live-admin";

/// The moment until which it is kept, as stored; moved to `until` where that is given.
fn time_box(desk: &Desk, until: Option<Timestamp>) -> Result<Timestamp> {
    let store = rusqlite::Connection::open(desk.home(".local/share/latchkey/latchkey.db"))?;
    let body: String = store
        .query_row("SELECT body FROM kept WHERE profile = ?1", [PROFILE], |row| row.get(0))
        .context("the profile is not in the store")?;
    let mut body: Value = serde_json::from_str(&body)?;
    let stored = body["until"].as_str().context("it is kept without an end")?.parse()?;
    if let Some(until) = until {
        body["until"] = json!(until);
        store.execute("UPDATE kept SET body = ?1 WHERE profile = ?2", [&body.to_string(), PROFILE])?;
    }
    Ok(stored)
}

fn in_the_file(desk: &Desk) -> Result<bool> {
    Ok(fs::read_to_string(credentials_file(desk))?.contains(&format!("[{PROFILE}]")))
}

/// The shortest time box is a quarter of an hour: the stored end is moved, as if the rest of it had passed
/// while the computer was off.
#[test]
fn a_privileged_profile_of_production_ends_by_itself() {
    journey("time-box", |desk| async move {
        installed_two_hours_ago(&desk).await?;
        let mut file = organisation::head("Acme", "700000000001", "everybody", "sam", "");
        file += &organisation::account("111122223333", "live-prod", "Administrator", "everybody");
        let server = organisation::serve(&desk.folders().root().join("acme"), &file).await?;
        let (app, window) = first_window(&desk).await?;
        let address = add(&desk, &window, &server).await?;
        say_yes(&app, 0, &address, server.user()?).await?;
        wait_synced(&app, 0).await?;
        let keys = "[data-row='111122223333/Administrator'] button[aria-label^='Keys']";
        window.click(Locator::Css(keys)).await?;
        window.fill_labelled("Profile name", PROFILE).await?;
        // On demand is what it suggests for such a role.
        choose(&window, "Credentials file").await?;
        window.press("Start").await?;
        window.read(SOON, "Keep production credentials fresh as Administrator?").await?;
        let quarter = "//dialog[@open]//select[@id=//label[.='Keep it fresh for']/@for]/option[.='15 min']";
        window.click(Locator::XPath(quarter)).await?;
        let asked = Timestamp::now();
        window.press("Keep it fresh").await?;
        app.says(0, "profile", &json!({ "name": PROFILE, "state": "fresh" })).await?;
        let until = time_box(&desk, None)?.duration_since(asked);
        let quarter = SignedDuration::from_mins(15);
        ensure!(until >= quarter && until < quarter * 2, "kept for {until} instead of a quarter of an hour");
        ensure!(in_the_file(&desk)?, "no keys in the file");
        end(&desk, &app).await?;

        time_box(&desk, Some(Timestamp::now()))?;
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        app.says(0, "profile", &json!({ "name": PROFILE, "state": "gone" })).await?;
        ensure!(!in_the_file(&desk)?, "its keys are still in the file");
        // What happens within 20 s is told together.
        let over = format!("{PROFILE} stopped, as planned");
        let told = desk.notifications()?.wait(WHILE, &over, |n| n.summary == over).await?;
        app.says(0, "notification", &json!({ "notice": "time_over", "shown": true })).await?;
        // On for another hour only when asked anew.
        ensure!(told.actions.iter().any(|(_, label)| label.starts_with("Keep")), "{:?}", told.actions);
        Ok(())
    });
}
