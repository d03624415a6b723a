//! What the configuration file says of things that administrators set otherwise: it counts from each start on, and
//! the administration shows it without offering to change it.

use crate::{config, instance::Instance, mfa::policy::Named, store::StoreError};

/// What a configuration file says.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// The file; empty without one.
    pub file: String,
    /// Of second factors.
    pub mfa: Named,
}

impl Instance {
    /// Brings what is kept in line with the configuration file.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be kept.
    pub fn hold_to_configuration(&self) -> Result<(), StoreError> {
        let kept = self.store.mfa_policy_as_set()?;
        let policy = self.configured.mfa.over(kept.clone());
        if policy == kept { Ok(()) } else { config::policy_set(self, &policy) }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::{
        mfa::{
            Policy,
            policy::{Factor, Mode, WithoutDevice},
        },
        rig::Rig,
    };

    #[test]
    fn what_the_file_names_counts_from_each_start_on_and_the_rest_stays_as_it_was_set() {
        let named = Named { mode: Some(Mode::Always), ..Named::default() };
        let rig = Rig::with(|instance| instance.configured.mfa = named);
        let start = || rig.instance.hold_to_configuration().unwrap();
        start();
        assert_eq!(rig.instance.store.mfa_policy().unwrap().mode, Mode::Always);
        let set =
            Policy { mode: Mode::Off, allowed: vec![Factor::Totp], without_device: WithoutDevice::Block };
        config::policy_set(&rig.instance, &set).unwrap();
        start();
        let kept = rig.instance.store.mfa_policy().unwrap();
        assert_eq!(kept, Policy { mode: Mode::Always, ..set });
        let events = rig.instance.store.audit_trail().len();
        start();
        assert_eq!(rig.instance.store.audit_trail().len(), events, "nothing changed");
    }
}
