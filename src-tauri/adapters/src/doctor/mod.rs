//! What may be wrong around AWS's files, the keyring, the clock and the way to the servers; and the repairs that
//! lose nothing. Facts only: the words are the program's that shows them.

mod cache;
mod files;
mod network;
mod repairs;

pub use aws_files::repair::Hiding;
pub use network::{Site, Trouble, network};
pub use repairs::{Repair, Repaired};

use crate::{
    home::Home,
    vault::{KeyStore, KeyStoreError, OsKeyring},
};
use aws_files::Paths;
use engine::model::Timestamp;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Something that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What.
    pub what: What,
    /// What could be done about it here, if anything.
    pub repair: Option<Repair>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A line for which AWS's tools reject the whole file.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it, a short technical phrase.
        why: String,
    },
    /// A file cannot be looked at at all.
    Failed {
        /// In technical words.
        why: String,
    },
    /// Others than its owner may read or change it.
    OpenToOthers {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A profile does not come to effect as it stands.
    Hidden {
        /// Which.
        profile: String,
        /// Why.
        why: Hiding,
    },
    /// Profiles ask a program that is not there.
    NoProgram {
        /// Its name.
        program: String,
        /// The profiles.
        profiles: Vec<String>,
    },
    /// `latch` on the search path is another program than this one.
    OtherLatch {
        /// Where it is.
        path: PathBuf,
    },
    /// A file that another tool left, which may hold keys.
    Leftover {
        /// The file.
        path: PathBuf,
        /// The tool.
        tool: &'static str,
    },
    /// What a program of ours that was killed left behind.
    OurTemp {
        /// The file.
        path: PathBuf,
    },
    /// A cached token or registration that has expired and cannot be renewed.
    CacheExpired {
        /// The file.
        path: PathBuf,
    },
    /// A file of the token cache that no tool can read.
    CacheDamaged {
        /// The file.
        path: PathBuf,
    },
    /// A registration for something else than accounts; a tool that picks it by the start URL alone is
    /// refused.
    CacheForeign {
        /// The file.
        path: PathBuf,
        /// What it is for.
        scopes: Vec<String>,
    },
    /// The keyring.
    NoKeyring {
        /// It is there and locked.
        locked: bool,
        /// In technical words.
        why: String,
    },
    /// The way to a server.
    Network {
        /// The organisation's name.
        organisation: String,
        /// The server.
        host: String,
        /// What is wrong.
        trouble: Trouble,
    },
}

impl What {
    /// Whether something does not work, or is not safe, because of it. The others are worth knowing.
    #[must_use]
    pub fn is_serious(&self) -> bool {
        match self {
            Self::Leftover { .. }
            | Self::OurTemp { .. }
            | Self::CacheExpired { .. }
            | Self::CacheForeign { .. }
            | Self::OtherLatch { .. } => false,
            Self::Hidden { why, .. } => !matches!(why, Hiding::CaseOnly { .. }),
            Self::Network { trouble, .. } => !matches!(trouble, Trouble::Intercepted { .. }),
            _ => true,
        }
    }
}

/// Where the files are.
pub(crate) struct Places {
    pub config: PathBuf,
    pub credentials: PathBuf,
    /// `~/.aws`, for the cache and what stands beside the files.
    pub folder: PathBuf,
}

impl Places {
    fn new(env: &dyn Fn(&str) -> Option<OsString>, home: &Home) -> Self {
        let Paths { config, credentials } = Paths::from_env(env, &home.user);
        Self { config, credentials, folder: home.user.join(".aws") }
    }
}

/// What is wrong with the files, the token cache and the programs that profiles name.
#[must_use]
pub fn files(
    env: &dyn Fn(&str) -> Option<OsString>,
    home: &Home,
    us: Option<&Path>,
    now: Timestamp,
) -> Vec<Finding> {
    let places = Places::new(env, home);
    let mut found = files::look(&places);
    found.extend(files::programs(&places, env, us));
    found.extend(cache::look(&places.folder.join("sso/cache"), now));
    found
}

/// Whether the keyring gives its keys.
#[must_use]
pub fn keyring(home: &Home) -> Option<Finding> {
    let error = OsKeyring::new(home.keyring_user()).get().err()?;
    let locked = error == KeyStoreError::Locked;
    Some(Finding { what: What::NoKeyring { locked, why: error.to_string() }, repair: None })
}
