//! Settles requests for access (sso-admin API: assignments and provisioning are asynchronous): right after one was
//! made here, and every second for those that another process made or that a crash left open.

use std::time::Duration;

use crate::{
    instance::{Instance, Shared},
    store::{AccessRequest, AuditEntry, StoreError, Wanted},
};

const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Instance {
    /// Keeps a request; it is settled soon.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be kept.
    pub fn request_access(&self, wanted: Wanted, entry: &AuditEntry) -> Result<AccessRequest, StoreError> {
        let request = self.store.add_access_request(self.chance.uuid(), wanted, self.now(), entry)?;
        self.access_requested.notify_one();
        Ok(request)
    }
}

/// Settles requests until it is dropped.
pub async fn provision(instance: Shared) {
    loop {
        let settled = Shared::clone(&instance)
            .run(|instance: &Instance| instance.store.settle_access_requests(instance.now()))
            .await;
        if let Err(error) = settled {
            tracing::error!(%error, "requests for access stay open for now");
        }
        // Whichever comes first.
        let _ = tokio::time::timeout(LOOK_AGAIN, instance.access_requested.notified()).await;
    }
}
