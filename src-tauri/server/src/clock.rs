//! The server's time. Everything that expires asks this clock, so tests move it instead of waiting and
//! the sandbox can pretend to be ahead of or behind its clients.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The time this server believes in: a source plus an offset set by the sandbox's
/// `clock_offset_seconds` control.
#[derive(Debug)]
pub struct Clock {
    source: Source,
    offset_ms: AtomicI64,
}

#[derive(Debug)]
enum Source {
    System,
    #[cfg(test)]
    Manual(AtomicI64),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { source: Source::System, offset_ms: AtomicI64::new(0) }
    }

    /// A clock that moves only by [`Clock::advance`].
    #[cfg(test)]
    pub fn manual(start: Timestamp) -> Self {
        Self { source: Source::Manual(AtomicI64::new(start.as_millisecond())), offset_ms: AtomicI64::new(0) }
    }

    /// Now, to the millisecond.
    pub fn now(&self) -> Timestamp {
        let base = match &self.source {
            Source::System => system_now().as_millisecond(),
            #[cfg(test)]
            Source::Manual(ms) => ms.load(Ordering::SeqCst),
        };
        let shifted = base.saturating_add(self.offset_ms.load(Ordering::SeqCst));
        Timestamp::from_millisecond(shifted).unwrap_or(Timestamp::MAX)
    }

    /// Shifts this server's time against its source; zero ends the shift.
    pub fn set_offset(&self, offset: SignedDuration) {
        let ms = i64::try_from(offset.as_millis()).unwrap_or_default();
        self.offset_ms.store(ms, Ordering::SeqCst);
    }

    /// Moves a manual clock.
    #[cfg(test)]
    pub fn advance(&self, by: SignedDuration) {
        let Source::Manual(ms) = &self.source else { panic!("only a manual clock can be moved") };
        ms.fetch_add(i64::try_from(by.as_millis()).expect("a sane duration"), Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the server reads the wall clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}
