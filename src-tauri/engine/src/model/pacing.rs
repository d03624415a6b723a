//! How fast to ask a service whose rate limit is not published: grow while it answers, shrink when it
//! says 429, remember where that was.

use std::time::Duration;

const FIRST_RATE: f64 = 10.0;
const LOWEST_RATE: f64 = 0.5;
const HIGHEST_RATE: f64 = 40.0;
/// Growth for each answer before the limit has been met: 10 requests a second become 20 in about 2 s.
const GROWTH_BEFORE: f64 = 0.35;
/// Growth for each answer afterwards: careful, the limit is near.
const GROWTH_AFTER: f64 = 0.02;
/// 429s within this time of the first one tell nothing new: those requests were in flight already.
const SAME_EVENT: Duration = Duration::from_millis(1_200);

/// A service that names a longer wait is asked again all the same.
const LONGEST_NAMED: Duration = Duration::from_secs(15 * 60);

/// The pace of one organisation's requests. Moments are counted from any fixed start.
#[derive(Clone, Debug)]
pub struct Pace {
    rate: f64,
    met_limit: bool,
    next: Duration,
    throttled: Option<Duration>,
    row: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rate: FIRST_RATE, met_limit: false, next: Duration::ZERO, throttled: None, row: 0 }
    }
}

impl Pace {
    /// Takes the next slot and says when it is.
    pub fn slot(&mut self, now: Duration) -> Duration {
        let slot = self.next.max(now);
        self.next = slot + Duration::from_secs_f64(1.0 / self.rate);
        slot
    }

    /// A request was answered.
    pub fn answered(&mut self) {
        self.row = 0;
        let growth = if self.met_limit { GROWTH_AFTER } else { GROWTH_BEFORE };
        self.rate = (self.rate + growth).min(HIGHEST_RATE);
    }

    /// A request was refused with 429. Returns the moment at which asking may go on. `chance` is 0.0 to
    /// 1.0 for the jitter.
    pub fn throttled(&mut self, now: Duration, retry_after: Option<Duration>, chance: f64) -> Duration {
        let fresh = self.throttled.is_none_or(|before| now.saturating_sub(before) > SAME_EVENT);
        if fresh {
            self.rate = (self.rate * 0.7).max(LOWEST_RATE);
            self.met_limit = true;
            self.throttled = Some(now);
            self.row = self.row.saturating_add(1);
        }
        let backoff = Duration::from_millis(500)
            .saturating_mul(1 << self.row.saturating_sub(1).min(6))
            .mul_f64(0.75 + 0.5 * chance.clamp(0.0, 1.0));
        let until = now + retry_after.map_or(backoff, |named| named.min(LONGEST_NAMED));
        self.next = self.next.max(until);
        until
    }

    /// Keeps what was learnt for a next run, whose moments count from another start.
    pub fn forget_moments(&mut self) {
        self.next = Duration::ZERO;
        self.throttled = None;
        self.row = 0;
    }

    /// Requests a second at present.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token-bucket service with `limit` requests a second and one second of burst; answers after
    /// 20 ms. Returns seconds taken and the share of 429s for `calls` successes.
    fn run(limit: f64, calls: u32) -> (f64, f64) {
        let (mut pace, mut now) = (Pace::default(), Duration::ZERO);
        let (mut bucket, mut last, mut done, mut refused) = (limit, Duration::ZERO, 0_u32, 0_u32);
        while done < calls {
            now = pace.slot(now);
            bucket = (bucket + now.saturating_sub(last).as_secs_f64() * limit).min(limit);
            last = now;
            if bucket >= 1.0 {
                bucket -= 1.0;
                done += 1;
                pace.answered();
            } else {
                refused += 1;
                pace.throttled(now, None, 0.5);
            }
        }
        (now.as_secs_f64(), f64::from(refused) / f64::from(done + refused))
    }

    #[test]
    fn finds_an_unknown_limit_without_hammering() {
        for limit in [8.0, 20.0] {
            let (took, refused) = run(limit, 300);
            assert!(took <= 1.5 * 300.0 / limit, "limit {limit}: {took} s");
            assert!(refused <= 0.05, "limit {limit}: {refused} of calls refused");
        }
    }

    #[test]
    fn what_the_server_names_is_kept() {
        let mut pace = Pace::default();
        let until = pace.throttled(Duration::from_secs(1), Some(Duration::from_secs(7)), 0.0);
        assert_eq!(until, Duration::from_secs(8));
        assert_eq!(pace.slot(Duration::from_secs(1)), Duration::from_secs(8));
        let until = pace.throttled(Duration::from_secs(9), Some(Duration::from_secs(120)), 0.0);
        assert_eq!(until, Duration::from_secs(129), "more than a minute is kept too");
    }
}
