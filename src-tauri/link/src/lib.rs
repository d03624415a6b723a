//! How programs of ours on one machine talk: one of them is the engine, the others ask it.
//!
//! Who holds [`EngineLock`] is the engine and listens ([`Listener`]) on a socket that only its user can
//! reach ([`SocketPath`]); the others connect ([`Client`]). Frames are JSON behind a length, both sides
//! say hello with the protocol's version first, and both check the other's user.
//!
//! Standard-library parts only, so that a command-line program starts fast. Linux; on macOS the same, and on Windows
//! a named pipe: both were checked by the compiler and never run.

mod client;
mod deadline;
mod error;
mod frame;
mod listener;
mod lock;
mod message;
mod path;
mod told;

#[cfg_attr(unix, path = "unix/mod.rs")]
#[cfg_attr(windows, path = "windows/mod.rs")]
mod system;

#[cfg(all(test, target_os = "linux"))]
mod tests;

pub use client::Client;
pub use error::LinkError;
pub use frame::{MAX_ANSWER, MAX_FRAME};
pub use listener::Listener;
pub use lock::EngineLock;
pub use message::{
    Assume, Endpoints, HandOver, Hello, PROTOCOL, Refusal, Reply, Request, Role, Status, Wanted,
};
pub use path::SocketPath;
pub use system::Caller;
pub use told::{
    Confirm, Credentials, Line, ListedApp, ListedRole, Listing, Lowered, Organisation, Overview, Problem,
    Profile, Secret, SignInWaits, Team, TouchWaits,
};
