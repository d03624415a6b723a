//! This program's own file. The system's package manager puts another version in its place while this one runs,
//! which then goes on as it was: this notices, and starts the other one in this one's place when the person wants it.

#[cfg(target_os = "linux")]
pub mod children;
mod file;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(not(unix))]
mod elsewhere;
#[cfg(not(unix))]
use elsewhere as platform;

use async_trait::async_trait;
use engine::{model::code::Code, ports::Program};
use file::Mark;
use notify::{RecursiveMode, Watcher};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc, watch};

/// Another program's file comes with others beside it, which are there a moment later.
const SETTLED: Duration = Duration::from_secs(1);

/// It is looked at this often besides, since a folder that was replaced as a whole tells nothing.
const LOOKS: Duration = Duration::from_secs(600);

/// The place on disk that this program was started from.
pub struct OwnFile {
    path: PathBuf,
    at_start: Option<Mark>,
    ready: watch::Sender<Option<String>>,
    again: AtomicBool,
    window: AtomicBool,
}

impl OwnFile {
    /// Remembers which file that is. To be called before it can be another one: at the start.
    pub fn of_this_program() -> io::Result<Self> {
        Ok(Self::at(std::env::current_exe()?))
    }

    fn at(path: PathBuf) -> Self {
        let at_start = Mark::of(&path).ok();
        Self {
            path,
            at_start,
            ready: watch::Sender::new(None),
            again: AtomicBool::new(false),
            window: AtomicBool::new(false),
        }
    }

    /// Looks for another one from now on.
    pub async fn watch(self: Arc<Self>) {
        let (changes, mut changed) = mpsc::unbounded_channel();
        // It watches for as long as it is there.
        let _watcher = watcher(&self.path, changes)
            .inspect_err(|error| tracing::warn!(%error, "the folder of this program is not watched"));
        let mut seen = self.at_start;
        loop {
            seen = self.look(seen).await;
            if let Ok(Some(())) = tokio::time::timeout(LOOKS, changed.recv()).await {
                while let Ok(Some(())) = tokio::time::timeout(SETTLED, changed.recv()).await {}
            }
        }
    }

    /// Tells what is there, when that is not what was `seen` last; what it is now. Nothing, to be looked at
    /// again: it is on its way, or does not start yet.
    async fn look(&self, seen: Option<Mark>) -> Option<Mark> {
        let now = Mark::of(&self.path).ok();
        if now.is_some() && now == seen {
            return seen;
        }
        let found = match now {
            // Taken away, or about to come.
            None => Ok(None),
            Some(_) if now == self.at_start => Ok(None),
            Some(_) => self.other().await,
        };
        let (version, seen) = match found {
            Ok(version) => (version, now),
            Err(reason) => {
                tracing::warn!(reason, "what was put in this program's place is not taken");
                (None, None)
            }
        };
        let news = self.ready.send_if_modified(|known| {
            let news = *known != version;
            known.clone_from(&version);
            news
        });
        if news {
            tracing::info!(?version, "this program's place has another version");
        }
        seen
    }

    /// The version that is there, where it is another one.
    async fn other(&self) -> Result<Option<String>, String> {
        let version = file::version_of(&self.path, self.at_start.as_ref()).await?;
        Ok((version != env!("CARGO_PKG_VERSION")).then_some(version))
    }

    /// Whether it is to be started again; its window is to come up then if there is one now.
    pub fn starts_again(&self, window: bool) -> bool {
        self.window.store(window, Ordering::Relaxed);
        self.again.load(Ordering::Relaxed)
    }

    /// Starts what is there in this program's place, once nothing of this one runs any more. Returns only when
    /// it does not have to, or cannot.
    ///
    /// # Errors
    /// The system refused.
    pub fn give_way(&self) -> io::Result<()> {
        if !self.again.load(Ordering::Relaxed) {
            return Ok(());
        }
        let window = if self.window.load(Ordering::Relaxed) { "--window" } else { "--hidden" };
        platform::start_in_our_place(&self.path, window)
    }
}

#[async_trait]
impl Program for OwnFile {
    fn ready(&self) -> watch::Receiver<Option<String>> {
        self.ready.subscribe()
    }

    async fn try_out(&self) -> Result<String, Code> {
        let tried = file::version_of(&self.path, self.at_start.as_ref()).await;
        tried.map_err(|reason| Code::UpdateDoesNotStart { reason })
    }

