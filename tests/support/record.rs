//! Things in the order they came, which a test can look back on or wait for.

use anyhow::{Result, anyhow, bail};
use std::{fmt::Debug, sync::Arc, time::Duration};
use tokio::sync::watch;

/// A growing list that wakes those who wait for the next entry.
#[derive(Debug)]
pub struct Record<T> {
    entries: Arc<watch::Sender<Vec<T>>>,
}

impl<T> Clone for Record<T> {
    fn clone(&self) -> Self {
        Self { entries: Arc::clone(&self.entries) }
    }
}

impl<T> Default for Record<T> {
    fn default() -> Self {
        Self { entries: Arc::new(watch::Sender::new(Vec::new())) }
    }
}

impl<T: Clone + Debug> Record<T> {
    /// Appends one entry.
    pub fn push(&self, entry: T) {
        self.entries.send_modify(|all| all.push(entry));
    }

    /// Everything so far.
    #[must_use]
    pub fn all(&self) -> Vec<T> {
        self.entries.borrow().clone()
    }

    /// How many entries there are: take it before an action, and give it to [`Self::wait_after`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Changes the entries in place, e.g. to mark one as closed.
    pub fn change(&self, change: impl FnOnce(&mut Vec<T>)) {
        self.entries.send_modify(change);
    }

    /// The first entry of all that `pick` takes, awaited at most `limit`.
    ///
    /// # Errors
    /// That none came in time, naming `what` and the last entries that did come.
    pub async fn wait<R>(&self, limit: Duration, what: &str, pick: impl Fn(&T) -> Option<R>) -> Result<R> {
        self.wait_after(0, limit, what, pick).await
    }

    /// As [`Self::wait`], for entries after `mark` only.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub async fn wait_after<R>(
        &self,
        mark: usize,
        limit: Duration,
        what: &str,
        pick: impl Fn(&T) -> Option<R>,
    ) -> Result<R> {
        let mut seen = self.entries.subscribe();
        let found = tokio::time::timeout(limit, async {
            loop {
                if let Some(found) = seen.borrow_and_update().iter().skip(mark).find_map(&pick) {
                    return Ok(found);
                }
                seen.changed().await.map_err(|_| anyhow!("nobody writes the record of {what} any more"))?;
            }
        })
        .await;
        match found {
            Ok(found) => found,
            Err(_) => {
                let all = self.all();
                let tail = &all[all.len().saturating_sub(12)..];
                bail!(
                    "waited {} s for {what}, in vain; {} came, the last of them: {tail:#?}",
                    limit.as_secs_f32(),
                    all.len()
                )
            }
        }
    }
}
