//! Notices that the credentials files changed on disk.

use engine::Signal;
use notify::{EventKind, RecursiveMode, Watcher};
use std::{collections::BTreeSet, ffi::OsString, path::PathBuf, time::Duration};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// A program that rewrites a file makes several events; the last one tells that it is done.
const SETTLED: Duration = Duration::from_millis(250);

/// Sends [`Signal::FilesChanged`] some time after any of the files changed. Their folders are watched,
/// not the files, since a file is replaced by renaming another over it. A folder that is not there yet
/// is not watched: the engine looks at the files whenever it is about to write them anyway.
pub fn watch(files: Vec<PathBuf>, signals: UnboundedSender<Signal>) {
    tokio::spawn(async move {
        let names: BTreeSet<OsString> =
            files.iter().filter_map(|file| file.file_name().map(OsString::from)).collect();
        let (sender, mut changes) = unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let reading = matches!(event.kind, EventKind::Access(_));
            let ours =
                event.paths.iter().filter_map(|path| path.file_name()).any(|name| names.contains(name));
            if ours && !reading {
                // The receiver lives as long as this watcher.
                let _ = sender.send(());
            }
        });
        let mut watcher = match watcher {
            Ok(watcher) => watcher,
            Err(error) => return tracing::warn!(%error, "credentials files are not watched"),
        };
        let folders: BTreeSet<PathBuf> =
            files.iter().filter_map(|file| file.parent().map(PathBuf::from)).collect();
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                tracing::warn!(%error, folder = %folder.display(), "folder is not watched");
            }
        }
        while changes.recv().await.is_some() {
            while tokio::time::timeout(SETTLED, changes.recv()).await.is_ok_and(|more| more.is_some()) {}
            if signals.send(Signal::FilesChanged).is_err() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
    use super::*;

    #[tokio::test]
    async fn a_replaced_file_is_noticed_and_a_neighbour_is_not() {
        let folder = std::env::temp_dir().join(format!("latchkey-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("credentials");
        let (sender, mut signals) = unbounded_channel();
        watch(vec![file.clone()], sender);
        let deadline = Duration::from_secs(10);
        // The watch begins some time after the call; a change before that is not seen. So write until
        // it is: the test fails when no write is ever noticed.
        let noticed = tokio::time::timeout(deadline, async {
            let mut tick = tokio::time::interval(Duration::from_millis(300));
            loop {
                tokio::select! {
                    signal = signals.recv() => break signal,
                    _ = tick.tick() => {
                        std::fs::write(folder.join("other"), "x").unwrap();
                        std::fs::write(folder.join("new"), "x").unwrap();
                        std::fs::rename(folder.join("new"), &file).unwrap();
                    }
                }
            }
        });
        assert_eq!(noticed.await.expect("a change within 10 s"), Some(Signal::FilesChanged));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
