//! Where this installation keeps its files.
//!
//! `LATCHKEY_HOME` moves everything below one folder (`data/`, `config/`, `state/`, `sandbox/`); without
//! it the platform's folders are used, on Linux `~/.local/share/latchkey`, `~/.config/latchkey` and
//! `~/.local/state/latchkey`.

use link::{LinkError, SocketPath};
use sha2::{Digest, Sha256};
use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

/// The folders of one installation. All of ours are 0700.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The store and the sandbox.
    pub data: PathBuf,
    /// The configuration file.
    pub config: PathBuf,
    /// The engine's lock and the logs.
    pub state: PathBuf,
    /// The sandbox server's data and the sandbox's AWS files.
    pub sandbox: PathBuf,
    /// The person's home, for `~/.aws`.
    pub user: PathBuf,
    /// What `LATCHKEY_HOME` named, made absolute.
    pub moved_to: Option<PathBuf>,
}

/// Why the folders cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Neither the environment nor the user database names a home.
    #[error("no home folder is known for this user; set HOME, or LATCHKEY_HOME to a folder for Latchkey")]
    NoHome,
    /// A folder cannot be made.
    #[error("could not make the folder {path}: {source}; check who owns it")]
    NotMade {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Home {
    /// Finds the folders. `env` reads a variable of the environment.
    ///
    /// # Errors
    /// When the user has no home.
    pub fn resolve(env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, HomeError> {
        let path = |name: &str| env(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let base = directories::BaseDirs::new();
        let user = path("HOME")
            .or_else(|| base.as_ref().map(|b| b.home_dir().to_owned()))
            .ok_or(HomeError::NoHome)?;
        if let Some(moved) = path("LATCHKEY_HOME") {
            let moved = std::path::absolute(&moved).unwrap_or(moved);
            return Ok(Self {
                data: moved.join("data"),
                config: moved.join("config"),
                state: moved.join("state"),
                sandbox: moved.join("sandbox"),
                user,
                moved_to: Some(moved),
            });
        }
        // The specification says that relative XDG paths are to be ignored.
        let xdg = |name: &str| path(name).filter(|p| p.is_absolute());
        let dir = |name: &str, platform: Option<PathBuf>, fallback: &str| {
            xdg(name).or(platform).unwrap_or_else(|| user.join(fallback)).join("latchkey")
        };
        let platform = |pick: fn(&directories::BaseDirs) -> PathBuf| {
            if cfg!(any(windows, target_os = "macos")) { base.as_ref().map(pick) } else { None }
        };
        let data = dir("XDG_DATA_HOME", platform(|b| b.data_local_dir().to_owned()), ".local/share");
        Ok(Self {
            config: dir("XDG_CONFIG_HOME", platform(|b| b.config_dir().to_owned()), ".config"),
            state: dir("XDG_STATE_HOME", platform(|b| b.data_local_dir().join("state")), ".local/state"),
            sandbox: data.join("sandbox"),
            data,
            user,
            moved_to: None,
        })
    }

    /// Makes the folders, 0700.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn make(&self) -> Result<(), HomeError> {
        for dir in self.moved_to.iter().chain([&self.data, &self.config, &self.state]) {
            make_private_dir(dir).map_err(|source| HomeError::NotMade { path: dir.clone(), source })?;
        }
        Ok(())
    }

    /// The SQLite store.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("latchkey.db")
    }

    /// The socket on which the engine of this installation listens. A moved home has it in itself: two
    /// homes would meet in the runtime folder.
    ///
    /// # Errors
    /// [`LinkError::PathTooLong`].
    pub fn socket(&self, env: &dyn Fn(&str) -> Option<OsString>) -> Result<SocketPath, LinkError> {
        let runtime = env("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|_| self.moved_to.is_none());
        SocketPath::choose(runtime.as_deref(), &self.state)
    }

    /// The configuration file.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.config.join("latchkey.toml")
    }

    /// The folder of the sandbox's own `credentials` and `config`.
    #[must_use]
    pub fn sandbox_aws(&self) -> PathBuf {
        self.sandbox.join("aws")
    }

    /// The user name of the sealing key's keyring item. A moved installation has its own, so that two
    /// of them never overwrite each other's key.
    #[must_use]
    pub fn keyring_user(&self) -> String {
        self.keyring_item("sealing-key")
    }

    /// The user name of the keyring item with the key of Activity's record chain.
    #[must_use]
    pub fn record_keyring_user(&self) -> String {
        self.keyring_item("record-key")
    }

    /// The user name of the keyring item with the key that signs a team's file.
    #[must_use]
    pub fn team_keyring_user(&self) -> String {
        self.keyring_item("team-key")
    }

    fn keyring_item(&self, name: &str) -> String {
        match &self.moved_to {
            None => name.to_owned(),
            Some(dir) => {
                let hash = hex::encode(Sha256::digest(dir.as_os_str().as_encoded_bytes()));
                format!("{name}-{}", hash.get(..16).unwrap_or(&hash))
            }
        }
    }
}

/// Makes a folder with its parents, 0700 for those that are new; takes the rights of others off ours.
pub(crate) fn make_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        builder.mode(0o700).create(dir)?;
        let mode = std::fs::metadata(dir)?.permissions().mode();
        if mode & 0o077 != 0 {
            std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }
    #[cfg(not(unix))]
    builder.create(dir)
}

