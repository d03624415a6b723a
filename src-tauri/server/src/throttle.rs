//! A rate limit: a bucket that holds one second's worth of requests and fills at the rate. The portal has one that the
//! sandbox can set (`{"throttle":8}`), off otherwise. AWS publishes no figure of it (IAM Identity Center quotas).

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

/// A rate limit that may be off.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<Option<Bucket>>);

#[derive(Debug)]
struct Bucket {
    per_second: i64,
    /// Thousandths of a request.
    level: i64,
    filled: Timestamp,
    counted: Counted,
}

/// What met a limit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Requests that passed.
    pub passed: u64,
    /// Requests that were answered 429.
    pub refused: u64,
}

impl Throttle {
    /// Requests a second from now on; 0 lifts the limit. Gives back what met the limit before, if there was one.
    pub fn set(&self, per_second: u32, now: Timestamp) -> Option<Counted> {
        let per_second = i64::from(per_second);
        let level = per_second * 1000;
        let bucket = (per_second > 0).then_some(Bucket {
            per_second,
            level,
            filled: now,
            counted: Counted::default(),
        });
        let before = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), bucket);
        before.map(|bucket| bucket.counted)
    }

    /// Whether one more request may pass.
    pub fn admits(&self, now: Timestamp) -> bool {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bucket) = bucket.as_mut() else { return true };
        let elapsed = now.as_millisecond().saturating_sub(bucket.filled.as_millisecond()).clamp(0, 1000);
        bucket.filled = now;
        bucket.level = (bucket.level + elapsed * bucket.per_second).min(bucket.per_second * 1000);
        if bucket.level < 1000 {
            bucket.counted.refused += 1;
            return false;
        }
        bucket.counted.passed += 1;
        bucket.level -= 1000;
        true
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn passes_the_rate_and_no_more() {
        let at = |ms: i64| Timestamp::from_millisecond(1_000_000 + ms).unwrap();
        let throttle = Throttle::default();
        assert!((0..100).all(|_| throttle.admits(at(0))), "no limit at first");
        throttle.set(8, at(0));
        let passed = (0..20).filter(|_| throttle.admits(at(0))).count();
        assert_eq!(passed, 8);
        assert!(!throttle.admits(at(100)));
        assert!(throttle.admits(at(225)));
        assert_eq!((0..20).filter(|_| throttle.admits(at(5000))).count(), 8);
        let counted = Counted { passed: 8 + 1 + 8, refused: 12 + 1 + 12 };
        assert_eq!(throttle.set(0, at(5000)), Some(counted));
        assert!((0..100).all(|_| throttle.admits(at(5000))));
    }
}
