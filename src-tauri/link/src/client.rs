//! Asking the engine. Blocking, each talk bounded by a deadline.

use crate::{
    deadline::Deadline,
    error::LinkError,
    frame,
    message::{Hello, Reply, Request},
    path::SocketPath,
    peer::Peer,
};
use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with},
};
use std::{os::unix::net::UnixStream, path::Path, thread, time::Duration};

/// How often a full queue of the listener is tried again.
const PAUSE: Duration = Duration::from_millis(10);

/// A connection to the engine, both hellos said.
pub struct Client {
    peer: Peer,
    patience: Duration,
    engine: Hello,
}

impl Client {
    /// Connects and says hello. `patience` bounds this, and later each request.
    ///
    /// # Errors
    /// [`LinkError::NotRunning`] when nobody listens, [`LinkError::OtherVersion`],
    /// [`LinkError::Stranger`], [`LinkError::TimedOut`].
    pub fn connect(path: &SocketPath, us: &Hello, patience: Duration) -> Result<Self, LinkError> {
        let deadline = Deadline::after(patience);
        let mut peer = Peer::check(open(path.as_path(), deadline)?, path.as_path(), deadline)?;
        peer.wait_for("say hello", deadline);
        frame::send(&mut peer, us, frame::MAX_FRAME)?;
        let body = frame::receive(&mut peer, frame::MAX_FRAME)?.ok_or(LinkError::Closed)?;
        let engine: Hello = frame::read(&body)?;
        if engine.protocol != us.protocol {
            return Err(LinkError::OtherVersion {
                ours: us.protocol,
                theirs: engine.protocol,
                program_version: engine.version,
            });
        }
        Ok(Self { peer, patience, engine })
    }

    /// What the engine said of itself.
    #[must_use]
    pub fn engine(&self) -> &Hello {
        &self.engine
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// [`LinkError::Refused`], [`LinkError::TimedOut`], [`LinkError::Closed`], [`LinkError::Garbled`].
    pub fn ask(&mut self, request: &Request) -> Result<Reply, LinkError> {
        self.ask_within(request, self.patience)
    }

    /// As [`Self::ask`], for what may take longer, such as a person's sign-in.
    ///
    /// # Errors
    /// Those of [`Self::ask`].
    pub fn ask_within(&mut self, request: &Request, patience: Duration) -> Result<Reply, LinkError> {
        self.peer.wait_for("answer", Deadline::after(patience));
        frame::send(&mut self.peer, request, frame::MAX_FRAME)?;
        let body = frame::receive(&mut self.peer, frame::MAX_ANSWER)?.ok_or(LinkError::Closed)?;
        match frame::read(&body)? {
            Reply::Refused(refusal) => Err(LinkError::Refused(refusal)),
            reply => Ok(reply),
        }
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
