//! A journey: one test with a desk of its own, alone on the machine, that leaves evidence when it fails.

use crate::{desk::Desk, evidence, programs};
use anyhow::{Context, Result};
use futures_util::FutureExt;
use std::{
    fs::File,
    future::Future,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Longer than any journey should take; the end of one that hangs.
const JOURNEY: Duration = Duration::from_secs(420);

static ALONE: Mutex<()> = Mutex::new(());

/// The right to be the only journey, in this program and, by a file lock, among all on the machine.
#[derive(Debug)]
pub struct Alone {
    _here: MutexGuard<'static, ()>,
    _everywhere: File,
}

/// Waits until no other journey runs: two of them would compete for the processor, and deadlines
/// would measure the neighbour.
///
/// # Errors
/// That the lock file cannot be made.
pub fn one_at_a_time() -> Result<Alone> {
    let here = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = programs::target()?.join("journeys.lock");
    let file = File::options().create(true).append(true).open(&path);
    let file = file.with_context(|| format!("could not make {}", path.display()))?;
    file.lock().context("could not lock the journeys' lock file")?;
    Ok(Alone { _here: here, _everywhere: file })
}

/// Runs `body` at a new desk, alone. On failure (an error, a panic, or too long a time) the desk's
/// evidence goes to `target/journeys/<name>/` before anything is torn down.
///
/// # Panics
/// When the body fails: this is the end of a test.
pub fn journey<F, R>(name: &str, body: F)
where
    F: FnOnce(Desk) -> R,
    R: Future<Output = Result<()>>,
{
    journey_at(name, Desk::plan(name), body);
}

/// As [`journey`], at a desk of a special plan, e.g. without a keyring.
///
/// # Panics
/// As [`journey`].
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn journey_at<F, R>(name: &str, plan: crate::desk::Plan, body: F)
where
    F: FnOnce(Desk) -> R,
    R: Future<Output = Result<()>>,
{
    let alone = match one_at_a_time() {
        Ok(alone) => alone,
        Err(e) => panic!("{e:#}"),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.unwrap_or_else(|e| panic!("no runtime: {e}"));
    let outcome = runtime.block_on(async {
        let desk = match plan.start().await {
            Ok(desk) => desk,
            Err(e) => return Ok(Err(e.context("the desk could not be set up"))),
        };
        let run = AssertUnwindSafe(body(desk.clone())).catch_unwind();
        let outcome = match tokio::time::timeout(JOURNEY, run).await {
            Ok(outcome) => outcome,
            Err(_) => Ok(Err(anyhow::anyhow!("the journey took more than {} s", JOURNEY.as_secs()))),
        };
        if !matches!(outcome, Ok(Ok(()))) {
            match evidence::collect(&desk, name).await {
                Ok(folder) => evidence::say(&format!("evidence of {name}: {}", folder.display())),
                Err(e) => evidence::say(&format!("no evidence of {name}: {e:#}")),
            }
        }
        desk.tear_down().await;
        outcome
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    drop(alone);
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(e)) => panic!("{name}: {e:#}"),
        Err(cause) => resume_unwind(cause),
    }
}
