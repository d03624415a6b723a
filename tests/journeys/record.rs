//! Activity as a record: written to files, cleared, and held against whoever changes it outside.

use super::{
    arrival::{add, end, first_window, keep_fresh, read_no, say_yes},
    steps::wait_synced,
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use support::{App, Desk, SandboxServer, deadline::SOON, driver::Driver, journey, until};

/// The text of the toast that says where an export went.
async fn exported(window: &Driver, format: &str, ending: &str) -> Result<PathBuf> {
    window.press("Export…").await?;
    window.press(format).await?;
    until(SOON, "where the export went", || async {
        let text = window.text().await?;
        let mut words = text.split_whitespace().map(|word| word.trim_end_matches('.'));
        Ok(words.find(|word| word.starts_with('/') && word.ends_with(ending)).map(PathBuf::from))
    })
    .await
}

/// What is in the file, which is its owner's alone.
fn private(path: &Path) -> Result<String> {
    let mode = fs::metadata(path).with_context(|| path.display().to_string())?.permissions().mode();
    ensure!(mode & 0o7777 == 0o600, "{} has mode {:o}", path.display(), mode & 0o7777);
    fs::read_to_string(path).context("the export")
}

/// The sentences that the table shows, newest first.
async fn sentences(window: &Driver) -> Result<Vec<String>> {
    // Read at once: a table that changes meanwhile has other rows.
    let rows =
        "return [...document.querySelectorAll('tr[data-row] th button')].map((row) => row.textContent);";
    let rows = window.client().execute(rows, vec![]).await?;
    serde_json::from_value(rows).context("the table's rows")
}

async fn activity(window: &Driver) -> Result<()> {
    window.click(Locator::XPath("//nav//button[contains(., 'Activity')]")).await?;
    window.read(SOON, "What Latchkey did on your behalf").await
}

/// Changes a line of the record as another program does, and gives its number.
fn tamper(desk: &Desk) -> Result<i64> {
    let store = rusqlite::Connection::open(desk.home(".local/share/latchkey/latchkey.db"))?;
    let find = "SELECT id FROM history WHERE event LIKE '%keep_started%'";
    let id: i64 = store.query_row(find, [], |row| row.get(0))?;
    let change = "UPDATE history SET event = REPLACE(event, 'second', 'fourth') WHERE id = ?1";
    ensure!(store.execute(change, [id])? == 1, "line {id} was not changed");
    Ok(id)
}

#[test]
fn the_record_is_exported_cleared_and_tells_when_it_was_changed_outside() {
    journey("record", |desk| async move {
        fs::create_dir_all(desk.home("Downloads"))?;
        fs::create_dir_all(desk.home(".config"))?;
        fs::write(desk.home(".config/user-dirs.dirs"), "XDG_DOWNLOAD_DIR=\"$HOME/Downloads\"\n")?;
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        let address = add(&desk, &window, &server).await?;
        say_yes(&app, 0, &address, server.user()?).await?;
        wait_synced(&app, 0).await?;
        keep_fresh(&app, &window, "381200003344", "Developer", "first").await?;
        activity(&window).await?;
        window.read(SOON, "Record chain intact").await?;
        window.read(SOON, "Started to keep first fresh").await?;

        // For a spreadsheet, and a line for a program; in the folder for downloads.
        let csv = exported(&window, "For a spreadsheet (CSV)", ".csv").await?;
        ensure!(csv.parent() == Some(&desk.home("Downloads")), "{} is elsewhere", csv.display());
        let text = private(&csv)?;
        let head = "\"Time\",\"Event\",\"Account and role\",\"Requested by\",\"Result\",\"Entry\"\r\n";
        ensure!(text.starts_with(head), "{text}");
        ensure!(
            text.contains("\"Started to keep first fresh\",\"data-dev, Developer\",\"You\",\"OK\""),
            "{text}"
        );
        let lines = exported(&window, "JSON lines", ".jsonl").await?;
        let entries =
            private(&lines)?.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        let has = |event: &str| entries.iter().any(|e| e["event"]["event"] == event);
        ensure!(has("signed_in") && has("keep_started") && has("record_exported"), "{entries:#?}");

        // Clearing asks; what stays is that it was cleared.
        window.press("Clear…").await?;
        window.read(SOON, "One entry stays, which says that it was cleared.").await?;
        window.press("Cancel").await?;
        ensure!(sentences(&window).await?.len() > 2, "Cancel cleared it");
        window.press("Clear…").await?;
        window.press("Clear Activity").await?;
        until(SOON, "the cleared record", || async {
            Ok((sentences(&window).await? == ["Cleared Activity"]).then_some(()))
        })
        .await?;
        window.read(SOON, "Record chain intact").await?;

        // Another program changes a line while the app does not run.
        window.click(Locator::XPath("//nav//button[contains(., 'Portal')]")).await?;
        keep_fresh(&app, &window, "381200003344", "Developer", "second").await?;
        end(&desk, &app).await?;
        let line = tamper(&desk)?;
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        app.tray().await?.click(&["Open Latchkey"]).await?;
        let window = window.window().await?;
        activity(&window).await?;
        window.read(SOON, "Record chain broken").await?;
        let title = format!("The record was changed outside Latchkey at entry {line}");
        window.read(SOON, &title).await?;
        window
            .read(SOON, &format!("Found that Activity was changed outside Latchkey at entry {line}"))
            .await?;

        // Cleared, it begins anew.
        window.press("Clear…").await?;
        window.press("Clear Activity").await?;
        window.read(SOON, "Record chain intact").await?;
        read_no(&window, &title).await
    });
}
