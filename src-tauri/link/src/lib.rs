//! How programs of ours on one machine talk: one of them is the engine, the others ask it.
//!
//! Who holds [`EngineLock`] is the engine and listens ([`Listener`]) on a socket that only its user can
//! reach ([`SocketPath`]); the others connect ([`Client`]). Frames are JSON behind a length, both sides
//! say hello with the protocol's version first, and both check the other's user.
//!
//! Standard-library parts only, so that a command-line program starts fast. Linux; on Windows by a named pipe,
//! which is checked by the compiler and was never run; elsewhere everything answers [`LinkError::Unsupported`].

mod deadline;
mod error;
mod frame;
mod lock;
mod message;
mod path;
mod told;

#[cfg(any(target_os = "linux", windows))]
mod client;
#[cfg(any(target_os = "linux", windows))]
mod listener;
#[cfg_attr(target_os = "linux", path = "linux/mod.rs")]
#[cfg_attr(windows, path = "windows/mod.rs")]
#[cfg(any(target_os = "linux", windows))]
mod system;
#[cfg(not(any(target_os = "linux", windows)))]
mod unsupported;

#[cfg(all(test, target_os = "linux"))]
mod tests;

#[cfg(any(target_os = "linux", windows))]
pub use client::Client;
pub use error::LinkError;
pub use frame::{MAX_ANSWER, MAX_FRAME};
#[cfg(any(target_os = "linux", windows))]
pub use listener::Listener;
pub use lock::EngineLock;
pub use message::{
    Assume, Endpoints, HandOver, Hello, PROTOCOL, Refusal, Reply, Request, Role, Status, Wanted,
};
pub use path::SocketPath;
#[cfg(any(target_os = "linux", windows))]
pub use system::Caller;
pub use told::{
    Confirm, Credentials, Line, ListedApp, ListedRole, Listing, Lowered, Organisation, Overview, Problem,
    Profile, Secret, SignInWaits, Team,
};
#[cfg(not(any(target_os = "linux", windows)))]
pub use unsupported::{Caller, Client, Listener};
