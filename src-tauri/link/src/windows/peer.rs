//! A connection whose other end is our own user, with a deadline on every byte.

use super::{name_of, pipe::Pipe};
use crate::{deadline::Deadline, error::LinkError, frame::Timed};
use std::{
    io::{self, Read, Write},
    path::Path,
    thread,
    time::Duration,
};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PIPE_BUSY};

/// How often a pipe without a free instance is tried again.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) struct Peer {
    pipe: Pipe,
    pid: u32,
    deadline: Deadline,
    waited_for: &'static str,
    /// What is left for the next read or write.
    left: Duration,
}

impl Peer {
    /// Connects to whoever listens, if that is our own user.
    pub(crate) fn connect(path: &Path, deadline: Deadline) -> Result<Self, LinkError> {
        let fail = |source| LinkError::Io { path: path.to_path_buf(), doing: "connect to", source };
        let name = name_of(path);
        let is = |error: &io::Error, code: u32| error.raw_os_error() == i32::try_from(code).ok();
        let pipe = loop {
            match Pipe::open(&name) {
                Ok(pipe) => break pipe,
                Err(error) if is(&error, ERROR_FILE_NOT_FOUND) => return Err(LinkError::NotRunning),
                Err(error) if is(&error, ERROR_PIPE_BUSY) => {
                    thread::sleep(deadline.left("accept the connection")?.min(PAUSE));
                }
                Err(error) => return Err(fail(error)),
            }
        };
        // Whoever made the pipe owns it, and nobody else can be made its owner without being asked.
        if !pipe.is_of_our_user().map_err(fail)? {
            return Err(LinkError::OtherOwner { path: path.to_path_buf() });
        }
        let pid = pipe.server();
        Ok(Self { pipe, pid, deadline, waited_for: "answer", left: Duration::ZERO })
    }

    /// The client of an instance of ours: the pipe's access list lets our user in and nobody else.
    pub(crate) fn check(pipe: Pipe, _path: &Path, deadline: Deadline) -> Result<Self, LinkError> {
        let pid = pipe.client();
        Ok(Self { pipe, pid, deadline, waited_for: "answer", left: Duration::ZERO })
    }

    /// The process at the other end; 0 where the system does not tell.
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
        self.left = self.deadline.left(self.waited_for)?;
        Ok(())
    }

    fn late(&self) -> LinkError {
        LinkError::TimedOut { waited_for: self.waited_for }
    }
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pipe.read(buffer, self.left)
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pipe.write(bytes, self.left)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
