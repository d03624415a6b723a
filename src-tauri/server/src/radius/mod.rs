//! RADIUS as a second factor (RFC 2865): people whose passwords an LDAP directory keeps type a code that servers of
//! their organisation's look at. It belongs to that directory, as with AWS Directory Service, and counts where the MFA
//! policy says so ([`crate::mfa::policy::Factor::Radius`]).
//!
//! [`packet`] is what is sent and what is believed, [`exchange`] which server is asked and for how long.

mod exchange;
mod packet;
mod settings;
#[cfg(test)]
mod tests;

pub use exchange::{Door, Heard, MOST_WAITING, Problem, Server, Source, ask, probe};
pub use packet::{Answer, Asked, LONGEST_CODE};
pub use settings::{PORT, Settings};

use crate::{instance::Instance, mfa::sealing::Purpose, store::RadiusSource};

const SHARED_SECRET: &str = "radius shared secret";

/// Seals the shared secret for the store.
pub fn seal(instance: &Instance, secret: &str) -> Option<Vec<u8>> {
    let purpose = Purpose { name: SHARED_SECRET, owner: instance.addresses.directory_id() };
    purpose.seal(&instance.key, &instance.chance, secret.as_bytes())
}

/// What was kept, ready to be asked.
///
/// # Errors
/// [`Problem::Settings`] if it cannot be used.
pub fn open(instance: &Instance, kept: &RadiusSource) -> Result<Source, Problem> {
    let purpose = Purpose { name: SHARED_SECRET, owner: instance.addresses.directory_id() };
    let secret = purpose.open(&instance.key, &kept.secret).ok_or_else(|| {
        Problem::Settings(
            "the shared secret cannot be read; an administrator has to enter it again".to_owned(),
        )
    })?;
    Source::new(kept.settings.clone(), secret)
}
