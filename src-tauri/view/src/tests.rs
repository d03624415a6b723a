//! What is shown for what is true: tests through the public functions.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod activity;
mod asked;
mod icons;
mod imports;
pub(crate) mod keys;
mod menus;
mod notices;
mod policies;
mod profiles;
mod reports;
mod safety;
mod said;
pub(crate) mod sign_in;
mod step_up;
mod windows;
