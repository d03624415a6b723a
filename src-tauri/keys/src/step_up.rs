//! Step-up: a touch of a registered key, verified here by `webauthn-rs-core`, with a challenge of our own.
//!
//! Guards against slips and against someone at the unlocked computer; not against a program that runs as the
//! same person, which a server's demand for a key does.

use serde::{Deserialize, Serialize};
use url::Url;
use webauthn_rs_proto::{PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse};

/// A credential's public side, as kept to verify assertions. Holds no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registered {}

/// A challenge that was given out and waits for its assertion. Good for one.
#[derive(Debug)]
pub struct Pending {}

/// Why an assertion does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Signature, challenge, origin, site or credential do not fit. The text is for a log.
    #[error("the assertion does not hold: {0}")]
    Invalid(String),
    /// The counter did not grow: there may be a copy of the key.
    #[error("the key's counter went back")]
    Cloned,
}

impl Registered {
    /// Takes the public side out of a registration that was just made by [`crate::Key::register`] for the same
    /// `origin` and `rp_id`.
    ///
    /// # Errors
    /// [`Refusal::Invalid`].
    pub fn of(_made: &RegisterPublicKeyCredential, _origin: &Url, _rp_id: &str) -> Result<Self, Refusal> {
        Err(Refusal::Invalid(String::new()))
    }

    /// The credential's id.
    pub fn id(&self) -> &[u8] {
        &[]
    }

    /// The counter of the last assertion.
    pub fn counter(&self) -> u32 {
        0
    }
}

impl Pending {
    /// A fresh random challenge that any of these keys may answer; the options go to
    /// [`crate::Key::authenticate`]. `verify`: PIN or finger besides the touch.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for an origin and an id that do not fit, or no credential.
    pub fn new(
        _origin: &Url,
        _rp_id: &str,
        _allowed: &[Registered],
        _verify: bool,
    ) -> Result<(Self, RequestChallengeResponse), Refusal> {
        Err(Refusal::Invalid(String::new()))
    }

    /// Verifies the assertion and answers which key it was, with the counter to keep from now on.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify(self, _assertion: &PublicKeyCredential) -> Result<Registered, Refusal> {
        Err(Refusal::Invalid(String::new()))
    }
}
