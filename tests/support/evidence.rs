//! What a failed journey leaves: why it failed, the screen, the pages, the menu, the logs, the bus traffic.

use crate::{desk::Desk, programs};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// Writes everything to `target/journeys/<name>/`, replacing what an earlier run left; `said`, why it failed, to
/// `failure.txt`. What cannot be had (a window that is gone) is left out: the failure itself matters more.
///
/// # Errors
/// That the folder cannot be made.
pub async fn collect(desk: &Desk, name: &str, said: &str) -> Result<PathBuf> {
    let folder = programs::target()?.join("journeys").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("could not clear {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    fs::write(folder.join("failure.txt"), format!("{name}: {said}\n"))?;
    let _ = desk.display().screenshot(&folder.join("screen.png")).await;
    for driver in desk.drivers() {
        let part = driver.name();
        if let Ok(picture) = driver.screenshot().await {
            fs::write(folder.join(format!("{part}.png")), picture)?;
        }
        if let Ok(source) = driver.source().await {
            fs::write(folder.join(format!("{part}.html")), source)?;
        }
    }
    if let Ok(tray) = desk.tray() {
        // The menu now if the app still answers, else as it was last read.
        let now = match tray.item(std::time::Duration::from_millis(100)).await {
            Ok(item) => item.menu().await.ok(),
            Err(_) => None,
        };
        let menu = match now {
            Some(menu) => Some(menu),
            None => tray.last_menu().await,
        };
        fs::write(folder.join("menu.txt"), menu.unwrap_or_default().to_string())?;
    }
    if let Ok(notifications) = desk.notifications() {
        fs::write(folder.join("notifications.txt"), format!("{:#?}\n", notifications.all()))?;
    }
    let opened = desk.browser_requests().all().join("\n");
    fs::write(folder.join("browser-requests.txt"), opened)?;
    copy(&desk.folders().logs(), &folder.join("logs"))?;
    for state in [".local/state/latchkey", ".local/share/latchkey", ".config/latchkey"] {
        let from = desk.home(state);
        if from.is_dir() {
            copy(&from, &folder.join("home").join(state))?;
        }
    }
    Ok(folder)
}

/// That no page of the app's window went wrong: the app's events tell of one, its log why.
///
/// # Errors
/// That one did, with the lines of the log.
pub fn page_is_whole(desk: &Desk) -> Result<()> {
    let folder = desk.home(".local/state/latchkey/logs");
    let logs = fs::read_dir(&folder).into_iter().flatten().flatten();
    let logs: String = logs.filter_map(|log| fs::read_to_string(log.path()).ok()).collect();
    let wrong: Vec<&str> = logs.lines().filter(|line| line.contains(" the window's page what=")).collect();
    ensure!(wrong.is_empty(), "the window's page went wrong: {wrong:#?}");
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        let kind = entry.file_type()?;
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            let _ = fs::copy(entry.path(), target);
        }
    }
    Ok(())
}

/// Says something in a test's output, which libtest shows when the test fails.
pub fn say(text: &str) {
    // Not the captured `eprintln!`: this runs on the runtime's threads too.
    let _ = writeln!(std::io::stderr(), "{text}");
}