/// The AWS CLI's cache of sign-ins, which the person's home alone decides on.
#[must_use]
pub fn sso_cache(home: &Home) -> PathBuf {
    aws_files::SsoCache::in_home(&home.user).folder().to_path_buf()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn home(pairs: &[(&str, &str)]) -> Home {
        let env = |name: &str| pairs.iter().find(|(k, _)| *k == name).map(|(_, v)| OsString::from(*v));
        Home::resolve(&env).unwrap()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn xdg_folders_with_their_defaults() {
        let plain = home(&[("HOME", "/h")]);
        assert_eq!(plain.database(), Path::new("/h/.local/share/latchkey/latchkey.db"));
        assert_eq!(plain.settings(), Path::new("/h/.config/latchkey/latchkey.toml"));
        assert_eq!(plain.state, Path::new("/h/.local/state/latchkey"));
        assert_eq!(plain.sandbox_aws(), Path::new("/h/.local/share/latchkey/sandbox/aws"));
        assert_eq!(plain.keyring_user(), "sealing-key");
        let set = home(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d"), ("XDG_STATE_HOME", "relative")]);
        assert_eq!(set.data, Path::new("/d/latchkey"));
        assert_eq!(set.state, Path::new("/h/.local/state/latchkey"));
    }

    #[test]
    fn latchkey_home_moves_everything_and_has_its_own_key() {
        let one = home(&[("HOME", "/h"), ("LATCHKEY_HOME", "/x/one"), ("XDG_DATA_HOME", "/d")]);
        for path in [&one.data, &one.config, &one.state, &one.sandbox] {
            assert!(path.starts_with("/x/one"), "{} left LATCHKEY_HOME", path.display());
        }
        let two = home(&[("HOME", "/h"), ("LATCHKEY_HOME", "/x/two")]);
        assert_ne!(one.keyring_user(), two.keyring_user());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_that_only_asks_finds_the_same_socket() {
        use std::os::unix::fs::PermissionsExt;
        let runtime = tempfile::tempdir().unwrap();
        std::fs::set_permissions(runtime.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let runtime = runtime.path().to_str().unwrap();
        for pairs in [
            &[("HOME", "/h")][..],
            &[("HOME", "/h"), ("XDG_RUNTIME_DIR", runtime)],
            &[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/absent"), ("XDG_STATE_HOME", "/s")],
            &[("HOME", "/h"), ("XDG_RUNTIME_DIR", ""), ("XDG_STATE_HOME", "relative")],
            &[("HOME", "/h"), ("XDG_RUNTIME_DIR", runtime), ("LATCHKEY_HOME", "/x/one")],
            &[("HOME", "/h"), ("LATCHKEY_HOME", "x/relative")],
        ] {
            let env = |name: &str| pairs.iter().find(|(k, _)| *k == name).map(|(_, v)| OsString::from(*v));
            let resolved = home(pairs).socket(&env).unwrap();
            assert_eq!(SocketPath::of_environment(&env), Some(resolved), "{pairs:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn folders_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("moved");
        let home = home(&[("HOME", "/h"), ("LATCHKEY_HOME", path.to_str().unwrap())]);
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        home.make().unwrap();
        for dir in [&path, &home.data, &home.config, &home.state] {
            assert_eq!(std::fs::metadata(dir).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
