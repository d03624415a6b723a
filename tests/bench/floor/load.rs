//! Workers that each do the same again and again, and how long each time took.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

/// `workers` threads, each with a job of its own that is done once before the clock runs, and then until the time is
/// over. What they did a second, and milliseconds.
pub fn measure<Job: FnMut() -> Result<()>>(
    workers: usize,
    time: Duration,
    job: impl Fn(usize) -> Result<Job> + Sync,
) -> Result<Value> {
    let ready = Barrier::new(workers);
    let outcomes: Vec<Result<(Vec<f64>, f64)>> = thread::scope(|scope| {
        let run = |worker| {
            let (job, ready) = (&job, &ready);
            move || {
                let prepared = job(worker).and_then(|mut job| job().map(|()| job));
                // Nobody waits for one that could not begin.
                ready.wait();
                let mut job = prepared?;
                let (began, mut times) = (Instant::now(), Vec::new());
                while began.elapsed() < time {
                    let begin = Instant::now();
                    job()?;
                    times.push(begin.elapsed().as_secs_f64() * 1000.0);
                }
                Ok((times, began.elapsed().as_secs_f64()))
            }
        };
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(run(worker))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a worker panicked"))))
            .collect()
    });
    let mut all = Vec::new();
    let mut per_second = 0.0;
    for outcome in outcomes {
        let (times, took) = outcome?;
        per_second += f64::from(u32::try_from(times.len())?) / took;
        all.extend(times);
    }
    all.sort_by(f64::total_cmp);
    let at = |part: usize| all.get((all.len() * part / 100).min(all.len().saturating_sub(1))).copied();
    Ok(json!({ "count": all.len(), "per_second": per_second, "p50": at(50), "p99": at(99) }))
}
