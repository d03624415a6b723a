//! The memory of a program with its children, each page counted by its share (PSS).

use anyhow::{Context, Result};
use std::{
    cell::Cell,
    fs,
    time::{Duration, Instant},
};
use support::{deadline::WHILE, evidence::say, programs, until};

/// Memory that changed by less than this share for so long is at rest.
const REST: (f64, Duration) = (0.01, Duration::from_secs(2));

/// Memory that is shared with a stranger counts half, or less with more of them: so long such are waited for.
const ALONE: Duration = Duration::from_secs(8);

/// The PSS of `pid` and everything that it started, in MiB, once it is at rest, and nobody else shares the
/// libraries of the web engine. Those who do so all the time are told.
pub async fn at_rest(pid: u32) -> Result<f64> {
    let began = Instant::now();
    until(WHILE + ALONE, "strangers with a web engine to end", || async {
        let others = strangers(pid)?;
        if others > 0 && began.elapsed() < ALONE {
            return Ok(None);
        }
        if others > 0 {
            say(&format!("{others} other programs share the web engine's libraries: the memory seems less"));
        }
        Ok(Some(()))
    })
    .await?;
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

/// How many processes besides the tree have the web engine's library.
fn strangers(pid: u32) -> Result<usize> {
    let ours = tree(pid)?;
    let has_it = |pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/maps")).is_ok_and(|maps| maps.contains("/libwebkit2gtk-"))
    };
    Ok(processes()?.iter().filter(|pid| !ours.contains(pid)).filter(|pid| has_it(pid)).count())
}

fn processes() -> Result<Vec<u32>> {
    let names = fs::read_dir("/proc")?.flatten().map(|entry| entry.file_name());
    Ok(names.filter_map(|name| name.to_str()?.parse().ok()).collect())
}

/// Keeps what each process of the tree has in memory, mapping by mapping, for whoever asks where it goes:
/// `target/bench/smaps/NAME-PID`.
pub fn keep(pid: u32, name: &str) -> Result<()> {
    let folder = programs::target()?.join("bench/smaps");
    fs::create_dir_all(&folder)?;
    for pid in tree(pid)? {
        if let Ok(smaps) = fs::read(format!("/proc/{pid}/smaps")) {
            fs::write(folder.join(format!("{name}-{pid}")), smaps)?;
        }
    }
    Ok(())
}

/// In MiB.
fn of_tree(pid: u32) -> Result<f64> {
    let own = pss(pid).with_context(|| format!("the process {pid} has no memory to tell"))?;
    // A child may end at any moment.
    let children: u32 = tree(pid)?.into_iter().skip(1).filter_map(pss).sum();
    Ok(f64::from(own + children) / 1024.0)
}

/// The process and all that it started.
fn tree(pid: u32) -> Result<Vec<u32>> {
    let all: Vec<(u32, u32)> = processes()?.into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut tree = vec![pid];
    let mut at = 0;
    while let Some(&parent) = tree.get(at) {
        tree.extend(all.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        at += 1;
    }
    Ok(tree)
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
