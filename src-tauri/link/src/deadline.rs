//! One moment by which a whole talk must be over, however slowly its bytes drip.

use crate::error::LinkError;
use std::time::{Duration, Instant};

/// A moment on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(patience: Duration) -> Self {
        Self(Instant::now() + patience)
    }

    /// What is left; never zero, which sockets read as "for ever".
    pub(crate) fn left(self, waited_for: &'static str) -> Result<Duration, LinkError> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(LinkError::TimedOut { waited_for }) } else { Ok(left) }
    }
}
