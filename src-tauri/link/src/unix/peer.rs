//! A connection whose other end is our own user, with a deadline on every byte.

use super::kernel;
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
    /// Connects to whoever listens, if that is our own user.
    pub(crate) fn connect(path: &Path, deadline: Deadline) -> Result<Self, LinkError> {
        Self::check(kernel::open(path, deadline)?, path, deadline)
    }

    /// Checks the other end's user before a byte is read or written.
    pub(crate) fn check(stream: UnixStream, path: &Path, deadline: Deadline) -> Result<Self, LinkError> {
        let (uid, pid) = kernel::other_end(&stream).map_err(|source| LinkError::Io {
            path: path.to_path_buf(),
            doing: "ask who is at the other end of",
            source,
        })?;
        if uid != rustix::process::geteuid().as_raw() {
            return Err(LinkError::Stranger { path: path.to_path_buf(), uid });
        }
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
