//! What is true: pure values, transitions and decisions. No IO, no async, no clock.

pub mod application;
pub mod assume;
pub mod aws_config;
pub mod code;
pub mod delivery;
pub mod environment;
pub mod frecency;
pub mod history;
pub mod ids;
pub mod keys;
pub mod naming;
pub mod native;
pub mod notice;
pub mod organisation;
pub mod pacing;
pub mod partition;
pub mod policy;
pub mod portal;
pub mod precedence;
pub mod presence;
pub mod profile;
pub mod refresh;
pub mod rules;
pub mod secret;
pub mod settings;
pub mod shown;
pub mod sign_in;
pub mod silence;
pub mod step_up;
pub mod team;
pub mod tray;

/// A moment, to the millisecond where it is stored.
pub use jiff::Timestamp;