    fn start_again(&self) {
        self.again.store(true, Ordering::Relaxed);
    }
}

/// Tells of every change of a file of this name in its folder, since a file is replaced by renaming another over it.
fn watcher(path: &Path, changes: mpsc::UnboundedSender<()>) -> notify::Result<notify::RecommendedWatcher> {
    let name = path.file_name().map(ToOwned::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let ours = event.paths.iter().any(|path| path.file_name() == name.as_deref());
        if ours && !matches!(event.kind, notify::EventKind::Access(_)) {
            // The receiver lives as long as this watcher.
            let _ = changes.send(());
        }
    })?;
    watcher.watch(path.parent().unwrap_or(Path::new(".")), RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    /// A program that says this when it is asked for its version, put in place as package managers do.
    fn install(folder: &Path, script: &str) {
        let (new, place) = (folder.join("latchkey.dpkg-new"), folder.join("latchkey"));
        fs::write(&new, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(new, place).unwrap();
    }

    fn says(version: &str) -> String {
        format!("[ \"$1\" = --version ] && echo \"latchkey {version}\"")
    }

    fn place() -> (tempfile::TempDir, Arc<OwnFile>) {
        let folder = tempfile::tempdir().unwrap();
        install(folder.path(), &says(env!("CARGO_PKG_VERSION")));
        let own = Arc::new(OwnFile::at(folder.path().join("latchkey")));
        (folder, own)
    }

    async fn until(ready: &mut watch::Receiver<Option<String>>, version: Option<&str>) {
        let seen = ready.wait_for(|now| now.as_deref() == version);
        tokio::time::timeout(Duration::from_secs(30), seen).await.expect("told in time").unwrap();
    }

    #[tokio::test]
    async fn another_version_is_told_when_it_takes_the_place_and_no_more_when_it_leaves_it() {
        let (folder, own) = place();
        let mut ready = own.ready();
        let watching = tokio::spawn(Arc::clone(&own).watch());
        install(folder.path(), &says("1.4.2"));
        until(&mut ready, Some("1.4.2")).await;
        install(folder.path(), &says("1.4.3-rc.1"));
        until(&mut ready, Some("1.4.3-rc.1")).await;
        assert_eq!(own.try_out().await, Ok("1.4.3-rc.1".to_owned()));
        install(folder.path(), &says(env!("CARGO_PKG_VERSION")));
        until(&mut ready, None).await;
        watching.abort();
    }

    #[tokio::test]
    async fn what_is_no_other_version_of_ours_or_does_not_start_is_not_told() {
        let (folder, own) = place();
        let started = own.at_start;
        assert_eq!(own.look(started).await, started, "nothing is new");
        install(folder.path(), &says("1.4.2"));
        let newer = own.look(started).await;
        assert!(newer.is_some() && newer != started);
        for (script, reason) in [
            ("exit 127", "it ended with exit status: 127"),
            ("echo \"latchkey 1.4\"", "it does not say which version of Latchkey it is"),
            ("echo \"something 1.4.2\"", "it does not say which version of Latchkey it is"),
            ("exec cat /dev/zero", "it does not say which version of Latchkey it is"),
        ] {
            own.ready.send_replace(Some("1.4.2".to_owned()));
            install(folder.path(), script);
            assert_eq!(own.look(newer).await, None, "{script}: to be looked at again");
            assert_eq!(*own.ready().borrow(), None, "{script}");
            assert_eq!(
                own.try_out().await,
                Err(Code::UpdateDoesNotStart { reason: reason.into() }),
                "{script}"
            );
        }
        fs::remove_file(folder.path().join("latchkey")).unwrap();
        assert_eq!(own.look(newer).await, None);
        assert!(own.try_out().await.is_err());
    }

    #[tokio::test]
    async fn what_others_may_write_is_not_started() {
        let (folder, own) = place();
        let proof = folder.path().join("started");
        install(folder.path(), &format!("touch {}; {}", proof.display(), says("1.4.2")));
        let place = folder.path().join("latchkey");
        fs::set_permissions(&place, fs::Permissions::from_mode(0o757)).unwrap();
        assert_eq!(own.look(own.at_start).await, None);
        assert_eq!((own.ready().borrow().clone(), proof.exists()), (None, false));
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(own.look(own.at_start).await.is_some());
        assert_eq!((own.ready().borrow().as_deref(), proof.exists()), (Some("1.4.2"), true));
    }
}
