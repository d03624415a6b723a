//! One conversation with a key: message by message, each on a thread of its own, as wires may block; and an end
//! to it at any moment.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{runtime::Handle, task, time::Instant};
use webauthn_authenticator_rs::ctap2::commands::{CBORCommand, CBORResponse};

use super::Fail;
use crate::{
    Ask, Error, Midway, Progress, Transport, User,
    bus::{Broken, Wire},
    keys::Lease,
};

/// How long a wire has to end by itself after it was told to, before it is left alone with what it does.
const GRACE: Duration = Duration::from_secs(1);

/// Whether a command changes something on the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Reads,
    Writes,
}

/// One operation on its way: what it was asked with, when its time is over, and what it did already.
pub(crate) struct Run<'a> {
    ask: &'a Ask,
    until: Instant,
    wrote: bool,
    /// The key will want a finger rather than a touch.
    pub(crate) finger: bool,
}

impl<'a> Run<'a> {
    pub(crate) fn new(ask: &'a Ask) -> Self {
        Self { ask, until: Instant::now() + ask.timeout, wrote: false, finger: false }
    }

    /// How far the operation came, for a command of this effect that got no answer.
    fn midway(&self, effect: Effect) -> Midway {
        if self.wrote || effect == Effect::Writes { Midway::LastStepNotCompleted } else { self.before() }
    }

    /// How far the operation came, when the last command is known to have done nothing.
    pub(crate) fn before(&self) -> Midway {
        if self.wrote { Midway::LastStepNotCompleted } else { Midway::NothingChanged }
    }

    /// Whether anything was written, where the answer tells it rather than the command.
    pub(crate) fn wrote(&mut self, wrote: bool) {
        self.wrote = wrote;
    }

    pub(crate) fn tell(&self, progress: Progress) {
        let _ = self.ask.progress.send(progress);
    }

    /// What is left of the operation's time.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// The wire to a key, and the lease that keeps others from it.
pub(crate) struct Talk {
    /// `None` while a message is under way, and for good when it was left alone.
    wire: Option<Box<dyn Wire>>,
    lease: Arc<Lease>,
    transport: Transport,
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Talk").field("key", self.lease.key()).finish_non_exhaustive()
    }
}

impl Talk {
    pub(crate) fn new(wire: Box<dyn Wire>, lease: Lease) -> Self {
        Self { transport: wire.transport(), wire: Some(wire), lease: Arc::new(lease) }
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(crate) fn transport(&self) -> Transport {
        self.transport
    }

    /// Makes the wire good again at the beginning of an operation.
    pub(crate) async fn refresh(&mut self) -> Result<(), Error> {
        match &mut self.wire {
            Some(wire) => wire.refresh().await,
            None => Err(Error::Busy(User::Here)),
        }
    }

    /// Sends one of the library's commands.
    pub(crate) async fn call<C: CBORCommand>(
        &mut self,
        command: &C,
        effect: Effect,
        run: &mut Run<'_>,
    ) -> Result<C::Response, Fail> {
        let message = command.cbor().map_err(|error| Error::Unexpected(format!("{error}")))?;
        let answer = self.raw(message, effect, run).await?;
        let read = <C::Response as CBORResponse>::try_from(&answer);
        Ok(read.map_err(|_| Error::Unexpected("an answer that cannot be read".to_owned()))?)
    }

    /// Sends a message and waits for its answer, the end of the operation's time, or to be cancelled.
    pub(crate) async fn raw(
        &mut self,
        message: Vec<u8>,
        effect: Effect,
        run: &mut Run<'_>,
    ) -> Result<Vec<u8>, Fail> {
        if run.ask.cancel.is_cancelled() {
            return Err(Error::Cancelled(run.before()).into());
        }
        let mut wire = self.wire.take().ok_or(Error::Busy(User::Here))?;
        let ui = crate::Ui::new(run.ask.cancel.child_token(), run.ask.progress.clone(), run.finger);
        let (stop, lease, runtime) = (ui.cancel.clone(), Arc::clone(&self.lease), Handle::current());
        // Holds the lease as well: a wire that was left alone in the middle keeps others away until it ends.
        let mut under_way = task::spawn_blocking(move || {
            let answer = runtime.block_on(wire.transmit(&message, &ui));
            (wire, lease, answer)
        });
        let ended = tokio::select! {
            ended = &mut under_way => Some(ended),
            () = stop.cancelled() => None,
            () = tokio::time::sleep_until(run.until) => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                stop.cancel();
                match tokio::time::timeout(GRACE, under_way).await {
                    Ok(ended) => ended,
                    Err(_) => return Err(self.stopped(run, run.midway(effect)).into()),
                }
            }
        };
        let (wire, _, answer) =
            ended.map_err(|error| Error::Trouble(format!("the wire's thread ended: {error}")))?;
        self.wire = Some(wire);
        match answer {
            Ok(answer) => {
                run.wrote |= effect == Effect::Writes;
                Ok(answer)
            }
            // The key itself says that it did nothing.
            Err(Broken::Cancelled) | Err(Broken::Status(0x2d)) => Err(self.stopped(run, run.before()).into()),
            Err(Broken::Status(status)) => Err(Fail::Status(status.into())),
            Err(Broken::Gone) => Err(Error::Removed(run.midway(effect)).into()),
            Err(Broken::NotCtap2) => Err(Error::U2fOnly.into()),
            Err(Broken::Other(text)) => Err(Error::Trouble(text).into()),
        }
    }

    fn stopped(&self, run: &Run<'_>, midway: Midway) -> Error {
        if run.ask.cancel.is_cancelled() { Error::Cancelled(midway) } else { Error::TimedOut(midway) }
    }
}
