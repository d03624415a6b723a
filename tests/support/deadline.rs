//! Waiting: always with a deadline, always saying for what.

use anyhow::{Result, bail};
use std::{future::Future, time::Duration};

/// For something that happens inside one program.
pub const SOON: Duration = Duration::from_secs(15);
/// For something that several programs do together on a busy machine.
pub const WHILE: Duration = Duration::from_secs(60);
/// For a program to start on a busy machine.
pub const START: Duration = Duration::from_secs(90);

/// How often a condition that nothing announces is looked at: WebDriver and `/proc` have no signal.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// Awaits `work`, at most `limit`.
///
/// # Errors
/// The work's own error, or that the deadline passed, naming `what`.
pub async fn within<T, E>(limit: Duration, what: &str, work: impl Future<Output = Result<T, E>>) -> Result<T>
where
    E: Into<anyhow::Error>,
{
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done.map_err(|e| e.into().context(format!("while waiting for {what}"))),
        Err(_) => bail!("waited {} s for {what}, in vain", limit.as_secs_f32()),
    }
}

/// Looks at a condition until it holds, for things that no signal announces (a WebDriver
/// condition, a process that went away). This is the only such loop of the tests.
///
/// # Errors
/// The look's own error, or that the deadline passed, naming `what`.
pub async fn until<T, F>(limit: Duration, what: &str, mut look: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    within(limit, what, async {
        let mut tick = tokio::time::interval(LOOK_AGAIN);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Some(found) = look().await? {
                return anyhow::Ok(found);
            }
        }
    })
    .await
}
