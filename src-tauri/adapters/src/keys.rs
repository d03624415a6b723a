//! Security keys, for the engine's port.

use async_trait::async_trait;
use engine::{
    model::keys::{Job, KeyFault, KeyId, Learnt, Plugged, Step},
    ports::SecurityKeys,
};

/// For a program that has nothing to do with keys: there are none.
pub struct NoKeys;

#[async_trait]
impl SecurityKeys for NoKeys {
    async fn watch(&self, _told: Box<dyn Fn(Vec<Plugged>) + Send + Sync>) -> KeyFault {
        KeyFault::Unavailable { reason: "this program does not use them".into() }
    }

    async fn run(
        &self,
        _key: &KeyId,
        _job: Job,
        _told: Box<dyn Fn(Step) + Send + Sync>,
    ) -> Result<Learnt, KeyFault> {
        Err(KeyFault::Gone)
    }

    async fn prepare_reset(&self, _key: &KeyId) -> Result<(), KeyFault> {
        Err(KeyFault::Gone)
    }

    fn forget_reset(&self) {}

    fn cancel(&self) {}

    fn lock(&self) {}
}
