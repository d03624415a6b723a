//! What happens: every wish of a person or a timer is a [`Request`], one event loop owns the state,
//! and what everybody sees is the [`Snapshot`] it publishes.
//!
//! Invariant: nothing here knows Tauri, HTTP, SQL, the keyring, or a word of English for people.
//! The outside world comes in through the traits of [`ports`].

mod add;
mod apps;
mod assume;
mod attempt;
mod cache;
mod console;
mod context;
mod conversion;
mod deliver;
mod engine;
mod environment_copy;
mod half_sync;
mod hand_out;
mod icons;
mod import;
mod keep;
mod keys;
mod lowered;
mod marks;
pub mod model;
mod native;
mod network;
mod notify;
mod pause;
pub mod ports;
mod publish;
mod record;
mod refresh;
mod registering;
mod renewal;
pub mod request;
mod safety;
mod saver;
mod schedule;
mod set;
mod sign_in;
mod sign_out;
pub mod snapshot;
mod start;
mod state;
mod step_up;
mod stop;
mod sync;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests;
mod turns;
mod update;
mod usage;
mod waiting;
mod way;
mod writer;

pub use engine::Engine;
pub use request::{Reply, Request, Signal};
pub use snapshot::Snapshot;
