//! Whether the person is there, on macOS and Windows, which tell when they are asked: so they are, now and then, and
//! what changed is passed on as Linux' buses do by themselves. Checked by the compiler as far as it can here, and
//! never run: see the map of the code, "Platforms".

#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "macos")]
pub use macos::now;
#[cfg(windows)]
pub use windows::now;

use engine::{Signal, ports::Presence};
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::UnboundedSender;

/// So often it is looked.
const LOOK: Duration = Duration::from_secs(5);
/// Who did nothing for so long is away.
const AWAY: Duration = Duration::from_secs(5 * 60);
/// A look that comes so much later than it should was slept through.
const SLEPT: Duration = Duration::from_secs(30);

/// Tells what changes, until nobody listens.
pub async fn follow(signals: UnboundedSender<Signal>) {
    let (mut before, mut looked) = (now(), SystemTime::now());
    while !signals.is_closed() {
        tokio::time::sleep(LOOK).await;
        let (is, at) = (now(), SystemTime::now());
        // By the wall's clock: the other one may stand still meanwhile.
        if at.duration_since(looked).is_ok_and(|passed| passed > LOOK + SLEPT) {
            let _ = signals.send(Signal::Woke);
        }
        for signal in changes(before, is) {
            // Whoever listened may have gone.
            let _ = signals.send(signal);
        }
        (before, looked) = (is, at);
    }
}

fn changes(before: Presence, now: Presence) -> impl Iterator<Item = Signal> {
    let locked = (!before.locked && now.locked).then_some(Signal::ScreenLocked);
    let is_there = |one: Presence| !one.locked && one.idle < AWAY;
    let back = (!is_there(before) && is_there(now)).then_some(Signal::PersonBack);
    locked.into_iter().chain(back)
}
