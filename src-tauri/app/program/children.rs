//! Linux: children of the program in whose place this one was started, such as web processes that were still
//! ending, or a browser. Nobody else here knows of them, and what nobody asks about stays as a defunct process.

use rustix::process::{Pid, WaitOptions, waitpid};
use std::{fs, thread};

/// Each is waited for by a thread of its own, which does nothing else.
const STACK: usize = 64 * 1024;

/// Asks about each child that is there already when it has ended. To be called by the only thread of a program
/// that has made none itself.
pub fn see_out() {
    let list = fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    for child in list.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)) {
        let wait = move || {
            // Its status interests nobody.
            let _ = waitpid(Some(child), WaitOptions::empty());
        };
        let waits = thread::Builder::new().name("heir".to_owned()).stack_size(STACK).spawn(wait);
        if let Err(error) = waits {
            tracing::debug!(%error, "a child of the program before is not waited for");
        }
    }
}
