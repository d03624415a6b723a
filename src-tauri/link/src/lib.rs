//! How programs of ours on one machine talk: one of them is the engine, the others ask it.
//!
//! Who holds [`EngineLock`] is the engine and listens ([`Listener`]) on a socket that only its user can
//! reach ([`SocketPath`]); the others connect ([`Client`]). Frames are JSON behind a length, both sides
//! say hello with the protocol's version first, and both check the other's user.
//!
//! Standard-library parts only, so that a command-line program starts fast. Linux; elsewhere everything
//! answers [`LinkError::Unsupported`] until it is proven there.

#[cfg(target_os = "linux")]
mod caller;
mod deadline;
mod error;
mod frame;
mod lock;
mod message;
mod path;
mod told;

#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod listener;
#[cfg(target_os = "linux")]
mod peer;
#[cfg(not(target_os = "linux"))]
mod unsupported;

#[cfg(all(test, target_os = "linux"))]
mod tests;

#[cfg(target_os = "linux")]
pub use caller::Caller;
#[cfg(target_os = "linux")]
pub use client::Client;
pub use error::LinkError;
pub use frame::{MAX_ANSWER, MAX_FRAME};
#[cfg(target_os = "linux")]
pub use listener::Listener;
pub use lock::EngineLock;
pub use message::{
    Assume, Endpoints, HandOver, Hello, PROTOCOL, Refusal, Reply, Request, Role, Status, Wanted,
};
pub use path::SocketPath;
pub use told::{
    Confirm, Credentials, Line, ListedApp, ListedRole, Listing, Lowered, Organisation, Overview, Problem,
    Profile, Secret, SignInWaits, Team,
};
#[cfg(not(target_os = "linux"))]
pub use unsupported::{Caller, Client, Listener};
