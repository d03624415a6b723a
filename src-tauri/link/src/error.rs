//! What can go wrong between two programs of ours.

use crate::message::Refusal;
use std::{io, path::PathBuf};

/// A talk over the local socket, or the engine's lock, failed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nobody listens: no engine runs.
    #[error("Latchkey is not running")]
    NotRunning,
    /// The other side did not answer in time.
    #[error("Latchkey did not {waited_for} in time. Quit and start it again if this goes on")]
    TimedOut {
        /// What was waited for.
        waited_for: &'static str,
    },
    /// The other side speaks another version of the protocol.
    #[error(
        "the running Latchkey is {program_version} and speaks version {theirs}, this one speaks {ours}. Quit it and start the newer one"
    )]
    OtherVersion {
        /// Our version.
        ours: u32,
        /// Its version.
        theirs: u32,
        /// Its program's version.
        program_version: String,
    },
    /// The other end of the socket is another user's process.
    #[error("the socket {path} belongs to another user (uid {uid}). Nothing was sent")]
    Stranger {
        /// The socket.
        path: PathBuf,
        /// The other user.
        uid: u32,
    },
    /// The pipe is another user's.
    #[error("the pipe for {path} belongs to another user. Nothing was sent")]
    OtherOwner {
        /// Where the socket would be.
        path: PathBuf,
    },
    /// The engine refused the request.
    #[error("Latchkey refused: {0}")]
    Refused(Refusal),
    /// A frame larger than any of ours.
    #[error("a message of {length} bytes is larger than {limit}")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The other side closed the connection in the middle of a talk.
    #[error("the other program ended the connection")]
    Closed,
    /// Not one of our messages. The text is not kept.
    #[error("the other program sent something that is not a message of ours")]
    Garbled,
    /// A path that does not fit into a socket address.
    #[error(
        "{path} has {length} bytes, a socket's path holds {limit}. Set XDG_RUNTIME_DIR or LATCHKEY_HOME to a shorter folder"
    )]
    PathTooLong {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// What fits, in bytes.
        limit: usize,
    },
    /// A folder that others can use must not hold the socket or the lock.
    #[error("{path} is not private: {why}. Make it yours alone (chmod 700)")]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// Anything else the system said.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// The socket, lock or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
}
