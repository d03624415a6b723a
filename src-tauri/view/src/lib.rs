//! What is shown: pure functions from the engine's [`engine::Snapshot`] to the tray menu, the window's
//! state, problems and notifications, and all words for people.
//!
//! Invariant: no Tauri, no async, no files, no clock; time zone and moment are arguments. No secret can
//! get in here, since none is in the snapshot. (The sample users' passwords open the sample alone.)

mod account;
mod activity;
mod around;
mod as_asked;
pub mod ask;
mod banner;
mod conflict_words;
mod conversion;
mod convert;
mod credentials;
pub mod deep_link;
mod delivery;
mod diagnostics;
mod export;
pub mod icon;
mod import;
mod key_words;
mod keys;
pub mod menu;
mod most_used;
mod native_words;
mod network;
pub mod notification;
mod offline;
mod page;
mod policy;
mod portal;
pub mod problem;
mod reading;
mod record;
mod refreshes;
pub mod said;
mod settings;
mod sign_in;
pub mod step_up;
mod typed;
pub mod ui_activity;
pub mod ui_credentials;
pub mod ui_import;
pub mod ui_keys;
pub mod ui_portal;
pub mod ui_setup;
pub mod ui_sign_in;
pub mod ui_state;
pub mod ui_step_up;
mod window;
pub mod words;

pub use around::Around;
pub use as_asked::as_asked;
pub use ask::{UiReply, UiRequest};
pub use convert::{dialog, reply};
pub use keys::prompt;
pub use portal::ui_portal;
pub use reading::{Reading, Step};
pub use typed::AskError;
pub use ui_keys::UiPrompt;
pub use ui_portal::{UiFirst, UiPortal};
pub use ui_state::UiState;
pub use window::ui_state;

#[cfg(test)]
mod bindings;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
