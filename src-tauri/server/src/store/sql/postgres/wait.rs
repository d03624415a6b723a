//! Waiting for PostgreSQL on a thread that may wait. Its connections are driven by a thread of their own, so that it
//! does not matter whether the one that waits belongs to a runtime.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use tokio::runtime::{Builder, Runtime};

use super::Fault;

struct Waiting(Thread);

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What becomes of something, unless it takes longer than that.
pub(super) fn wait<F: Future>(what: F, longest: Duration) -> Result<F::Output, Fault> {
    let mut what = pin!(what);
    let waker = Waker::from(Arc::new(Waiting(thread::current())));
    let mut context = Context::from_waker(&waker);
    let begun = Instant::now();
    loop {
        if let Poll::Ready(output) = what.as_mut().poll(&mut context) {
            return Ok(output);
        }
        let left = longest.checked_sub(begun.elapsed()).ok_or_else(Fault::late)?;
        thread::park_timeout(left);
    }
}

/// Begins something whose end nobody waits for; it must be on its way when it was looked at once.
pub(super) fn send<F: Future>(what: F) {
    let mut context = Context::from_waker(Waker::noop());
    let _ = pin!(what).poll(&mut context);
}

/// What drives the connections. It lives as long as the process: a runtime must not end within another.
pub(super) fn driver() -> Result<&'static Runtime, Fault> {
    static DRIVER: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let build = || {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("postgresql").enable_all();
        builder.build().map_err(|error| error.to_string())
    };
    DRIVER.get_or_init(build).as_ref().map_err(|words| Fault::Away(words.clone()))
}
