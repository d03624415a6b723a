//! A journey: one test with a desk of its own, beside one other at most, that leaves evidence when it fails.

use crate::{
    desk::{Desk, Plan},
    evidence, programs,
};
use anyhow::{Context, Result};
use futures_util::FutureExt;
use std::{
    fs::File,
    future::Future,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// Longer than any journey should take; the end of one that hangs.
const JOURNEY: Duration = Duration::from_secs(420);

/// So many journeys go on at once, among all programs of this checkout. A desk mostly waits, for a minute of the clock
/// or a touch that must not come: two of them leave half of two processors idle. With more, deadlines would measure
/// the neighbours.
const AT_ONCE: usize = 2;

/// The right to be one of the journeys that go on, until it is dropped.
#[derive(Debug)]
struct Turn {
    _places: Vec<File>,
}

/// Waits for a turn: beside one other journey, or, for what is measured, with all places.
fn turn(alone: bool) -> Result<Turn> {
    let mut places = Vec::new();
    for place in 0..AT_ONCE {
        let path = programs::target()?.join(format!("journeys-{place}.lock"));
        let file = File::options().create(true).append(true).open(&path);
        places.push(file.with_context(|| format!("could not make {}", path.display()))?);
    }
    let lock = |file: &File| file.lock().context("could not lock a place for a journey");
    if alone {
        places.iter().try_for_each(lock)?;
        return Ok(Turn { _places: places });
    }
    // Locks are the open file's, so they keep apart threads as well as programs.
    let free = places.iter().position(|place| place.try_lock().is_ok());
    // None is free: one of them is waited for, and not always the same.
    let taken = free.unwrap_or_else(|| NEXT.fetch_add(1, Ordering::Relaxed) % AT_ONCE);
    let place = places.swap_remove(taken);
    if free.is_none() {
        lock(&place)?;
    }
    Ok(Turn { _places: vec![place] })
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Runs `body` at a new desk. On failure (an error, a panic, or too long a time) the desk's
/// evidence goes to `target/journeys/<name>/` before anything is torn down.
///
/// # Panics
/// When the body fails: this is the end of a test.
pub fn journey<F, R>(name: &str, body: F)
where
    F: FnOnce(Desk) -> R,
    R: Future<Output = Result<()>>,
{
    run(name, Desk::plan(name), turn(false), body);
}

/// As [`journey`], at a desk of a special plan, e.g. without a keyring.
///
/// # Panics
/// As [`journey`].
pub fn journey_at<F, R>(name: &str, plan: Plan, body: F)
where
    F: FnOnce(Desk) -> R,
    R: Future<Output = Result<()>>,
{
    run(name, plan, turn(false), body);
}

/// As [`journey`], with no other one beside it: what is measured is to be ours.
///
/// # Panics
/// As [`journey`].
pub fn measured<F, R>(name: &str, body: F)
where
    F: FnOnce(Desk) -> R,
    R: Future<Output = Result<()>>,
{
    run(name, Desk::plan(name), turn(true), body);
}

#[expect(clippy::panic, reason = "this is how a test fails")]
fn run<F, R>(name: &str, plan: Plan, turn: Result<Turn>, body: F)
where
    F: FnOnce(Desk) -> R,
    R: Future<Output = Result<()>>,
{
    let turn = turn.unwrap_or_else(|e| panic!("{e:#}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.unwrap_or_else(|e| panic!("no runtime: {e}"));
    let outcome = runtime.block_on(async {
        let desk = match plan.start().await {
            Ok(desk) => desk,
            Err(e) => return Ok(Err(e.context("the desk could not be set up"))),
        };
        let run = AssertUnwindSafe(body(desk.clone())).catch_unwind();
        let outcome = match tokio::time::timeout(JOURNEY, run).await {
            // What a person would see only as something that does not react.
            Ok(Ok(Ok(()))) => Ok(evidence::page_is_whole(&desk)),
            Ok(outcome) => outcome,
            Err(_) => Ok(Err(anyhow::anyhow!("the journey took more than {} s", JOURNEY.as_secs()))),
        };
        if !matches!(outcome, Ok(Ok(()))) {
            let said = match &outcome {
                Ok(Err(e)) => format!("{e:#}"),
                _ => "a panic, see the test's output".to_owned(),
            };
            match evidence::collect(&desk, name, &said).await {
                Ok(folder) => evidence::say(&format!("evidence of {name}: {}", folder.display())),
                Err(e) => evidence::say(&format!("no evidence of {name}: {e:#}")),
            }
        }
        desk.tear_down().await;
        outcome
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    drop(turn);
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(e)) => panic!("{name}: {e:#}"),
        Err(cause) => resume_unwind(cause),
    }
}
