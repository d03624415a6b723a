//! The listening end: one instance of the pipe waits at any time, so that its name is never free to be taken.

use super::{name_of, pipe::Pipe, user::Descriptor};
use crate::{LinkError, SocketPath};
use std::{
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Listens.
pub(crate) struct Door {
    name: Vec<u16>,
    descriptor: Descriptor,
    /// The instance that waits; none after one could not be made.
    waiting: Mutex<Option<Pipe>>,
}

/// A connection that nobody looked at yet.
pub(crate) type Guest = Pipe;

impl Door {
    /// Listens. The first instance must be ours: a pipe that is there already is another's, and an error.
    pub(crate) fn open(path: &SocketPath) -> Result<Self, LinkError> {
        let fail = |source| LinkError::Io { path: path.as_path().to_path_buf(), doing: "listen on", source };
        let (name, descriptor) = (name_of(path.as_path()), Descriptor::of_our_user().map_err(fail)?);
        let first = Pipe::create(&name, &descriptor, true).map_err(fail)?;
        Ok(Self { name, descriptor, waiting: Mutex::new(Some(first)) })
    }

    /// Waits for the next connection.
    pub(crate) fn next(&self) -> io::Result<Guest> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let pipe = match waiting.take() {
            Some(pipe) => pipe,
            None => Pipe::create(&self.name, &self.descriptor, false)?,
        };
        pipe.wait_for_client()?;
        // Before the connection is served: else the name would be free while it is the only instance.
        *waiting = Pipe::create(&self.name, &self.descriptor, false).ok();
        Ok(pipe)
    }

    /// Wakes whoever waits in [`Self::next`]; whether anybody does.
    pub(crate) fn knock(path: &Path) -> bool {
        Pipe::open(&name_of(path)).is_ok()
    }

    /// A pipe goes with its last handle.
    pub(crate) fn take_away(_path: &Path) {}
}
