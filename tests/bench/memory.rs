//! The memory of a program with its children, each page counted by its share (PSS).

use anyhow::{Context, Result};
use std::{
    cell::Cell,
    fs,
    time::{Duration, Instant},
};
use support::{deadline::WHILE, until};

/// Memory that changed by less than this share for so long is at rest.
const REST: (f64, Duration) = (0.01, Duration::from_secs(2));

/// The PSS of `pid` and everything that it started, in MiB, once it is at rest.
pub async fn at_rest(pid: u32) -> Result<f64> {
    let last = Cell::new((0.0, Instant::now()));
    until(WHILE, "the memory to come to rest", || {
        let now = of_tree(pid);
        let seen = now.map(|now| {
            let (before, since) = last.get();
            if (now - before).abs() > REST.0 * now {
                last.set((now, Instant::now()));
                return None;
            }
            (since.elapsed() >= REST.1).then_some(now)
        });
        async { seen }
    })
    .await
}

/// In MiB.
fn of_tree(pid: u32) -> Result<f64> {
    let all: Vec<(u32, u32)> = fs::read_dir("/proc")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| Some((pid, parent(pid)?)))
        .collect();
    let mut tree = vec![pid];
    let mut at = 0;
    while let Some(&parent) = tree.get(at) {
        tree.extend(all.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        at += 1;
    }
    let own = pss(pid).with_context(|| format!("the process {pid} has no memory to tell"))?;
    // A child may end at any moment.
    let children: u32 = tree.iter().skip(1).filter_map(|child| pss(*child)).sum();
    Ok(f64::from(own + children) / 1024.0)
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// In KiB.
fn pss(pid: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}
