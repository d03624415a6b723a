//! What is used most: often and lately, in one number.

use super::Timestamp;
use std::collections::HashMap;

/// So many of the last launches count.
const COUNTED: usize = 20;
/// After so many days a launch counts half.
const HALF_LIFE_DAYS: f64 = 7.0;
/// So many launches of this moment make half of the most there can be.
const HALF_AT: f64 = 3.0;

/// From 0.0, never used, towards 1.0. `launches` are of one thing, newest first.
#[must_use]
pub fn frecency(launches: impl IntoIterator<Item = Timestamp>, now: Timestamp) -> f64 {
    let x: f64 = launches.into_iter().take(COUNTED).map(|at| weight(at, now)).sum();
    x / (x + HALF_AT)
}

/// What one launch still counts.
fn weight(at: Timestamp, now: Timestamp) -> f64 {
    // A clock that was put back makes no launch count more than one of now.
    let days = now.duration_since(at).as_secs_f64().max(0.0) / 86_400.0;
    0.5_f64.powf(days / HALF_LIFE_DAYS)
}

/// What was launched, the most used first. `launches` are of all, newest first, which decides between
/// equals.
#[must_use]
pub fn most_used<T: Clone + Eq + std::hash::Hash>(
    launches: impl IntoIterator<Item = (T, Timestamp)>,
    now: Timestamp,
) -> Vec<T> {
    let mut order: Vec<T> = Vec::new();
    let mut of: HashMap<T, Vec<Timestamp>> = HashMap::new();
    for (what, at) in launches {
        let all = of.entry(what.clone()).or_default();
        if all.is_empty() {
            order.push(what);
        }
        all.push(at);
    }
    let mut ranked: Vec<(f64, T)> = order
        .into_iter()
        .map(|what| (frecency(of.get(&what).into_iter().flatten().copied(), now), what))
        .collect();
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    ranked.into_iter().map(|(_, what)| what).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn days_ago(days: i64) -> Timestamp {
        now() - SignedDuration::from_hours(24 * days)
    }

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000)
    }

    fn check(ages: &[i64], expect: f64) {
        let found = frecency(ages.iter().map(|days| days_ago(*days)), now());
        assert!((found - expect).abs() < 1e-9, "{ages:?}: {found}, not {expect}");
    }

    #[test]
    fn often_and_lately_counts() {
        check(&[], 0.0);
        check(&[0], 0.25);
        check(&[7], 0.5 / 3.5);
        check(&[0, 7, 14], 1.75 / 4.75);
        check(&[0; 3], 0.5);
        // The last twenty alone.
        check(&[0; 20], 20.0 / 23.0);
        check(&[0; 50], 20.0 / 23.0);
        // A launch of tomorrow, by a clock that was put back.
        check(&[-1], 0.25);
    }

    #[test]
    fn what_is_used_daily_leads_what_was_used_just_now() {
        let mut all: Vec<(&str, Timestamp)> = vec![("once", days_ago(0))];
        all.extend((1..=5).map(|day| ("daily", days_ago(day))));
        all.extend((0..10).map(|_| ("last month", days_ago(40))));
        all.push(("before", days_ago(60)));
        assert_eq!(most_used(all, now()), ["daily", "once", "last month", "before"]);
        // Equals: the one used last.
        let equal = vec![("b", days_ago(1)), ("a", days_ago(1))];
        assert_eq!(most_used(equal, now()), ["b", "a"]);
    }
}
