//! Starting with the desktop session, as the settings say.

use engine::Snapshot;
use std::sync::Arc;
use tauri::AppHandle;
use tauri_plugin_autostart::ManagerExt;
use tokio::sync::watch;
use view::Around;

/// Keeps the desktop's entry as the setting is, from the first loaded snapshot on.
pub async fn follow(
    app: AppHandle,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    around: watch::Sender<Around>,
) {
    let mut done = None;
    while snapshots.changed().await.is_ok() {
        let (loaded, wanted) = {
            let now = snapshots.borrow_and_update();
            (now.loaded, now.settings.autostart)
        };
        if !loaded || done.replace(wanted) == Some(wanted) {
            continue;
        }
        let entry = app.autolaunch();
        let is = entry.is_enabled().unwrap_or(!wanted);
        let changed = match (wanted, is) {
            (true, false) => entry.enable(),
            (false, true) => entry.disable(),
            _ => Ok(()),
        };
        let failure = changed.err().map(|error| {
            tracing::warn!(%error, wanted, "the autostart entry could not be changed");
            error.to_string()
        });
        around.send_if_modified(|known| {
            let news = known.autostart_failure != failure;
            known.autostart_failure = failure;
            news
        });
    }
}
