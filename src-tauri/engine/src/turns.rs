//! Work that is done one after another, in the order in which it was begun.

use std::{future::Future, pin::Pin};
use tokio::sync::{mpsc, oneshot};

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A task that does what it is handed, in turn: what was wanted last is what stands at the end.
#[derive(Clone)]
pub(crate) struct Turns(mpsc::UnboundedSender<Work>);

impl Turns {
    /// Starts it; it ends with the last handle.
    pub fn start() -> Self {
        let (tx, mut rx) = mpsc::unbounded_channel::<Work>();
        tokio::spawn(async move {
            while let Some(work) = rx.recv().await {
                work.await;
            }
        });
        Self(tx)
    }

    /// Does this after all that came before.
    pub fn then(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Nobody listens only while the program ends.
        let _ = self.0.send(Box::pin(work));
    }

    /// Waits until all of it is done.
    pub async fn done(&self) {
        let (tx, rx) = oneshot::channel();
        self.then(async move {
            let _ = tx.send(());
        });
        let _ = rx.await;
    }
}
