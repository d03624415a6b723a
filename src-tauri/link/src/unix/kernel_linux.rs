//! What is asked of the kernel on Linux.

use crate::{deadline::Deadline, error::LinkError};
use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with},
};
use std::{io, os::unix::net::UnixStream, path::Path, thread, time::Duration};

/// How often a full queue of the listener is tried again.
const PAUSE: Duration = Duration::from_millis(10);

/// The user and the process at the other end, as they were when the connection was made (`SO_PEERCRED`).
pub(super) fn other_end(stream: &UnixStream) -> io::Result<(u32, u32)> {
    let peer = rustix::net::sockopt::socket_peercred(stream)?;
    Ok((peer.uid.as_raw(), u32::try_from(peer.pid.as_raw_nonzero().get()).unwrap_or_default()))
}

/// Connects, and waits no longer than the deadline for a place in the listener's queue.
pub(super) fn open(path: &Path, deadline: Deadline) -> Result<UnixStream, LinkError> {
    let fail = |error: Errno| match error {
        Errno::NOENT | Errno::CONNREFUSED => LinkError::NotRunning,
        error => LinkError::Io { path: path.to_path_buf(), doing: "connect to", source: error.into() },
    };
    let address = SocketAddrUnix::new(path).map_err(fail)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(fail)?;
    loop {
        match connect(&socket, &address) {
            Ok(()) => break,
            // The listener's queue is full; a blocking socket would wait without an end.
            Err(Errno::AGAIN) => thread::sleep(deadline.left("accept the connection")?.min(PAUSE)),
            Err(Errno::INTR) => {}
            Err(error) => return Err(fail(error)),
        }
    }
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false).map_err(|source| LinkError::Io {
        path: path.to_path_buf(),
        doing: "connect to",
        source,
    })?;
    Ok(stream)
}
