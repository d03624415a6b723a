//! What is true in a sign-in: values and transitions. No IO, no clock, no randomness: moments and drawn
//! values are arguments.

#[allow(dead_code, reason = "the administration console's wizard asks it")]
pub mod application_draft;
pub mod authorization_code;
pub mod device_grant;
pub mod lockout;
pub mod policies;
pub mod redirect_uri;
pub mod sign_in_session;
pub mod token_family;
