//! What a failed journey leaves: the screen, the pages, the menu, the logs, the bus traffic.

use crate::{desk::Desk, programs};
use anyhow::{Context, Result};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// Writes everything to `target/journeys/<name>/`, replacing what an earlier run left. What cannot
/// be had (a window that is gone) is left out: the failure itself matters more.
///
/// # Errors
/// That the folder cannot be made.
pub async fn collect(desk: &Desk, name: &str) -> Result<PathBuf> {
    let folder = programs::target()?.join("journeys").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("could not clear {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
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
