//! What is asked of the kernel on macOS.

use crate::{deadline::Deadline, error::LinkError};
use nix::{
    sys::socket::{getsockopt, sockopt::LocalPeerPid},
    unistd::getpeereid,
};
use std::{io, os::unix::net::UnixStream, path::Path};

/// The user at the other end (`getpeereid`, as it was when the connection was made) and its process, 0 where the
/// kernel does not tell.
pub(super) fn other_end(stream: &UnixStream) -> io::Result<(u32, u32)> {
    let (user, _group) = getpeereid(stream)?;
    let pid = getsockopt(stream, LocalPeerPid).ok().and_then(|pid| u32::try_from(pid).ok());
    Ok((user.as_raw(), pid.unwrap_or_default()))
}

/// Connects. It waits for nothing: a full queue refuses here, and whoever asks takes the long way.
pub(super) fn open(path: &Path, _deadline: Deadline) -> Result<UnixStream, LinkError> {
    UnixStream::connect(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => LinkError::NotRunning,
        _ => LinkError::Io { path: path.to_path_buf(), doing: "connect to", source: error },
    })
}
