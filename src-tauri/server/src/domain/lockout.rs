//! Slows down guessing of passwords: after a few failures a name is locked for a while, longer each time.
//! Names that no user has are treated the same, so that the lock tells nothing.

use jiff::{SignedDuration, Timestamp};

/// Failures that cost nothing.
const FREE_FAILURES: i64 = 4;
/// The first lock; each further failure doubles it.
const FIRST_LOCK: SignedDuration = SignedDuration::from_secs(30);
/// No lock is longer.
const LONGEST_LOCK: SignedDuration = SignedDuration::from_mins(15);
/// After this long without a failure the count starts again.
const MEMORY: SignedDuration = SignedDuration::from_hours(1);

/// What is known of failed sign-ins under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// Failures in a row.
    pub failures: i64,
    /// The last one.
    pub last: Timestamp,
    /// Until when no password is looked at.
    pub until: Timestamp,
}

/// No password is looked at for this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locked {
    /// The rest of the lock.
    pub left: SignedDuration,
}

impl Lockout {
    /// How long the name is still locked, if it is. One without a lock is not, also to whom the last attempt is in the
    /// future: another server's clock may be ahead, and who came first may be counted last.
    pub fn remaining(&self, now: Timestamp) -> Option<SignedDuration> {
        (self.last < self.until && now < self.until).then(|| self.until.duration_since(now))
    }

    /// One more attempt. It counts as a failure from the start and is forgotten if the password turns out
    /// right: whoever tries many at the same moment must not have them all looked at before the first counts.
    ///
    /// # Errors
    /// [`Locked`] while the name is.
    pub fn attempt(before: Option<Self>, now: Timestamp) -> Result<Self, Locked> {
        match before.and_then(|known| known.remaining(now)) {
            Some(left) => Err(Locked { left }),
            None => Ok(Self::after_failure(before, now)),
        }
    }

    fn after_failure(before: Option<Self>, now: Timestamp) -> Self {
        let failures = match before {
            Some(known) if now.duration_since(known.last) < MEMORY => known.failures + 1,
            _ => 1,
        };
        let lock = match u32::try_from(failures - FREE_FAILURES - 1) {
            Err(_) => SignedDuration::ZERO,
            Ok(doublings) => FIRST_LOCK
                .checked_mul(1_i32.checked_shl(doublings).filter(|n| *n > 0).unwrap_or(i32::MAX))
                .unwrap_or(LONGEST_LOCK)
                .min(LONGEST_LOCK),
        };
        Self { failures, last: now, until: now.checked_add(lock).unwrap_or(now) }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    #[test]
    fn locks_grow_and_are_forgotten() {
        let mut state = None;
        let mut locks = Vec::new();
        for _ in 0..12 {
            let next = Lockout::after_failure(state, at(0));
            locks.push(next.remaining(at(0)).map_or(0, |left| left.as_secs()));
            state = Some(next);
        }
        assert_eq!(locks, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(Lockout::after_failure(state, at(3600)).failures, 1);
        assert_eq!(state.unwrap().remaining(at(900)), None);
    }

    #[test]
    fn attempts_that_cost_nothing_lock_nobody_whichever_clock_is_ahead() {
        let mut state = None;
        for seconds in [3, 2, 5, 1, 0] {
            state = Some(Lockout::attempt(state, at(seconds)).unwrap());
        }
        assert!(Lockout::attempt(state, at(0)).is_err(), "the fifth does");
    }

    #[test]
    fn an_attempt_counts_before_it_is_looked_at() {
        let mut state = None;
        for _ in 0..5 {
            state = Some(Lockout::attempt(state, at(0)).unwrap());
        }
        assert_eq!(Lockout::attempt(state, at(10)), Err(Locked { left: SignedDuration::from_secs(20) }));
        assert_eq!(Lockout::attempt(state, at(30)).unwrap().failures, 6);
    }
}
