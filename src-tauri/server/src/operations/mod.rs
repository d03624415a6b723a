//! What those who run the server ask of it: whether it is alive, whether it may get requests, what it does and how
//! quickly. None of it says anything of a person or a secret.

mod background;
mod metrics;
mod routes;
mod settings;
#[cfg(test)]
mod tests;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

pub use metrics::{Metrics, measure};
pub use routes::{public, routes};
pub use settings::{LogFormat, OperationsConfig, log_format_of};

/// How long a request under way may take after the end of a sandbox or of a server that nobody set up otherwise.
const FINISH: Duration = Duration::from_secs(10);

/// How a server is run.
#[derive(Debug)]
pub struct Operations {
    /// What is counted.
    pub metrics: Metrics,
    /// How long it goes on answering after it was told to stop, with `/readyz` failing, so that balancers send
    /// nothing more here.
    pub drain: Duration,
    /// How long requests under way may take after that.
    pub finish: Duration,
    draining: AtomicBool,
}

impl Default for Operations {
    fn default() -> Self {
        Self {
            metrics: Metrics::default(),
            drain: Duration::ZERO,
            finish: FINISH,
            draining: AtomicBool::new(false),
        }
    }
}

impl Operations {
    /// From now on it is not ready, and each answer ends its connection.
    pub fn begin_draining(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether it was told to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }
}
