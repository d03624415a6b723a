//! The store's one writer. Changes reach the store in the order in which they were decided, and what a
//! full disk refuses is kept and written as soon as there is room.

use crate::{
    engine::{Event, Message},
    model::code::Code,
    ports::{Store, Write},
};
use std::{collections::VecDeque, future::Future, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// What could not be written is tried again this often, besides with every new change.
const AGAIN: Duration = Duration::from_secs(30);

enum Job {
    Commit(Vec<Write>, Option<oneshot::Sender<Result<(), Code>>>),
    Flush(oneshot::Sender<()>),
}

/// The way to the writer's task.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::UnboundedSender<Job>);

impl Writer {
    /// Starts the task. It tells the loop when the store fails and when it works again.
    pub fn start(store: Arc<dyn Store>, tell: mpsc::UnboundedSender<Message>) -> Self {
        let (tx, rx) = mpsc::unbounded_channel();
        let work = Work { store, tell, late: VecDeque::new(), failing: false };
        tokio::spawn(work.run(rx));
        Self(tx)
    }

    /// Writes in its turn.
    pub fn commit(&self, writes: Vec<Write>) {
        // Nobody listens only while the program ends.
        let _ = self.0.send(Job::Commit(writes, None));
    }

    /// Takes its turn now; the answer says whether it was written at the first try.
    pub fn committed(&self, writes: Vec<Write>) -> impl Future<Output = Result<(), Code>> + Send + use<> {
        let (answer, wait) = oneshot::channel();
        let _ = self.0.send(Job::Commit(writes, Some(answer)));
        async move {
            let gone = || Code::Internal { what: "the store's writer has ended".to_owned() };
            wait.await.unwrap_or_else(|_| Err(gone()))
        }
    }

    /// Returns when everything decided so far was written or tried once more.
    pub async fn flush(&self) {
        let (answer, wait) = oneshot::channel();
        let _ = self.0.send(Job::Flush(answer));
        let _ = wait.await;
    }
}

struct Work {
    store: Arc<dyn Store>,
    tell: mpsc::UnboundedSender<Message>,
    late: VecDeque<Vec<Write>>,
    failing: bool,
}

impl Work {
    async fn run(mut self, mut rx: mpsc::UnboundedReceiver<Job>) {
        loop {
            let job = if self.late.is_empty() {
                rx.recv().await
            } else {
                match tokio::time::timeout(AGAIN, rx.recv()).await {
                    Ok(job) => job,
                    Err(_) => {
                        let _ = self.catch_up().await;
                        continue;
                    }
                }
            };
            match job {
                Some(Job::Commit(writes, answer)) => {
                    self.late.push_back(writes);
                    let result = self.catch_up().await;
                    if let Some(answer) = answer {
                        let _ = answer.send(result);
                    }
                }
                Some(Job::Flush(answer)) => {
                    let _ = self.catch_up().await;
                    let _ = answer.send(());
                }
                None => return,
            }
        }
    }

    /// Writes all that is late, in order. The result is the last one's.
    async fn catch_up(&mut self) -> Result<(), Code> {
        let mut last = Ok(());
        while let Some(writes) = self.late.front() {
            last = self.store.commit(writes.clone()).await;
            match &last {
                Ok(()) => self.works(),
                Err(code) => {
                    self.fails(code);
                    if passes(code) {
                        return last;
                    }
                    // What cannot be written at all must not hold up the rest.
                    tracing::error!(?code, "a change could not be stored and is lost");
                }
            }
            self.late.pop_front();
        }
        last
    }

    fn fails(&mut self, code: &Code) {
        if !self.failing {
            self.failing = true;
            let _ = self.tell.send(Message::Event(Event::StoreFailed(code.clone())));
        }
    }

    fn works(&mut self) {
        if std::mem::take(&mut self.failing) {
            let _ = self.tell.send(Message::Event(Event::StoreWorks));
        }
    }
}

/// Whether there may be room, or permission, later, or another program lets go of the file.
fn passes(code: &Code) -> bool {
    matches!(
        code,
        Code::DiskFull { .. }
            | Code::FileNotWritable { .. }
            | Code::FileUnreadable { .. }
            | Code::FileBusy { .. }
    )
}
