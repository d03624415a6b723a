//! A connection whose other end is our own user, with a deadline on every byte.

use crate::{deadline::Deadline, error::LinkError, frame::Timed};
use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
};

pub(crate) struct Peer {
    stream: UnixStream,
    pid: u32,
    deadline: Deadline,
    waited_for: &'static str,
}

impl Peer {
    /// Checks the other end's user (`SO_PEERCRED`) before a byte is read or written.
    pub(crate) fn check(stream: UnixStream, path: &Path, deadline: Deadline) -> Result<Self, LinkError> {
        let peer = rustix::net::sockopt::socket_peercred(&stream).map_err(|error| LinkError::Io {
            path: path.to_path_buf(),
            doing: "ask who is at the other end of",
            source: error.into(),
        })?;
        if peer.uid != rustix::process::geteuid() {
            return Err(LinkError::Stranger { path: path.to_path_buf(), uid: peer.uid.as_raw() });
        }
        let pid = u32::try_from(peer.pid.as_raw_nonzero().get()).unwrap_or_default();
        Ok(Self { stream, pid, deadline, waited_for: "answer" })
    }

    /// The process at the other end, as the kernel named it when the connection was made.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// A new deadline for what comes next.
    pub(crate) fn wait_for(&mut self, waited_for: &'static str, deadline: Deadline) {
        self.deadline = deadline;
        self.waited_for = waited_for;
    }
}

impl Timed for Peer {
    fn arm(&mut self) -> Result<(), LinkError> {
        let left = self.deadline.left(self.waited_for)?;
        self.stream
            .set_read_timeout(Some(left))
            .and_then(|()| self.stream.set_write_timeout(Some(left)))
            .map_err(|_| LinkError::Closed)
    }

    fn late(&self) -> LinkError {
        LinkError::TimedOut { waited_for: self.waited_for }
    }
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
