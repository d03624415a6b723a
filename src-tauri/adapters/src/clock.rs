//! The machine's clocks.

use engine::{model::Timestamp, ports::Clock};
use std::time::Duration;

/// The wall clock and the time since boot.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn since_boot(&self) -> Duration {
        since_boot()
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> Duration {
    let spec = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(u64::try_from(spec.tv_sec).unwrap_or(0), u32::try_from(spec.tv_nsec).unwrap_or(0))
}

/// Elsewhere the standard library has no clock that is known to count sleep, so that the wall clock's
/// jumps stand in for it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
fn since_boot() -> Duration {
    Duration::from_millis(u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_since_boot_moves_on_and_is_no_date() {
        let first = SystemClock.since_boot();
        assert!(SystemClock.since_boot() >= first);
        assert!(SystemClock.now().as_second() > 1_700_000_000);
    }
}
