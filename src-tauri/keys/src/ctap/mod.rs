//! The protocol beneath: messages over a wire, and what a key's status means.

pub(crate) mod pin_uv;
mod status;
mod talk;

pub(crate) use status::{Fail, Status};
pub(crate) use talk::{Effect, Run, Talk};
