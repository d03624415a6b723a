//! What `make bench` measures of the whole app: optimised programs at a desk of their own, beside a bare
//! Tauri program (`bare/`) that takes turns with ours, so that a busy moment meets both.
//!
//! Times and sizes are reported; what gates is a ratio to the bare program, page or limit in the same run.
//! Each figure is a line of the file that `LATCHKEY_FIGURES` names.

mod eye;
mod figure;
mod latch;
mod memory;
mod organisation;
mod search;
mod start;
mod sync;

use std::process::ExitCode;
use support::measured;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    if is_wanted("start") {
        measured("bench-start", start::measure);
    }
    if is_wanted("search") {
        measured("bench-search", search::measure);
    }
    if is_wanted("latch") {
        measured("bench-latch", latch::measure);
    }
    if is_wanted("sync") {
        for limit in [8, 20] {
            measured("bench-sync", |desk| sync::measure(desk, limit));
        }
    }
    ExitCode::SUCCESS
}
