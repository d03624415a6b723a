//! Figures: numbers taken, what they come to, and the line that reports them.

use anyhow::{Context, Result};
use std::{fs::File, io::Write, time::Duration};
use support::evidence::say;

/// The middle of several numbers.
pub fn median(numbers: &[f64]) -> f64 {
    share(numbers, 0.5)
}

/// The number below which `share` (0.0 to 1.0) of the numbers lie.
pub fn share(numbers: &[f64], share: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let at = (0..=last).find(|at| f64::from(small(*at)) >= share * f64::from(small(last)));
    sorted.get(at.unwrap_or(last)).copied().unwrap_or(f64::NAN)
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// One line of the report.
pub struct Figure {
    /// What is measured.
    pub what: String,
    /// What we are.
    pub ours: String,
    /// What it is held against.
    pub beside: String,
    /// What it comes to, and what it may.
    pub verdict: String,
    /// Absent where the figure is reported and gates nothing.
    pub met: Option<bool>,
}

impl Figure {
    /// Writes it where `make bench` reads it, and says it.
    pub fn report(&self) -> Result<()> {
        let met = match self.met {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "reported",
        };
        let line = [&self.what, &self.ours, &self.beside, &self.verdict, met].join("\t");
        say(&line.replace('\t', " | "));
        if let Some(path) = std::env::var_os("LATCHKEY_FIGURES") {
            let file = File::options().create(true).append(true).open(path);
            writeln!(file.context("could not open the file of figures")?, "{line}")?;
        }
        Ok(())
    }
}
