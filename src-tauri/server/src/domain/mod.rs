//! What is true in a sign-in: values and transitions. No IO, no clock, no randomness: moments and drawn
//! values are arguments.

pub mod actor_policy;
pub mod application_draft;
pub mod authorization_code;
pub mod device_grant;
pub mod inline_policy;
pub mod integration;
pub mod lockout;
pub mod loopback;
pub mod managed_policies;
pub mod policies;
pub mod redirect_uri;
pub mod role_sensitivity;
pub mod sign_in_session;
pub mod token_family;
