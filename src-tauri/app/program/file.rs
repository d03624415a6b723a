//! What is told apart of a file, and what a program says of itself.

use super::platform;
use std::{
    fs, io,
    path::Path,
    process::Stdio,
    time::{Duration, SystemTime},
};
use tokio::{io::AsyncReadExt, process::Command};

/// How long a program may take to say its version: a cold one is read from disk first.
const SAYS_IN: Duration = Duration::from_secs(10);

/// It is one short line.
const LONGEST_ANSWER: u64 = 64;

/// What tells two files apart that were in one place one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    length: u64,
    modified: Option<SystemTime>,
    /// Device and number, where files have them.
    #[cfg(unix)]
    identity: (u64, u64),
}

impl Mark {
    /// Of the file that is there now.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::from(&fs::metadata(path)?))
    }
}

impl From<&fs::Metadata> for Mark {
    fn from(of: &fs::Metadata) -> Self {
        Self {
            length: of.len(),
            modified: of.modified().ok(),
            #[cfg(unix)]
            identity: {
                use std::os::unix::fs::MetadataExt;
                (of.dev(), of.ino())
            },
        }
    }
}

/// Why the program there is not to be started, if somebody else than the system and the person could have put it
/// there; in a short phrase.
pub fn check(path: &Path) -> Result<(), String> {
    let of = |path: &Path| fs::metadata(path).map_err(|error| error.to_string());
    let folder = path.parent().map_or_else(|| of(Path::new("/")), of)?;
    if platform::is_ours_alone(&of(path)?) && platform::is_ours_alone(&folder) {
        Ok(())
    } else {
        Err("others may write it".to_owned())
    }
}

/// What the program there says to `--version`, as a version; or why it is none of ours, in a short phrase.
pub async fn version_of(path: &Path) -> Result<String, String> {
    check(path)?;
    let unclear = || "it does not say which version of Latchkey it is".to_owned();
    let said =
        tokio::time::timeout(SAYS_IN, ask(path)).await.map_err(|_| "it does not answer".to_owned())??;
    let version = said.strip_prefix("latchkey ").ok_or_else(unclear)?;
    let version = semver::Version::parse(version.trim_end()).map_err(|_| unclear())?;
    Ok(version.to_string())
}

async fn ask(path: &Path) -> Result<String, String> {
    let mut child = Command::new(path)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut said = String::new();
    if let Some(output) = child.stdout.take() {
        // What is no text is no answer; one that is cut off is no version either.
        let _ = output.take(LONGEST_ANSWER).read_to_string(&mut said).await;
    }
    let status = child.wait().await.map_err(|error| error.to_string())?;
    if !status.success() && said.is_empty() {
        return Err(format!("it ended with {status}"));
    }
    Ok(said)
}
