//! From the start to the tray, memory at rest, the first window and the next.

use crate::{
    eye::Eye,
    figure::{Figure, median, ms},
    memory, organisation,
};
use anyhow::{Result, ensure};
use std::{path::PathBuf, sync::Arc, time::Instant};
use support::{
    Desk,
    deadline::{START, WHILE},
    desktop::Item,
    process::Process,
    programs,
};

/// What is allowed beside the bare program.
const TIMES: f64 = 1.3;
const WINDOW_MORE_MS: f64 = 100.0;
/// What reopening is meant to take.
const REOPENED_MS: f64 = 300.0;

/// Starts that are only measured up to the tray, and whole rounds, each of both programs in turn.
const STARTS: usize = 12;
const ROUNDS: usize = 5;
/// As many as a team has.
const ACCOUNTS: usize = 40;
const ROLES: usize = 3;

/// A program with a tray, and what was measured of it.
struct Program {
    name: &'static str,
    path: PathBuf,
    args: &'static [&'static str],
    open: &'static str,
    launch: Vec<f64>,
    before: Vec<f64>,
    after: Vec<f64>,
    first: Vec<f64>,
    again: Vec<f64>,
}

impl Program {
    fn new(name: &'static str, path: PathBuf, args: &'static [&'static str], open: &'static str) -> Self {
        let [launch, before, after, first, again] = std::array::from_fn(|_| Vec::new());
        Self { name, path, args, open, launch, before, after, first, again }
    }

    /// Starts it and waits until its icon is registered.
    async fn launched(&mut self, desk: &Desk) -> Result<(Arc<Process>, Item)> {
        let tray = desk.tray()?;
        let mark = tray.mark();
        let program = desk.program(self.name, &self.path).args(self.args);
        let begin = Instant::now();
        let process = desk.spawn(program)?;
        let at = tray.registered_after(mark, START).await?;
        self.launch.push(ms(at.duration_since(begin)));
        Ok((process, tray.item_after(mark, START).await?))
    }

    async fn opened(&self, desk: &Desk, item: &Item) -> Result<f64> {
        let mut eye = Eye::open(desk.display())?;
        let begin = Instant::now();
        item.click(&[self.open]).await?;
        Ok(ms(eye.settled_since(begin).await?))
    }

    async fn closed(&self, desk: &Desk) -> Result<()> {
        desk.display().close_windows(self.name)?;
        organisation::gone(desk, "WebKitWebProcess").await
    }

    async fn quit(&self, process: &Process, item: &Item) -> Result<()> {
        item.click(&["Quit"]).await?;
        let status = process.ended(WHILE).await?;
        ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(())
    }

    async fn start_only(&mut self, desk: &Desk) -> Result<()> {
        let (process, item) = self.launched(desk).await?;
        self.quit(&process, &item).await
    }

    async fn round(&mut self, desk: &Desk) -> Result<()> {
        let (process, item) = self.launched(desk).await?;
        self.before.push(memory::at_rest(process.pid()).await?);
        memory::keep(process.pid(), &format!("{}-never-opened", self.name))?;
        ensure!(desk.running("WebKitWebProcess") == 0, "{} has a web process without a window", self.name);
        self.first.push(self.opened(desk, &item).await?);
        self.closed(desk).await?;
        self.after.push(memory::at_rest(process.pid()).await?);
        memory::keep(process.pid(), &format!("{}-opened-and-closed", self.name))?;
        self.again.push(self.opened(desk, &item).await?);
        self.closed(desk).await?;
        self.quit(&process, &item).await
    }
}

/// Measures both programs in turn.
pub async fn measure(desk: Desk) -> Result<()> {
    let server = organisation::serve(&desk, ACCOUNTS, ROLES).await?;
    organisation::prepared(&desk, &server, ACCOUNTS).await?;
    let mut ours = Program::new("latchkey", programs::latchkey()?, &["--hidden"], "Open Latchkey");
    let mut bare = Program::new("bare", programs::bare()?, &[], "Open");
    // The first start of each reads the disk.
    bare.start_only(&desk).await?;
    ours.start_only(&desk).await?;
    (bare.launch, ours.launch) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        bare.start_only(&desk).await?;
        ours.start_only(&desk).await?;
    }
    for _ in 0..ROUNDS {
        bare.round(&desk).await?;
        ours.round(&desk).await?;
    }
    server.end().await?;

    let times = |what: &str, unit: &str, ours: &[f64], bare: &[f64]| {
        let (ours, bare) = (median(ours), median(bare));
        Figure {
            what: what.to_owned(),
            ours: format!("{ours:.0} {unit}"),
            beside: format!("{bare:.0} {unit} bare"),
            verdict: format!("{:.2} times, at most {TIMES}", ours / bare),
            met: Some(ours <= TIMES * bare),
        }
    };
    times("launch to tray registered", "ms", &ours.launch, &bare.launch).report()?;
    times("memory, window never opened", "MiB", &ours.before, &bare.before).report()?;
    times("memory, window opened and closed", "MiB", &ours.after, &bare.after).report()?;
    let allowed = |bare: &[f64]| TIMES * median(bare) + WINDOW_MORE_MS;
    let window = |what: &str, ours: &[f64], bare: &[f64]| Figure {
        what: what.to_owned(),
        ours: format!("{:.0} ms", median(ours)),
        beside: format!("{:.0} ms bare", median(bare)),
        verdict: format!("at most {TIMES} times + {WINDOW_MORE_MS} ms = {:.0} ms", allowed(bare)),
        met: Some(median(ours) <= allowed(bare)),
    };
    window("first window", &ours.first, &bare.first).report()?;
    window("window reopened", &ours.again, &bare.again).report()?;
    let again = median(&ours.again);
    Figure {
        what: "window reopened".to_owned(),
        ours: format!("{again:.0} ms"),
        beside: format!("{REOPENED_MS:.0} ms"),
        verdict: if again <= REOPENED_MS { "within" } else { "above" }.to_owned(),
        met: None,
    }
    .report()
}
