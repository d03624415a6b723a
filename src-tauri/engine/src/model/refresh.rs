//! When to replace credentials and tokens: facts in, one decision out, no side effect.

use super::{Timestamp, profile::Written, secret::RoleCredentials};
use jiff::SignedDuration;

/// The longest lead before an expiry. botocore refreshes at 15 minutes and insists at 10, so what a
/// helper hands out must have more than that left.
pub const LONGEST_LEAD: SignedDuration = SignedDuration::from_mins(20);

/// A token with less than this left is not sent: the answer might arrive after its end.
pub const TOKEN_MARGIN: SignedDuration = SignedDuration::from_secs(30);

/// A service that names a longer wait is asked again all the same: it may have meant another caller.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);

/// How long before its end something that lives for `lifetime` is replaced: the smaller of 20 minutes
/// and a third of the lifetime. 60 minutes are replaced after 40, 15 after 10.
#[must_use]
pub fn lead(lifetime: SignedDuration) -> SignedDuration {
    lead_within(lifetime, LONGEST_LEAD)
}

/// As [`lead`], with the longest one that the person chose for profiles.
#[must_use]
pub fn lead_within(lifetime: SignedDuration, longest: SignedDuration) -> SignedDuration {
    longest.min(lifetime / 3).max(SignedDuration::ZERO)
}

/// The moment at which something issued and expiring then is replaced.
#[must_use]
pub fn renew_at(issued: Timestamp, expires: Timestamp) -> Timestamp {
    expires - lead(expires.duration_since(issued))
}

/// As [`renew_at`], of a profile.
#[must_use]
pub fn renew_profile_at(written: &Written, longest: SignedDuration) -> Timestamp {
    written.expires - lead_within(written.expires.duration_since(written.issued), longest)
}

/// Until when credentials are handed out to programs, before new ones are fetched for them.
///
/// botocore runs `credential_process` again on every use when less than 15 minutes are left, so whatever
/// lives for more than 20 is replaced before that. What lives for less cannot escape it, and is answered
/// from the cache meanwhile.
#[must_use]
pub fn hand_out_until(credentials: &RoleCredentials) -> Timestamp {
    let lifetime = credentials.expires.duration_since(credentials.issued);
    let long = lifetime > SignedDuration::from_mins(20);
    let least = if long { SignedDuration::from_mins(16) } else { SignedDuration::ZERO };
    credentials.expires - lead(lifetime).max(least)
}

/// What is known of one kept profile when the question comes up.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Now.
    pub now: Timestamp,
    /// Paused, this one or all.
    pub paused: bool,
    /// A usable sign-in stands, or one that can be renewed silently.
    pub signed_in: bool,
    /// The longest lead that the person wants.
    pub lead: SignedDuration,
    /// What stands in the file.
    pub written: Option<&'a Written>,
    /// Not before this moment, after a failure.
    pub not_before: Option<Timestamp>,
    /// A conflict or a lost role: only the person can go on.
    pub blocked: bool,
    /// A fetch is under way.
    pub in_flight: bool,
}

/// What to do with a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing until then.
    KeepUntil(Timestamp),
    /// Fetch and write now.
    Renew,
    /// Only a sign-in helps.
    SignIn,
    /// Only the person helps, or something is under way.
    Leave,
}

/// The decision. Paused profiles are left alone even when they expire, as the person asked.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> Decision {
    if facts.paused || facts.blocked || facts.in_flight {
        return Decision::Leave;
    }
    let due = facts.written.map_or(facts.now, |w| renew_profile_at(w, facts.lead));
    if due > facts.now {
        return Decision::KeepUntil(due);
    }
    if !facts.signed_in {
        return Decision::SignIn;
    }
    match facts.not_before {
        Some(later) if later > facts.now => Decision::KeepUntil(later),
        _ => Decision::Renew,
    }
}

/// The wait before the next try after `failures` failures in a row: 30 s doubling to 5 minutes, less up
/// to a quarter by `chance` (0.0 to 1.0), so that many profiles do not all knock at once.
#[must_use]
pub fn retry_after(failures: u32, chance: f64) -> SignedDuration {
    let base = 30_i64.saturating_mul(1 << failures.saturating_sub(1).min(4)).min(300);
    SignedDuration::from_secs(base).mul_f64_clamped(1.0 - 0.25 * chance.clamp(0.0, 1.0))
}

/// The wait before the next attempt to reach a server without a network, after so many: 20 s doubling to
/// 5 minutes. Not shortened by chance, since people see it counted down.
#[must_use]
pub fn offline_attempt_after(attempts: u32) -> SignedDuration {
    SignedDuration::from_secs(20_i64.saturating_mul(1 << attempts.min(4)).min(300))
}

