//! Where the socket is, and that nobody else can reach it.

use crate::error::LinkError;
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// `sun_path` of Linux holds 108 bytes with the closing zero, that of macOS 104.
const LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The engine's socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketPath {
    path: PathBuf,
}

impl SocketPath {
    /// `$XDG_RUNTIME_DIR/latchkey/engine.sock`, when that folder is there and private; else
    /// `engine.sock` in the state folder. Give no runtime folder when `LATCHKEY_HOME` moves everything:
    /// two engines with homes of their own would meet in it.
    ///
    /// Looks, makes nothing: client and engine call it alike and get the same.
    ///
    /// # Errors
    /// [`LinkError::PathTooLong`].
    pub fn choose(runtime_dir: Option<&Path>, state_dir: &Path) -> Result<Self, LinkError> {
        let folder = match runtime_dir {
            Some(runtime) if runtime.is_absolute() && check_private(runtime).is_ok() => {
                runtime.join("latchkey")
            }
            _ => state_dir.to_path_buf(),
        };
        let path = folder.join("engine.sock");
        let length = path.as_os_str().len();
        if length > LIMIT {
            return Err(LinkError::PathTooLong { path, length, limit: LIMIT });
        }
        Ok(Self { path })
    }

    /// Where the socket of this installation is, from the environment alone: for programs that ask and
    /// do nothing else. Engine and app resolve their folders themselves; a test holds the two together.
    ///
    /// `None` where the environment does not tell, such as without `HOME`.
    #[must_use]
    pub fn of_environment(env: &dyn Fn(&str) -> Option<OsString>) -> Option<Self> {
        let path = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(moved) = path("LATCHKEY_HOME") {
            return Self::choose(None, &std::path::absolute(moved).ok()?.join("state")).ok();
        }
        let state = path("XDG_STATE_HOME").filter(|path| path.is_absolute());
        let usual = || {
            // The variable and the known folder that the engine asks for are one, unless somebody set the
            // variable: then no engine is found here, and the long way looks again.
            let (base, within) = if cfg!(windows) {
                ("LOCALAPPDATA", "state")
            } else if cfg!(target_os = "macos") {
                ("HOME", "Library/Application Support/state")
            } else {
                ("HOME", ".local/state")
            };
            Some(path(base)?.join(within))
        };
        let state = state.or_else(usual)?.join("latchkey");
        Self::choose(path("XDG_RUNTIME_DIR").as_deref(), &state).ok()
    }

    /// The path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.path
    }

    /// Makes the socket's folder (0700) if needed and checks that it is private.
    #[cfg(unix)]
    pub(crate) fn prepare(&self) -> Result<(), LinkError> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        make_private_folder(folder)
    }
}

/// Makes a folder for its owner alone, or checks that it is one.
pub(crate) fn make_private_folder(path: &Path) -> Result<(), LinkError> {
    let fail = |source| LinkError::Io { path: path.to_path_buf(), doing: "make the folder", source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path).map_err(fail)?,
        _ => {}
    }
    check_private(path)
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// A folder of ours that neither group nor others can enter.
#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), LinkError> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(path).map_err(|source| LinkError::Io {
        path: path.to_path_buf(),
        doing: "look at the folder",
        source,
    })?;
    let not_private = |why| Err(LinkError::NotPrivate { path: path.to_path_buf(), why });
    if !found.is_dir() {
        not_private("it is not a folder")
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        not_private("it belongs to another user")
    } else if found.mode() & 0o077 != 0 {
        not_private("others may enter it")
    } else {
        Ok(())
    }
}

#[cfg(not(unix))]
fn check_private(_path: &Path) -> Result<(), LinkError> {
    Ok(())
}
