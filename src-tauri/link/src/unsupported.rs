//! Systems on which this is not proven yet: everything answers [`LinkError::Unsupported`].

use crate::{EngineLock, Hello, LinkError, Reply, Request, SocketPath};
use std::time::Duration;

/// The program behind a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Its name.
    pub program: Option<String>,
    /// Its process id.
    pub pid: u32,
}

/// Never connected here.
pub enum Client {}

impl Client {
    /// Not supported here.
    ///
    /// # Errors
    /// [`LinkError::Unsupported`], always.
    pub fn connect(_path: &SocketPath, _us: &Hello, _patience: Duration) -> Result<Self, LinkError> {
        Err(LinkError::Unsupported)
    }

    /// Never called: there is no value of this type.
    #[must_use]
    pub fn engine(&self) -> &Hello {
        match *self {}
    }

    /// Never called: there is no value of this type.
    ///
    /// # Errors
    /// None.
    pub fn ask(&mut self, _request: &Request) -> Result<Reply, LinkError> {
        match *self {}
    }

    /// Never called: there is no value of this type.
    ///
    /// # Errors
    /// None.
    pub fn ask_within(&mut self, _request: &Request, _patience: Duration) -> Result<Reply, LinkError> {
        match *self {}
    }
}

/// Never listens here.
pub enum Listener {}

impl Listener {
    /// Not supported here.
    ///
    /// # Errors
    /// [`LinkError::Unsupported`], always.
    pub fn bind<H>(
        _lock: &EngineLock,
        _path: &SocketPath,
        _us: Hello,
        _patience: Duration,
        _handler: H,
    ) -> Result<Self, LinkError>
    where
        H: Fn(Request, &Caller) -> Reply + Send + Sync + 'static,
    {
        Err(LinkError::Unsupported)
    }
}
