//! What `latch` ends with, for scripts. Documented in the manual page.

use std::process::ExitCode;

/// Anything that is none of the others.
pub const FAILED: u8 = 1;
/// The command line cannot be read. As the argument framework has it.
pub const USAGE: u8 = 2;
/// Only a sign-in helps.
pub const SIGN_IN_NEEDED: u8 = 3;
/// The role is not, or no longer, assigned.
pub const NO_ACCESS: u8 = 4;
/// It has to be confirmed, and nobody can be asked.
pub const NOT_CONFIRMED: u8 = 5;
/// No such profile, role, application or organisation, or more than one fits.
pub const NOT_FOUND: u8 = 6;
/// No answer: the network, the server, or Latchkey itself.
pub const NO_ANSWER: u8 = 7;
/// A touch of a security key is asked for, and was denied, or did not come in time, or nobody can be asked.
pub const NOT_TOUCHED: u8 = 8;
/// The person interrupted it, as shells count it.
pub const INTERRUPTED: u8 = 130;

/// The status for a failure of that name.
#[must_use]
pub fn of(code: &str) -> u8 {
    match code {
        "usage" => USAGE,
        "sign_in_needed" | "sign_in_denied" | "sign_in_failed" | "sign_in_timed_out"
        | "sign_in_cancelled" => SIGN_IN_NEEDED,
        "access_removed" => NO_ACCESS,
        "not_confirmed" => NOT_CONFIRMED,
        "step_up_ended" | "step_up_needed" => NOT_TOUCHED,
        "unknown_profile" | "gone" | "not_found" | "ambiguous" => NOT_FOUND,
        "no_answer" | "server_error" | "throttled" | "tls" | "garbled" | "no_latchkey" => NO_ANSWER,
        _ => FAILED,
    }
}

/// For the end of `main`.
#[must_use]
pub fn code(status: u8) -> ExitCode {
    ExitCode::from(status)
}
