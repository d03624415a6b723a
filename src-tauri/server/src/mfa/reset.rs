//! `latchkey-server mfa reset`: takes all of a person's devices away, beside the running server.

use std::{
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::json;

use crate::{
    audit::{self, Event},
    config,
    instance::Instance,
};

/// Resets the person of this user name or email address.
///
/// # Errors
/// What kept it from happening, with what to do.
pub fn run(config: &Path, user: &str) -> Result<()> {
    let instance = config::beside(config)?;
    let gone = reset(&instance, user)?;
    let devices = if gone == 1 { "1 device was".to_owned() } else { format!("{gone} devices were") };
    writeln!(io::stdout(), "{devices} removed; {user} signs in as someone who has none")
        .context("could not print")
}

/// Takes the devices of the person of this user name or email address away; gives their number.
///
/// # Errors
/// That nobody has that name, or the store failed.
pub fn reset(instance: &Instance, user: &str) -> Result<usize> {
    let user = &instance
        .store
        .user_by_login(user)?
        .with_context(|| format!("nobody is called {user:?}; name a user of the organisation"))?;
    let user_id = instance.user_id(user);
    let event = instance.entry(&Event {
        source: audit::DIRECTORY,
        name: "DeleteMfaDeviceForUser",
        // Done by whoever may read the server's key, who has no name here.
        details: json!({ "UserId": user_id, "MfaDeviceId": "all", "By": "command line" }),
        ..Event::default()
    });
    Ok(instance.store.reset_mfa(&user_id, &event)?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::rig::Rig;

    #[test]
    fn nobody_is_reset_by_mistake() {
        let rig = Rig::new();
        assert_eq!(reset(&rig.instance, "sam").unwrap(), 0);
        let error = reset(&rig.instance, "nobody").unwrap_err().to_string();
        assert!(error.contains("user of the organisation"), "{error}");
    }
}
