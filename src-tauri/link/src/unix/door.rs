//! The listening socket.

use crate::{LinkError, SocketPath};
use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
};

/// Listens.
pub(crate) struct Door(UnixListener);

/// A connection that nobody looked at yet.
pub(crate) type Guest = UnixStream;

impl Door {
    /// Listens (0600, in a folder 0700), in the place of a dead engine's socket.
    pub(crate) fn open(path: &SocketPath) -> Result<Self, LinkError> {
        path.prepare()?;
        let at = path.as_path();
        let fail = |source| LinkError::Io { path: at.to_path_buf(), doing: "listen on", source };
        match fs::remove_file(at) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error)),
            _ => {}
        }
        let socket = UnixListener::bind(at).map_err(fail)?;
        fs::set_permissions(at, Permissions::from_mode(0o600)).map_err(fail)?;
        Ok(Self(socket))
    }

    /// Waits for the next connection.
    pub(crate) fn next(&self) -> io::Result<Guest> {
        self.0.accept().map(|(stream, _)| stream)
    }

    /// Wakes whoever waits in [`Self::next`]; whether anybody does.
    pub(crate) fn knock(path: &Path) -> bool {
        UnixStream::connect(path).is_ok()
    }

    /// Leaves nothing behind.
    pub(crate) fn take_away(path: &Path) {
        let _ = fs::remove_file(path);
    }
}
