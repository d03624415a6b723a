//! Linux and macOS: a Unix socket, whose other end the kernel names.

#[cfg_attr(target_os = "macos", path = "caller_macos.rs")]
#[cfg_attr(not(target_os = "macos"), path = "caller_linux.rs")]
mod caller;
mod door;
#[cfg_attr(target_os = "macos", path = "kernel_macos.rs")]
#[cfg_attr(not(target_os = "macos"), path = "kernel_linux.rs")]
mod kernel;
mod peer;

pub use caller::Caller;
pub(crate) use door::{Door, Guest};
pub(crate) use peer::Peer;
