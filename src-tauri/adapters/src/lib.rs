//! How the world is reached: each module implements one of the engine's ports. SSO over HTTP, the
//! vault over the OS keyring, the store in SQLite, the AWS files, the browser and its way back.
//!
//! Invariant: no words for people, no decisions. What went wrong leaves here as a
//! [`engine::model::code::Code`] and the engine decides what it means.

pub mod browser;
pub mod clock;
mod crypto;
pub mod doctor;
pub mod door;
mod doors;
pub mod exports;
pub mod files;
pub mod foreign;
pub mod home;
pub mod keys;
mod loopback;
pub mod native;
pub mod policy;
pub mod profiles;
pub mod redirect;
pub mod settings;
pub mod sso;
pub mod store;
pub mod team;
pub mod urls;
pub mod vault;

pub use crypto::install_crypto_provider;
pub use doors::{Doors, OpenError, open};
