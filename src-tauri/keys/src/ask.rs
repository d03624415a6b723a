//! What a caller gives to an operation: a way to stop it, how long it may take, and where to tell how it goes.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long a person has for a touch, unless told otherwise (ux.md, 1.2).
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The conditions of one operation.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Ends the operation at any moment; it then answers [`crate::Error::Cancelled`].
    pub cancel: CancellationToken,
    /// How long the whole operation may take.
    pub timeout: Duration,
    /// Where to tell how it goes; nobody need listen.
    pub progress: mpsc::UnboundedSender<Progress>,
}

impl Ask {
    /// With [`PATIENCE`], and what tells of the progress.
    pub fn new(cancel: CancellationToken) -> (Self, mpsc::UnboundedReceiver<Progress>) {
        let (progress, told) = mpsc::unbounded_channel();
        (Self { cancel, timeout: PATIENCE, progress }, told)
    }

    /// That nobody listens to and nobody stops, for what needs no touch.
    pub fn quiet() -> Self {
        Self::new(CancellationToken::new()).0
    }
}

/// What a window shows while an operation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The key works by itself.
    Working,
    /// The key waits to be touched.
    TouchNeeded,
    /// The key waits for a finger that it knows.
    FingerNeeded,
    /// A sample of a fingerprint was taken.
    Sample {
        /// How it came out.
        quality: Sample,
        /// How many more are needed.
        left: u32,
    },
}

/// How a fingerprint's sample came out (CTAP 2.1, 6.7.2, `lastEnrollSampleStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Sample {
    Good,
    TooHigh,
    TooLow,
    TooLeft,
    TooRight,
    TooFast,
    TooSlow,
    PoorQuality,
    TooSkewed,
    TooShort,
    MergeFailure,
    AlreadyKnown,
    NoFinger,
    NotLifted,
}

/// The end of the wire that tells what the key waits for and knows whether to go on.
#[derive(Clone, Debug)]
pub struct Ui {
    pub(crate) cancel: CancellationToken,
    pub(crate) progress: mpsc::UnboundedSender<Progress>,
    pub(crate) finger: bool,
}

impl Ui {
    /// Whether the operation is to end.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Done when the operation is to end.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// The key waits for a person.
    pub fn touch_needed(&self) {
        let _ = self.progress.send(if self.finger { Progress::FingerNeeded } else { Progress::TouchNeeded });
    }

    /// The key works by itself.
    pub fn working(&self) {
        let _ = self.progress.send(Progress::Working);
    }
}
