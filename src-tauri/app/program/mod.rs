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
    /// Of the file that runs.
    ours: Option<Mark>,
    ready: watch::Sender<Option<String>>,
    again: AtomicBool,
    told_to_end: AtomicBool,
    window: AtomicBool,
}

impl OwnFile {
    /// The one of this process, and which file is there.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn of_this_program() -> io::Result<Self> {
        let path = std::env::current_exe()?;
        let runs = platform::what_runs(&path);
        Ok(Self::at(path_in_place(path), &runs))
    }

    fn at(path: PathBuf, runs: &Path) -> Self {
        Self {
            path,
            ours: Mark::of(runs).ok(),
            ready: watch::Sender::new(None),
            again: AtomicBool::new(false),
            told_to_end: AtomicBool::new(false),
            window: AtomicBool::new(false),
        }
    }

    /// Looks for another one from now on.
    pub async fn watch(self: Arc<Self>) {
        self.watch_and_look(LOOKS).await;
    }

    async fn watch_and_look(self: Arc<Self>, looks: Duration) {
        let (changes, mut changed) = mpsc::unbounded_channel();
        // It watches for as long as it is there.
        let _watcher = watcher(&self.path, changes.clone())
            .inspect_err(|error| tracing::warn!(%error, "the folder of this program is not watched"));
        let mut seen = self.ours;
        loop {
            seen = self.look(seen).await;
            // `changes` is kept here: where nothing is watched, this waits all the same.
            if let Ok(Some(())) = tokio::time::timeout(looks, changed.recv()).await {
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
            Some(_) if now == self.ours => Ok(None),
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
        let version = file::version_of(&self.path).await?;
        Ok((version != env!("CARGO_PKG_VERSION")).then_some(version))
    }

    /// Whether it is to be started again; its window is to come up then if there is one now.
    pub fn starts_again(&self, window: bool) -> bool {
        self.window.store(window, Ordering::Relaxed);
        self.again.load(Ordering::Relaxed)
    }

    /// The system wants the program to end: nothing is started after that, whatever was wanted before.
    pub fn told_to_end(&self) {
        self.told_to_end.store(true, Ordering::Relaxed);
    }

    /// Starts what is there in this program's place, once nothing of this one runs any more. Returns only when
    /// it does not have to, or cannot.
    ///
    /// # Errors
    /// The system refused.
    pub fn give_way(&self) -> io::Result<()> {
        if !self.again.load(Ordering::Relaxed) || self.told_to_end.load(Ordering::Relaxed) {
            return Ok(());
        }
        let window = if self.window.load(Ordering::Relaxed) { "--window" } else { "--hidden" };
        // It may be another one than was tried out, but not anybody's.
        let fit = file::check(&self.path).map_err(io::Error::other);
        let started = fit.and_then(|()| platform::start_in_our_place(&self.path, window));
        if started.is_err() {
            // Better the one of before than none.
            platform::start_ours_again(window);
        }
        started
    }
}

#[async_trait]
impl Program for OwnFile {
    fn ready(&self) -> watch::Receiver<Option<String>> {
        self.ready.subscribe()
    }

    async fn try_out(&self) -> Result<String, Code> {
        let tried = file::version_of(&self.path).await;
        tried.map_err(|reason| Code::UpdateDoesNotStart { reason })
    }

    fn start_again(&self) {
        self.again.store(true, Ordering::Relaxed);
    }
}

/// Linux names a file that was replaced since it was started with an addition.
fn path_in_place(path: PathBuf) -> PathBuf {
    let replaced = path.to_str().and_then(|text| text.strip_suffix(" (deleted)")).map(PathBuf::from);
    replaced.filter(|_| !path.exists()).unwrap_or(path)
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
        let path = folder.path().join("latchkey");
        let own = Arc::new(OwnFile::at(path.clone(), &path));
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
        let started = own.ours;
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
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for (of_file, of_folder) in [(0o757, 0o755), (0o775, 0o755), (0o755, 0o777), (0o755, 0o775)] {
            mode(&place, of_file);
            mode(folder.path(), of_folder);
            assert_eq!(own.look(own.ours).await, None);
            assert_eq!((own.ready().borrow().clone(), proof.exists()), (None, false));
            assert_eq!(file::check(&place), Err("others may write it".to_owned()));
        }
        mode(folder.path(), 0o755);
        mode(&place, 0o755);
        assert_eq!(file::check(&place), Ok(()));
        assert!(own.look(own.ours).await.is_some());
        assert_eq!((own.ready().borrow().as_deref(), proof.exists()), (Some("1.4.2"), true));
    }

    /// Where the system has no watch left to give, it is looked at from time to time, and nothing turns in circles.
    #[tokio::test]
    async fn what_cannot_be_watched_is_looked_at() {
        const LOOKS: Duration = Duration::from_millis(500);
        let (folder, own) = place();
        let place = folder.path().join("later").join("latchkey");
        let own = Arc::new(OwnFile { path: place.clone(), ..Arc::into_inner(own).unwrap() });
        let (mut ready, begun) = (own.ready(), std::time::Instant::now());
        let watching = tokio::spawn(Arc::clone(&own).watch_and_look(LOOKS));
        // It finds nothing there, and waits.
        tokio::task::yield_now().await;
        fs::create_dir(place.parent().unwrap()).unwrap();
        install(place.parent().unwrap(), &says("1.4.2"));
        until(&mut ready, Some("1.4.2")).await;
        assert!(begun.elapsed() >= LOOKS, "{:?}", begun.elapsed());
        watching.abort();
    }

    #[test]
    fn whoever_is_told_to_end_starts_nothing() {
        let (_folder, own) = place();
        assert!(own.give_way().is_ok(), "nobody wanted it");
        own.start_again();
        own.told_to_end();
        assert!(own.give_way().is_ok());
    }

    #[test]
    fn a_file_that_was_replaced_before_it_was_asked_for_is_found() {
        let (folder, _) = place();
        let path = folder.path().join("latchkey");
        let named = PathBuf::from(format!("{} (deleted)", path.display()));
        assert_eq!(path_in_place(named.clone()), path);
        fs::write(&named, "").unwrap();
        assert_eq!(path_in_place(named.clone()), named, "it is called so");
        let us = OwnFile::of_this_program().unwrap();
        assert_eq!(us.ours, Mark::of(&std::env::current_exe().unwrap()).ok());
    }
}
