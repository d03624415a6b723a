//! `/start`, the access portal in the browser: accounts with their roles, applications, a way into each console,
//! and access keys for programs.

mod accounts;
mod applications;
mod confirm;
mod console;
mod keys;
mod search;
mod step_up;
#[cfg(test)]
mod tests;

use axum::{Router, http::StatusCode};
use jiff::Timestamp;

use super::{PageError, shown, submitted_or_resumed as resumed};
use crate::instance::Shared;

/// The routes of the portal's pages.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/start", shown(accounts::show))
        // As the portal's own links have it: `{start}/#/…`.
        .route("/start/", shown(accounts::show))
        .route("/start/applications", shown(applications::show))
        .route(
            console::PATH,
            shown(console::open).merge(resumed(console::PATH, &console::KEPT, console::submit)),
        )
        .route(
            step_up::PATH,
            shown(step_up::show).merge(resumed(step_up::PATH, &step_up::KEPT, step_up::submit)),
        )
        .route(keys::PATH, shown(keys::show).merge(resumed(keys::PATH, &keys::KEPT, keys::issue)))
}

/// The refusal of a role that somebody does not have, or does not have any more. It does not tell whether there is
/// such an account or role.
fn no_access(portal: String) -> PageError {
    let text = "You are not assigned to this role, or not any more. The access portal lists what you have.";
    PageError::new(StatusCode::FORBIDDEN, "No access", text).with_way_back(portal)
}

/// A moment of today as pages say it.
fn time_of_day(moment: Timestamp) -> String {
    moment.strftime("%H:%M UTC").to_string()
}

/// Tabs of the portal and what both have in common.
struct Tabs {
    is_accounts: bool,
    accounts: usize,
    applications: usize,
    query: String,
}
