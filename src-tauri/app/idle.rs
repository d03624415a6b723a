//! Keeps the app small while nobody looks at it: what a start, a synchronisation or a window took for a moment goes
//! back to the system, heap and code.

use crate::{desktop::give_back, drawn::Page};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// What a start or a closing window still does is done so long after.
const SETTLED: Duration = Duration::from_secs(1);
/// How often it is done where no window comes and goes.
const EVERY: Duration = Duration::from_secs(15 * 60);

/// Follows the window's page for as long as the app runs.
pub async fn stay_small(mut page: watch::Receiver<Page>) {
    // Ends with the window's keeper, and the app with it.
    while page.wait_for(|page| *page == Page::Gone).await.is_ok() {
        sleep(SETTLED).await;
        if *page.borrow() == Page::Gone {
            // It holds the allocator for milliseconds, in which nothing here should wait.
            let _ = tokio::task::spawn_blocking(give_back).await;
        }
        if matches!(timeout(EVERY, page.changed()).await, Ok(Err(_))) {
            return;
        }
    }
}
