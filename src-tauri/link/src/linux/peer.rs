//! A connection whose other end is our own user, with a deadline on every byte.

use crate::{deadline::Deadline, error::LinkError, frame::Timed};
use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with},
};
use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    thread,
    time::Duration,
};

/// How often a full queue of the listener is tried again.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) struct Peer {
    stream: UnixStream,
    pid: u32,
    deadline: Deadline,
    waited_for: &'static str,
}

impl Peer {
    /// Connects to whoever listens, if that is our own user.
    pub(crate) fn connect(path: &Path, deadline: Deadline) -> Result<Self, LinkError> {
        Self::check(open(path, deadline)?, path, deadline)
    }

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

fn open(path: &Path, deadline: Deadline) -> Result<UnixStream, LinkError> {
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
