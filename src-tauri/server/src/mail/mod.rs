//! E-mail: letters are sealed into the store with what they tell, and sent from there, so that nobody waits for a
//! mail server and none is lost.

mod outbox;
mod smtp;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub use outbox::{address as outbox_address, routes as outbox_routes};
pub use smtp::{Smtp, SmtpConfig, deliver};

use crate::{instance::Instance, mfa::sealing::Purpose};

const LETTER: Purpose<'_> = Purpose { name: "letter", owner: "" };

/// How an instance sends mail.
#[derive(Debug, Clone, Default)]
pub enum Mailing {
    /// It does not.
    #[default]
    Off,
    /// It keeps letters for a page of the sandbox.
    Outbox,
    /// It sends them; told when there is one.
    Smtp(Arc<Notify>),
}

impl Mailing {
    /// Whether letters go anywhere.
    pub fn sends(&self) -> bool {
        !matches!(self, Self::Off)
    }

    /// Says that there is a letter.
    pub fn wake(&self) {
        if let Self::Smtp(waiting) = self {
            waiting.notify_one();
        }
    }
}

/// A letter in plain text.
#[derive(Clone, Serialize, Deserialize)]
pub struct Letter {
    /// An address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text; may hold a link that is a secret.
    pub text: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({})", self.subject)
    }
}

impl Letter {
    /// As the store keeps it.
    pub fn seal(&self, instance: &Instance) -> Option<Vec<u8>> {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(self).ok()?);
        LETTER.seal(&instance.key, &instance.chance, &plain)
    }

    /// As it was written.
    pub fn open(instance: &Instance, sealed: &[u8]) -> Option<Self> {
        serde_json::from_slice(&LETTER.open(&instance.key, sealed)?).ok()
    }
}
