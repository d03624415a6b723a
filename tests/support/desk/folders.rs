//! The folders of a desk, and the environment that points at them.

use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, Permissions},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The script that stands for the default browser. It hands the address over and ends, as
/// xdg-open does; one write of less than `PIPE_BUF` bytes to a FIFO is never mixed with another.
const BROWSER: &str =
    "#!/bin/sh\nfor address in \"$@\"; do :; done\nprintf '%s\\n' \"$address\" >\"$LATCHKEY_TEST_BROWSER\"\n";

/// A desk's folders, below one short root: a Unix socket's path ends at 108 bytes.
#[derive(Debug)]
pub struct Folders {
    root: TempDir,
}

impl Folders {
    /// Makes them, 0700 each.
    ///
    /// # Errors
    /// Which could not be made.
    pub fn create() -> Result<Self> {
        let root = tempfile::Builder::new().prefix("lk-").rand_bytes(6).tempdir_in("/tmp");
        let folders = Self { root: root.context("could not make a desk's folder in /tmp")? };
        for folder in ["home", "run", "tmp", "logs", "bin", "bus", "browser"] {
            let path = folders.root().join(folder);
            DirBuilder::new().mode(0o700).create(&path).with_context(|| path.display().to_string())?;
        }
        for name in ["xdg-open", "browser", "x-www-browser", "sensible-browser"] {
            let path = folders.root().join("bin").join(name);
            fs::write(&path, BROWSER)?;
            fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        }
        Ok(folders)
    }

    /// The root of all.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// `HOME`.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// `XDG_RUNTIME_DIR`.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.root().join("run")
    }

    /// `TMPDIR`.
    #[must_use]
    pub fn tmp(&self) -> PathBuf {
        self.root().join("tmp")
    }

    /// Where the programs' stderr and the app's events go.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root().join("logs")
    }

    /// The driven browser's profile. Not ours: its cookies are not a leak.
    #[must_use]
    pub fn browser(&self) -> PathBuf {
        self.root().join("browser")
    }

    /// Where the buses' sockets and configurations are.
    #[must_use]
    pub fn bus(&self) -> PathBuf {
        self.root().join("bus")
    }

    /// The FIFO on which the default browser's script hands addresses over.
    #[must_use]
    pub fn browser_fifo(&self) -> PathBuf {
        self.root().join("bus/browser")
    }

    /// The folders in which no secret may stand in clear: all but the browser's own.
    #[must_use]
    pub fn ours(&self) -> [PathBuf; 4] {
        [self.home(), self.run(), self.tmp(), self.logs()]
    }

    /// The variables that point at these folders, and those of a plain English desktop.
    ///
    /// # Errors
    /// That a path is not UTF-8.
    pub fn environment(&self) -> Result<BTreeMap<String, String>> {
        let home = self.home();
        let bin = self.root().join("bin");
        let paths = [
            ("HOME", home.clone()),
            ("XDG_CONFIG_HOME", home.join(".config")),
            ("XDG_DATA_HOME", home.join(".local/share")),
            ("XDG_STATE_HOME", home.join(".local/state")),
            ("XDG_CACHE_HOME", home.join(".cache")),
            ("XDG_RUNTIME_DIR", self.run()),
            ("TMPDIR", self.tmp()),
            ("BROWSER", bin.join("browser")),
            ("LATCHKEY_TEST_BROWSER", self.browser_fifo()),
        ];
        let mut env = BTreeMap::new();
        for (name, path) in paths {
            let path = path.into_os_string().into_string();
            let path = path.map_err(|p| anyhow::anyhow!("{} is not UTF-8", p.display()))?;
            env.insert(name.to_owned(), path);
        }
        let bin = bin.to_string_lossy();
        for (name, value) in [
            ("PATH", format!("{bin}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").as_str()),
            ("LANG", "C.UTF-8"),
            ("TZ", "UTC"),
            ("RUST_BACKTRACE", "1"),
            ("GDK_BACKEND", "x11"),
            // The accessibility bus would be activated, and settings read from a daemon.
            ("NO_AT_BRIDGE", "1"),
            ("GSETTINGS_BACKEND", "memory"),
            ("GTK_USE_PORTAL", "0"),
            ("LIBGL_ALWAYS_SOFTWARE", "1"),
            ("XDG_SESSION_TYPE", "x11"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            // What a failed journey leaves is read by somebody who was not there.
            (
                "LATCHKEY_LOG",
                "warn,latchkey=debug,engine=debug,adapters=debug,view=debug,aws_files=debug,keys=debug",
            ),
        ] {
            env.insert(name.to_owned(), value.to_owned());
        }
        Ok(env)
    }
}