/// The wait that a service named itself, kept within a quarter of an hour; none when it named none.
#[must_use]
pub fn wait_named(named: Option<std::time::Duration>) -> SignedDuration {
    named.map_or(SignedDuration::ZERO, |wait| {
        SignedDuration::try_from(wait).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
    })
}

trait Scale {
    fn mul_f64_clamped(self, factor: f64) -> Self;
}

impl Scale for SignedDuration {
    fn mul_f64_clamped(self, factor: f64) -> Self {
        Self::try_from_secs_f64(self.as_secs_f64() * factor).unwrap_or(self)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn written(issued: i64, expires: i64) -> Written {
        Written {
            at: at(issued),
            issued: at(issued),
            expires: at(expires),
            fingerprint: String::new(),
            key_tail: String::new(),
        }
    }

    fn check(now: i64, file: Option<(i64, i64)>, change: impl FnOnce(&mut Facts<'_>), expect: Decision) {
        let w = file.map(|(a, b)| written(a, b));
        let mut facts = Facts {
            now: at(now),
            paused: false,
            signed_in: true,
            lead: LONGEST_LEAD,
            written: w.as_ref(),
            not_before: None,
            blocked: false,
            in_flight: false,
        };
        change(&mut facts);
        assert_eq!(decide(&facts), expect);
    }

    #[test]
    fn an_hour_renews_at_forty_and_a_quarter_at_ten() {
        check(39, Some((0, 60)), |_| (), Decision::KeepUntil(at(40)));
        check(40, Some((0, 60)), |_| (), Decision::Renew);
        check(9, Some((0, 15)), |_| (), Decision::KeepUntil(at(10)));
        check(10, Some((0, 15)), |_| (), Decision::Renew);
        check(0, Some((0, 12 * 60)), |_| (), Decision::KeepUntil(at(12 * 60 - 20)));
    }

    #[test]
    fn the_person_may_want_profiles_replaced_earlier_or_later() {
        let lead = |minutes| move |f: &mut Facts<'_>| f.lead = SignedDuration::from_mins(minutes);
        check(49, Some((0, 60)), lead(10), Decision::KeepUntil(at(50)));
        check(50, Some((0, 60)), lead(10), Decision::Renew);
        // Never before two thirds of the lifetime are over.
        check(39, Some((0, 60)), lead(45), Decision::KeepUntil(at(40)));
        check(0, Some((0, 12 * 60)), lead(45), Decision::KeepUntil(at(12 * 60 - 45)));
    }

    #[test]
    fn programs_get_more_than_a_quarter_of_an_hour_where_there_is_one() {
        let until = |lifetime: i64| {
            let secret = || secrecy::SecretString::from("x");
            let credentials = RoleCredentials {
                access_key_id: secret(),
                secret_access_key: secret(),
                session_token: secret(),
                issued: at(0),
                expires: at(lifetime),
            };
            hand_out_until(&credentials).duration_since(at(0)).as_mins()
        };
        assert_eq!([until(60), until(30), until(21), until(20), until(15)], [40, 14, 5, 13, 10]);
    }

    #[test]
    fn nothing_written_is_due_at_once() {
        check(0, None, |_| (), Decision::Renew);
    }

    #[test]
    fn what_stands_in_the_way() {
        check(50, Some((0, 60)), |f| f.paused = true, Decision::Leave);
        check(50, Some((0, 60)), |f| f.blocked = true, Decision::Leave);
        check(50, Some((0, 60)), |f| f.in_flight = true, Decision::Leave);
        check(50, Some((0, 60)), |f| f.signed_in = false, Decision::SignIn);
        check(30, Some((0, 60)), |f| f.signed_in = false, Decision::KeepUntil(at(40)));
        check(50, Some((0, 60)), |f| f.not_before = Some(at(51)), Decision::KeepUntil(at(51)));
        check(51, Some((0, 60)), |f| f.not_before = Some(at(51)), Decision::Renew);
    }

    #[test]
    fn attempts_without_a_network_come_at_round_times() {
        let waits = [0, 1, 2, 3, 4, 99].map(|n| offline_attempt_after(n).as_secs());
        assert_eq!(waits, [20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn retries_grow_and_end_at_five_minutes() {
        assert_eq!(retry_after(1, 0.0), SignedDuration::from_secs(30));
        assert_eq!(retry_after(2, 0.0), SignedDuration::from_secs(60));
        assert_eq!(retry_after(99, 0.0), SignedDuration::from_secs(300));
        assert_eq!(retry_after(99, 1.0), SignedDuration::from_secs(225));
    }
}
