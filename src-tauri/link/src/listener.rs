//! The engine's end of the socket: a thread that accepts, and one for each connection.

use crate::{
    deadline::Deadline,
    error::LinkError,
    frame,
    lock::EngineLock,
    message::{Hello, Refusal, Reply, Request},
    path::SocketPath,
    system::{Caller, Door, Guest, Peer},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// More are closed at once. A script that starts hundreds of tools has hundreds of them ask.
const MAX_CONNECTIONS: usize = 1024;

/// A connection's thread waits most of its time; it needs little room for that.
const STACK: usize = 512 * 1024;

/// Listens until dropped.
pub struct Listener {
    path: SocketPath,
    stopped: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

/// What every connection shares.
struct Desk<H> {
    us: Hello,
    handler: H,
    patience: Duration,
    open: AtomicUsize,
    path: SocketPath,
}

impl Listener {
    /// Listens (0600, in a folder 0700). Holding the lock is what allows it to take a dead engine's
    /// socket away. `patience` bounds a client's hello and each of its frames, and an idle connection.
    ///
    /// The handler is called on the connection's own thread, by several at once. An answer is sent after
    /// it returns, so a handler that accepts a hand-over gives up the lock a little later, or lets
    /// [`EngineLock::acquire_within`] of the other side wait.
    ///
    /// # Errors
    /// [`LinkError::NotPrivate`], [`LinkError::Io`].
    pub fn bind<H>(
        _lock: &EngineLock,
        path: &SocketPath,
        us: Hello,
        patience: Duration,
        handler: H,
    ) -> Result<Self, LinkError>
    where
        H: Fn(Request, &Caller) -> Reply + Send + Sync + 'static,
    {
        let fail = |source| LinkError::Io { path: path.as_path().to_path_buf(), doing: "listen on", source };
        let door = Door::open(path)?;
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let desk = Arc::new(Desk { us, handler, patience, open: AtomicUsize::new(0), path: path.clone() });
        let accepting = thread::Builder::new()
            .name("link".to_owned())
            .spawn(move || accept(&door, &stop, &desk))
            .map_err(fail)?;
        Ok(Self { path: path.clone(), stopped, accepting: Some(accepting) })
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.path.as_path()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes `accept`. A connection that cannot be made means that it has ended already.
        if Door::knock(self.path.as_path())
            && let Some(thread) = self.accepting.take()
        {
            let _ = thread.join();
        }
        Door::take_away(self.path.as_path());
    }
}

fn accept<H>(door: &Door, stopped: &AtomicBool, desk: &Arc<Desk<H>>)
where
    H: Fn(Request, &Caller) -> Reply + Send + Sync + 'static,
{
    loop {
        let guest = door.next();
        if stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(guest) = guest else {
            // Out of file descriptors, most likely: give the others time to close theirs.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        if desk.open.fetch_add(1, Ordering::SeqCst) >= MAX_CONNECTIONS {
            desk.open.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let here = Arc::clone(desk);
        let spawned =
            thread::Builder::new().name("link-client".to_owned()).stack_size(STACK).spawn(move || {
                let _count = Count(&here.open);
                // Whatever a client does wrong ends its own connection; there is nobody to tell.
                let _ = serve(guest, &here);
            });
        if spawned.is_err() {
            desk.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Given back also when a handler panics.
struct Count<'a>(&'a AtomicUsize);

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn serve<H: Fn(Request, &Caller) -> Reply>(guest: Guest, desk: &Desk<H>) -> Result<(), LinkError> {
    let mut peer = Peer::check(guest, desk.path.as_path(), Deadline::after(desk.patience))?;
    let caller = Caller::of(peer.pid());
    let Some(body) = frame::receive(&mut peer, frame::MAX_FRAME)? else { return Ok(()) };
    let them: Hello = frame::read(&body)?;
    // Said also to another version, which learns from it what to tell its user.
    frame::send(&mut peer, &desk.us, frame::MAX_FRAME)?;
    if them.protocol != desk.us.protocol {
        return Ok(());
    }
    loop {
        peer.wait_for("ask", Deadline::after(desk.patience));
        let Some(body) = frame::receive(&mut peer, frame::MAX_FRAME)? else { return Ok(()) };
        let reply = match frame::read(&body) {
            Ok(request) => (desk.handler)(request, &caller),
            Err(_) => Reply::Refused(Refusal::UnknownRequest),
        };
        peer.wait_for("take the answer", Deadline::after(desk.patience));
        frame::send(&mut peer, &reply, frame::MAX_ANSWER)?;
    }
}
