//! What happens: every wish of a person or a timer is a [`Request`], one event loop owns the state,
//! and what everybody sees is the [`Snapshot`] it publishes.
//!
//! Invariant: nothing here knows Tauri, HTTP, SQL, the keyring, or a word of English for people.
//! The outside world comes in through the traits of [`ports`].

pub mod model;
pub mod ports;
pub mod request;
pub mod snapshot;

pub use request::{Reply, Request, Signal};
pub use snapshot::Snapshot;
