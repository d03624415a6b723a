//! Windows: a named pipe that only its user can open (Windows App Development, "Named Pipe Security and Access
//! Rights"). Checked by the compiler and never run: see the map of the code, "Platforms".

mod caller;
mod door;
mod peer;
mod pipe;
mod user;

pub use caller::Caller;
pub(crate) use door::{Door, Guest};
pub(crate) use peer::Peer;

use std::{os::windows::ffi::OsStrExt, path::Path};

/// The pipe's name for the path that the socket would have: no backslash may be in it behind the prefix.
fn name_of(path: &Path) -> Vec<u16> {
    let colons = |unit: u16| matches!(unit, 0x5c | 0x3a | 0x2f);
    let own = path.as_os_str().encode_wide().map(|unit| if colons(unit) { u16::from(b'-') } else { unit });
    r"\\.\pipe\".encode_utf16().chain(own).chain([0]).collect()
}
