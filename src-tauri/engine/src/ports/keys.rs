//! The door to security keys.

use crate::model::keys::{Job, KeyFault, KeyId, Learnt, Plugged, Step, SystemWay};
use async_trait::async_trait;

/// Security keys of this computer. One operation at a time: the engine begins no second one.
#[async_trait]
pub trait SecurityKeys: Send + Sync {
    /// Tells which keys are there: once at the beginning, and whenever one comes or goes. Returns only when
    /// it cannot look any more, with the reason.
    async fn watch(&self, told: Box<dyn Fn(Vec<Plugged>) + Send + Sync>) -> KeyFault;

    /// Does something with a key. `told` hears how far it is. What a PIN opens ([`Job::wish`] is
    /// [`crate::model::keys::KeyWish::Unlock`]) stays open in here, for the jobs after it, until
    /// [`Self::lock`]; the PIN itself does not stay.
    ///
    /// # Errors
    /// Why it was not done.
    async fn run(
        &self,
        key: &KeyId,
        job: Job,
        told: Box<dyn Fn(Step) + Send + Sync>,
    ) -> Result<Learnt, KeyFault>;

    /// This key is to be emptied: from now on the port itself follows whether it is the one that is plugged in
    /// again, and [`crate::model::keys::KeyWish::Reset`] empties no other. Until [`Self::forget_reset`].
    ///
    /// # Errors
    /// [`KeyFault::OverNfc`], [`KeyFault::SeveralKeys`], or why it cannot be talked to.
    async fn prepare_reset(&self, key: &KeyId) -> Result<(), KeyFault>;

    /// No key is to be emptied any more.
    fn forget_reset(&self);

    /// The job under way ends with [`KeyFault::Cancelled`].
    fn cancel(&self);

    /// Forgets what a PIN opened.
    fn lock(&self);

    /// What the system offers instead of us. After [`SystemWay::Administrator`] the other start waits for our end.
    ///
    /// # Errors
    /// [`KeyFault::Cancelled`] when the person said no to the system, or that it cannot be.
    async fn system(&self, way: SystemWay) -> Result<(), KeyFault> {
        let _ = way;
        Err(KeyFault::Unavailable { reason: "this system has no such thing".to_owned() })
    }
}
