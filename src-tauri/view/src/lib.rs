//! What is shown: pure functions from the engine's [`engine::Snapshot`] to the tray menu, the window's
//! state, problems and notifications, and all words for people.
//!
//! Invariant: no Tauri, no async, no files, no clock; time zone and moment are arguments. No secret can
//! get in here, since none is in the snapshot. (The sample users' passwords open the sample alone.)

pub mod ask;
pub mod ui_portal;
pub mod ui_state;

pub use ask::{UiReply, UiRequest};
pub use ui_portal::UiPortal;
pub use ui_state::UiState;

#[cfg(test)]
mod bindings;
