//! `[operations]` of the configuration file.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use serde::Deserialize;
use toml::Spanned;

use super::{FINISH, Operations};

/// How the log is written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line of text for each event.
    #[default]
    Text,
    /// A line with a JSON object for each event.
    Json,
}

/// How the server is run.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OperationsConfig {
    /// Where `/metrics` answers, and `/healthz` and `/readyz` too; nowhere without it.
    pub listen: Option<Spanned<SocketAddr>>,
    /// Whether that may be an address that others than this machine reach. There is no sign-in and no TLS there.
    pub for_others: bool,
    /// How the log is written.
    pub log: LogFormat,
    /// How long the server goes on answering after it was told to stop, while `/readyz` fails.
    drain_seconds: u16,
    /// How long requests under way may take after that.
    finish_seconds: Option<u16>,
}

impl OperationsConfig {
    /// What is wrong with it: where, and what would be right.
    pub fn mistake(&self) -> Option<(std::ops::Range<usize>, &'static str)> {
        let listen = self.listen.as_ref()?;
        let is_ours = listen.get_ref().ip().is_loopback() || self.for_others;
        (!is_ours).then(|| {
            let words = "is reached by others, and asks nobody who they are; use 127.0.0.1, or say `for_others = true`";
            (listen.span(), words)
        })
    }

    /// What the instance needs of it.
    pub fn operations(&self) -> Operations {
        Operations {
            drain: Duration::from_secs(self.drain_seconds.into()),
            finish: self.finish_seconds.map_or(FINISH, |seconds| Duration::from_secs(seconds.into())),
            ..Operations::default()
        }
    }
}

/// How the log of a server with this configuration file is written. It is asked before anything is checked; text
/// tells best what is wrong with a file.
pub fn log_format_of(file: &Path) -> LogFormat {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Whole {
        operations: Part,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Part {
        log: LogFormat,
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    toml::from_str::<Whole>(&text).unwrap_or_default().operations.log
}
