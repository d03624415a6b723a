//! What is said. Unknown members are ignored, so that a version can grow members; a change of meaning
//! takes a new [`PROTOCOL`].

use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of this protocol.
pub const PROTOCOL: u32 = 1;

/// The first frame of each side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`] of the sender.
    pub protocol: u32,
    /// The program's name, such as `latchkey`.
    pub program: String,
    /// The program's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
}

impl Hello {
    /// Of this process.
    #[must_use]
    pub fn of(program: &str, version: &str) -> Self {
        Self {
            protocol: PROTOCOL,
            program: program.to_owned(),
            version: version.to_owned(),
            pid: std::process::id(),
        }
    }
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Is an engine there, and which? Answered by [`Reply::Status`].
    Status,
    /// Show the window. Answered by [`Reply::Done`].
    ShowWindow,
    /// Start the sample organisation and bring up the window; answered as [`Request::ShowWindow`] is.
    ShowSandbox,
    /// Give up the engine's lock, because the app wants to be the engine. Answered by
    /// [`Reply::HandOver`].
    HandOver,
}

/// What the engine answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "content", rename_all = "snake_case")]
pub enum Reply {
    /// To [`Request::Status`].
    Status(Status),
    /// It was done.
    Done,
    /// To [`Request::HandOver`].
    HandOver(HandOver),
    /// It was not done.
    Refused(Refusal),
}

/// The engine's own account of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The program's name.
    pub program: String,
    /// The program's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
}

/// The answer to a request for the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lock", rename_all = "snake_case")]
pub enum HandOver {
    /// The lock is given up as soon as this answer is sent.
    Accepted,
    /// Something must be finished first, such as a sign-in: ask again.
    Busy,
}

/// Why a request was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The engine does not know this request.
    UnknownRequest,
    /// It cannot be done by this program, for instance one without a window.
    Impossible,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownRequest => "it does not know this request",
            Self::Impossible => "the running program cannot do this",
        })
    }
}
