//! Notices that the credentials files, or sign-ins in the AWS CLI's cache, changed on disk.

use engine::Signal;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// A program that rewrites a file makes several events; the last one tells that it is done.
const SETTLED: Duration = Duration::from_millis(250);

/// Sends [`Signal::FilesChanged`] some time after any of the files changed, or any sign-in in the folder
/// `cache`, whose files are called by hashes. Folders are watched, not the files, since a file is replaced by renaming another over it. While a folder is not there, the
/// nearest one above it is watched, until it comes.
pub fn watch(files: Vec<PathBuf>, cache: PathBuf, signals: UnboundedSender<Signal>) {
    tokio::spawn(async move {
        let parents = files.iter().filter_map(|file| file.parent().map(PathBuf::from));
        let folders: BTreeSet<PathBuf> = parents.chain([cache.clone()]).collect();
        // By name, since macOS tells of paths in a form of its own. What makes or ends a folder is told by
        // the name of one on the way to it.
        let names: BTreeSet<OsString> = files
            .iter()
            .map(PathBuf::as_path)
            .chain([cache.as_path()])
            .flat_map(Path::ancestors)
            .filter_map(|path| path.file_name().map(OsString::from))
            .collect();
        let (sender, mut changes) = unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let reading = matches!(event.kind, EventKind::Access(_));
            let sign_in = |path: &PathBuf| {
                let there = path.parent().and_then(Path::file_name) == cache.file_name();
                there && path.extension().is_some_and(|it| it == "json")
            };
            let named = |path: &PathBuf| path.file_name().is_some_and(|name| names.contains(name));
            let ours = event.paths.iter().any(|path| named(path) || sign_in(path));
            if ours && !reading {
                // The receiver lives as long as this watcher.
                let _ = sender.send(matches!(event.kind, EventKind::Remove(_)));
            }
        });
        let watcher = match watcher {
            Ok(watcher) => watcher,
            Err(error) => return tracing::warn!(%error, "credentials files are not watched"),
        };
        let mut watches = Watches { watcher, at: BTreeSet::new() };
        watches.place(&folders);
        while let Some(mut gone) = changes.recv().await {
            while let Ok(Some(more)) = tokio::time::timeout(SETTLED, changes.recv()).await {
                gone |= more;
            }
            if gone {
                watches.lift();
            }
            watches.place(&folders);
            if signals.send(Signal::FilesChanged).is_err() {
                break;
            }
        }
    });
}

/// The watches that are in place.
struct Watches {
    watcher: RecommendedWatcher,
    at: BTreeSet<PathBuf>,
}

impl Watches {
    /// Watches each folder, or the nearest above it that is there. A folder that comes while its watch is
    /// being placed is found at the second look.
    fn place(&mut self, folders: &BTreeSet<PathBuf>) {
        loop {
            let nearest = |folder: &PathBuf| folder.ancestors().find(|it| it.is_dir()).map(PathBuf::from);
            let wanted: BTreeSet<PathBuf> = folders.iter().filter_map(nearest).collect();
            if wanted == self.at {
                return;
            }
            for folder in self.at.difference(&wanted) {
                // A folder that is gone has no watch any more.
                let _ = self.watcher.unwatch(folder);
            }
            for folder in wanted.difference(&self.at) {
                if let Err(error) = self.watcher.watch(folder, RecursiveMode::NonRecursive) {
                    tracing::warn!(%error, folder = %folder.display(), "folder is not watched");
                }
            }
            self.at = wanted;
        }
    }

    /// Takes all away: a folder that was deleted and made anew has lost its watch.
    fn lift(&mut self) {
        for folder in std::mem::take(&mut self.at) {
            let _ = self.watcher.unwatch(&folder);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
    use super::*;
    use tokio::sync::mpsc::UnboundedReceiver;

    /// Writes as a program does that replaces the file, until that is noticed: the watch begins some time
    /// after the call.
    async fn noticed(signals: &mut UnboundedReceiver<Signal>, file: &Path) {
        let folder = file.parent().unwrap();
        let noticed = tokio::time::timeout(Duration::from_secs(10), async {
            let mut tick = tokio::time::interval(Duration::from_millis(300));
            loop {
                tokio::select! {
                    signal = signals.recv() => break signal,
                    _ = tick.tick() => {
                        std::fs::write(folder.join("other"), "x").unwrap();
                        std::fs::write(folder.join("new"), "x").unwrap();
                        std::fs::rename(folder.join("new"), file).unwrap();
                    }
                }
            }
        });
        assert_eq!(noticed.await.expect("a change within 10 s"), Some(Signal::FilesChanged));
    }

    #[tokio::test]
    async fn a_replaced_file_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("credentials");
        let (sender, mut signals) = unbounded_channel();
        watch(vec![file.clone()], home.path().join("sso/cache"), sender);
        noticed(&mut signals, &file).await;
    }

    #[tokio::test]
    async fn a_sign_in_that_a_tool_renewed_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join("sso/cache");
        let (sender, mut signals) = unbounded_channel();
        watch(vec![home.path().join("credentials")], cache.clone(), sender);
        std::fs::create_dir_all(&cache).unwrap();
        noticed(&mut signals, &cache.join("640d87e741e6aa4c669a82a4cd304787960513ab.json")).await;
    }

    #[tokio::test]
    async fn a_folder_that_comes_later_or_anew_is_watched_too() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/.aws");
        let file = folder.join("credentials");
        let (sender, mut signals) = unbounded_channel();
        watch(vec![file.clone()], home.path().join("sso/cache"), sender);
        for _ in 0..2 {
            std::fs::create_dir_all(&folder).unwrap();
            noticed(&mut signals, &file).await;
            std::fs::remove_dir_all(home.path().join("a")).unwrap();
        }
    }
}
