//! Another version is installed while the app runs: it says so, and lets it in without a sign-in or a profile lost.

use super::{
    arrival::{end, first_window, keep_fresh, sign_in},
    steps::{credentials_file, installed_two_hours_ago},
};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Instant,
};
use support::{
    App, Desk, SandboxServer,
    deadline::{SOON, START, WHILE},
    desktop::Item,
    evidence::say,
    journey, programs, until,
};

const OURS: &str = env!("CARGO_PKG_VERSION");

/// Where a package installs programs.
struct Installation(PathBuf);

impl Installation {
    fn make(desk: &Desk) -> Result<Self> {
        let here = Self(desk.folders().root().join("opt"));
        fs::create_dir(&here.0)?;
        // As packages have it, whatever this machine makes folders like.
        fs::set_permissions(&here.0, fs::Permissions::from_mode(0o755))?;
        for program in [programs::latchkey()?, programs::latchkey_server()?, programs::latch()?] {
            let name = program.file_name().context("a program without a name")?;
            fs::copy(&program, here.0.join(name))?;
        }
        Ok(here)
    }

    fn latchkey(&self) -> PathBuf {
        self.0.join("latchkey")
    }

    /// Puts the app in place once more as a package manager does, with all digits of its version as `digit`.
    fn upgrade(&self, digit: u8) -> Result<String> {
        let version: String =
            OURS.chars().map(|c| if c.is_ascii_digit() { char::from(digit) } else { c }).collect();
        let new = self.0.join("latchkey.dpkg-new");
        fs::write(&new, renamed(fs::read(programs::latchkey()?)?, &version)?)?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
        fs::rename(new, self.latchkey())?;
        Ok(version)
    }
}

/// The same program, that calls itself `version`, which is as long as ours.
fn renamed(mut program: Vec<u8>, version: &str) -> Result<Vec<u8>> {
    let says = format!("latchkey {OURS}");
    let (ours, theirs) = (says.as_bytes(), format!("latchkey {version}"));
    let places: Vec<_> = program.windows(ours.len()).enumerate().filter(|(_, w)| *w == ours).collect();
    let places: Vec<_> = places.into_iter().map(|(at, _)| at).collect();
    ensure!(!places.is_empty() && ours.len() == theirs.len(), "the program does not hold {says:?}");
    for at in places {
        program[at..at + ours.len()].copy_from_slice(theirs.as_bytes());
    }
    Ok(program)
}

/// Children of a process that have ended and that nobody asked about.
fn left_over(parent: u64) -> Vec<String> {
    let stats = fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = stats.filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
    stats
        .filter(|stat| {
            let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            rest.starts_with(&format!("Z {parent} "))
        })
        .collect()
}

/// Waits until the app stands there again after `mark`: the process of before, as what is in its place now.
async fn again(app: &App, tray_mark: usize, desk: &Desk, mark: usize, place: &Path) -> Result<Item> {
    let before = app.pid().await?;
    let started = app.event_after(mark, START, "the app to start again", |e| e["event"] == "started").await?;
    ensure!(started["pid"] == before, "another process: {started}");
    let runs = fs::read_link(format!("/proc/{before}/exe"))?;
    ensure!(runs == place, "it runs {}", runs.display());
    desk.tray()?.item_after(tray_mark, START).await
}

#[test]
fn another_version_is_told_and_let_in() {
    journey("update", |desk| async move {
        installed_two_hours_ago(&desk).await?;
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;
        keep_fresh(&app, &window, "381200003344", "Developer", "data-dev").await?;
        end(&desk, &app).await?;
        // What quitting would take out stays.
        let settings = desk.home(".config/latchkey/latchkey.toml");
        let said = fs::read_to_string(&settings).unwrap_or_default();
        fs::write(
            &settings,
            format!("remove_on_quit = true\n{}", said.replace("remove_on_quit = false\n", "")),
        )?;

        let installation = Installation::make(&desk)?;
        let place = installation.latchkey();
        let app = App::start_program(&desk, &place, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        app.says(0, "profile", &json!({ "name": "data-dev", "state": "fresh" })).await?;
        let (file, opened) = (fs::read(credentials_file(&desk))?, desk.browser_requests().mark());
        ensure!(tray.menu().await?.find(&["Restart to update*"]).is_none(), "nothing was installed");

        // From the notification, without a window.
        let version = installation.upgrade(b'9')?;
        app.says(0, "update", &json!({ "version": version })).await?;
        let title = format!("Latchkey {version} is ready");
        let told = desk.notifications()?.wait(WHILE, "the new version", |n| n.summary == title).await?;
        ensure!(told.body == "Restarts in 2 s, credentials stay valid.", "{told:?}");
        let row = format!("Restart to update to {version}");
        tray.wait_menu(WHILE, "the row", |menu| {
            let labels = menu.labels();
            (labels.last() == Some(&"Quit") && labels.iter().nth_back(1) == Some(&row.as_str())).then_some(())
        })
        .await?;
        let (mark, tray_mark, begin) = (app.mark(), desk.tray()?.mark(), Instant::now());
        desk.notifications()?.press(&told, "Restart").await?;
        let tray = again(&app, tray_mark, &desk, mark, &place).await?;
        say(&format!("let in within {} ms\n", begin.elapsed().as_millis()));
        app.says(mark, "profile", &json!({ "name": "data-dev", "state": "fresh" })).await?;
        ensure!(tray.menu().await?.find(&["Restart to update*"]).is_none(), "it runs already");
        ensure!(desk.running("WebKitWebProcess") == 0, "a window that nobody opened");

        // From the tray, with the window, which comes back.
        tray.click(&["Open Latchkey"]).await?;
        app.says(mark, "window", &json!({ "label": "main", "state": "drawn" })).await?;
        let version = installation.upgrade(b'8')?;
        app.says(mark, "update", &json!({ "version": version })).await?;
        let row = format!("Restart to update to {version}");
        tray.wait_menu(WHILE, "the row", |menu| menu.find(&[row.as_str()]).map(drop)).await?;
        let (mark, tray_mark) = (app.mark(), desk.tray()?.mark());
        tray.click(&[row.as_str()]).await?;
        again(&app, tray_mark, &desk, mark, &place).await?;
        app.says(mark, "window", &json!({ "label": "main", "state": "drawn" })).await?;
        app.says(mark, "profile", &json!({ "name": "data-dev", "state": "fresh" })).await?;
        let pid = app.pid().await?;
        let none = || async { Ok(left_over(pid).is_empty().then_some(())) };
        until(SOON, "the end of the web processes of before", none).await?;

        ensure!(desk.browser_requests().mark() == opened, "a browser was opened for that");
        ensure!(fs::read(credentials_file(&desk))? == file, "credentials that still work were touched");
        end(&desk, &app).await?;
        app.ended().await
    });
}
