//! What was presented once is not accepted again (SAML Profiles 2.0 §4.1.4.5).

use std::time::SystemTime;

use jiff::Timestamp;
use saml_rs::{ReplayCache, ReplayKey, SamlError};

use crate::store::Store;

/// The ids that one party has seen, in the instance's database.
pub struct Seen<'s> {
    /// Where they are kept.
    pub store: &'s Store,
    /// Whose they are.
    pub party: &'s str,
}

impl ReplayCache for Seen<'_> {
    fn check_and_store(&mut self, key: ReplayKey, expires_at: SystemTime) -> Result<(), SamlError> {
        let key = key.cache_key();
        let ends = Timestamp::try_from(expires_at).unwrap_or(Timestamp::MAX);
        match self.store.see_saml_id(self.party, &key, ends) {
            Ok(true) => Ok(()),
            Ok(false) => Err(SamlError::ReplayDetected { key }),
            Err(error) => {
                tracing::error!(%error, "a SAML message is refused");
                Err(SamlError::Invalid("what was seen before cannot be looked up".to_owned()))
            }
        }
    }
}
