//! Linux: a Unix socket, whose other end the kernel names.

mod caller;
mod door;
mod peer;

pub use caller::Caller;
pub(crate) use door::{Door, Guest};
pub(crate) use peer::Peer;
