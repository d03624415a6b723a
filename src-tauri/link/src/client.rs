//! Asking the engine. Blocking, each talk bounded by a deadline.

use crate::{
    deadline::Deadline,
    error::LinkError,
    frame,
    message::{Hello, Reply, Request},
    path::SocketPath,
    system::Peer,
};
use std::time::Duration;

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
        let mut peer = Peer::connect(path.as_path(), deadline)?;
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
