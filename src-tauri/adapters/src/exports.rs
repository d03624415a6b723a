//! Files for the person, in the folder for downloads; and the folder of logs, shown.

use crate::browser::launch;
use async_trait::async_trait;
use engine::{model::code::Code, ports::Exports};
use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};
use url::Url;

/// So many exports of one name are told apart by a number.
const NUMBERS: u32 = 100;

/// [`Exports`] into a folder.
pub struct Downloads {
    folder: PathBuf,
    logs: PathBuf,
}

impl Downloads {
    /// The desktop's folder for downloads; the home folder where there is none.
    #[must_use]
    pub fn of_person(logs: PathBuf) -> Self {
        let dirs = directories::UserDirs::new();
        let found = dirs.as_ref().and_then(|d| d.download_dir()).filter(|d| d.is_dir());
        let home = || dirs.as_ref().map(|d| d.home_dir().to_owned());
        Self { folder: found.map(Path::to_owned).or_else(home).unwrap_or_else(std::env::temp_dir), logs }
    }

    /// This folder.
    #[must_use]
    pub fn into(folder: PathBuf) -> Self {
        Self { logs: folder.clone(), folder }
    }
}

#[async_trait]
impl Exports for Downloads {
    async fn save(&self, name: &str, text: String) -> Result<PathBuf, Code> {
        let (folder, name) = (self.folder.clone(), name.to_owned());
        let saved = tokio::task::spawn_blocking(move || save(&folder, &name, &text));
        saved.await.unwrap_or_else(|e| Err(Code::Internal { what: format!("export: {e}") }))
    }

    async fn show_file(&self, path: &Path) -> Result<(), Code> {
        let named = path.display().to_string();
        let failed = |reason: String| Code::FolderNotShown { path: named.clone(), reason };
        if tokio::fs::symlink_metadata(path).await.is_ok() && launch::select(path).await {
            return Ok(());
        }
        let folder = path.parent().filter(|it| it.is_dir());
        let url = folder.and_then(|it| Url::from_directory_path(it).ok());
        let url = url.ok_or_else(|| failed("its folder is not there".to_owned()))?;
        launch::show(&url).await.map_err(failed)
    }

    async fn show_logs(&self) -> Result<(), Code> {
        let path = self.logs.display().to_string();
        let failed = |reason: String| Code::FolderNotShown { path: path.clone(), reason };
        tokio::fs::metadata(&self.logs).await.map_err(|e| failed(e.to_string()))?;
        let url =
            Url::from_directory_path(&self.logs).map_err(|()| failed("it is no whole path".to_owned()))?;
        launch::show(&url).await.map_err(failed)
    }
}

fn save(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Code> {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    for number in 1..=NUMBERS {
        let path = match number {
            1 => folder.join(name),
            n => folder.join(format!("{stem}-{n}.{ending}")),
        };
        match write_new(&path, text) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(unusable(&path, &e)),
            Ok(()) => return Ok(path),
        }
    }
    let path = folder.join(name).display().to_string();
    Err(Code::FileNotWritable { path, reason: "there are too many of that name".to_owned() })
}

/// Makes the file, which nothing may stand in the place of, not even a link. A half one is taken away.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // The disk is full: what is there is worth nothing.
        let _ = std::fs::remove_file(path);
    }
    written
}

fn unusable(path: &Path, error: &io::Error) -> Code {
    let path = path.display().to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull { path },
        _ => Code::FileNotWritable { path, reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    #[cfg(unix)]
    async fn an_export_is_private_and_never_replaces_a_file_or_a_link() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let exports = Downloads::into(dir.path().to_owned());
        let elsewhere = dir.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, dir.path().join("a.csv")).unwrap();
        let first = exports.save("a.csv", "one".into()).await.unwrap();
        let second = exports.save("a.csv", "two".into()).await.unwrap();
        assert_eq!(
            (first.as_path(), second.as_path()),
            (&*dir.path().join("a-2.csv"), &*dir.path().join("a-3.csv"))
        );
        assert!(!elsewhere.exists(), "nothing is written through a link");
        assert_eq!(std::fs::read_to_string(&first).unwrap(), "one");
        assert_eq!(std::fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        let gone = Downloads::into(dir.path().join("not there")).save("a.csv", String::new()).await;
        assert!(matches!(gone, Err(Code::FileNotWritable { .. })), "{gone:?}");
    }

    #[tokio::test]
    async fn a_file_whose_folder_is_not_there_is_not_shown() {
        let nowhere = Path::new("/nowhere/at/all/credentials");
        let gone = Downloads::into("/tmp".into()).show_file(nowhere).await;
        let Err(Code::FolderNotShown { path, reason }) = gone else { panic!("{gone:?}") };
        assert_eq!(
            (path.as_str(), reason.as_str()),
            ("/nowhere/at/all/credentials", "its folder is not there")
        );
    }

    #[tokio::test]
    async fn logs_that_are_not_there_are_not_shown() {
        let gone = Downloads::into("/nowhere/at/all".into()).show_logs().await;
        let Err(Code::FolderNotShown { path, reason }) = gone else { panic!("{gone:?}") };
        assert!(path == "/nowhere/at/all" && !reason.is_empty(), "{path}: {reason}");
    }
}
