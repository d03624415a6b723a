//! WebAuthn's ceremonies: a new credential on a key, and an assertion by one.

use url::Url;
use webauthn_rs_proto::{
    CreationChallengeResponse, PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse,
};

use crate::{Ask, Error, Key, Pin};

/// How the key is to know who uses it.
#[derive(Debug)]
pub enum Verify {
    /// Not at all: a touch is enough, if site and key agree.
    Touch,
    /// By this PIN, which is zeroed whatever comes of it.
    Pin(Pin),
    /// By the key's own reader of fingerprints.
    Finger,
}

/// An assertion, and whose it is: a passkey's name, when there are several to choose from.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// For the server.
    pub credential: PublicKeyCredential,
    /// The account's name, which keys tell only after PIN or finger.
    pub user_name: Option<String>,
    /// The person's name, likewise.
    pub display_name: Option<String>,
}

impl Key {
    /// Makes a credential: a passkey, if the server's options demand a resident key. `clientDataJSON` is built
    /// for `origin`, to whose host the options' RP id has to belong.
    ///
    /// # Errors
    /// [`Error::ForeignOrigin`], [`Error::AlreadyRegistered`] (the options' exclude list),
    /// [`Error::PasskeysFull`], [`Error::VerificationNeeded`] when the options or the key demand more than
    /// [`Verify::Touch`], those of [`Key::unlock`], and what ends any operation.
    pub async fn register(
        &mut self,
        _origin: &Url,
        _options: &CreationChallengeResponse,
        _verify: Verify,
        _ask: &Ask,
    ) -> Result<RegisterPublicKeyCredential, Error> {
        Err(Error::NotConnected)
    }

    /// Has the key sign a server's challenge, with one of the credentials that the options allow, or with any
    /// passkey for the site when they name none: then there is one assertion for each, for the person to choose.
    ///
    /// # Errors
    /// As [`Self::register`]; [`Error::NotRegistered`] when the key holds none.
    pub async fn authenticate(
        &mut self,
        _origin: &Url,
        _options: &RequestChallengeResponse,
        _verify: Verify,
        _ask: &Ask,
    ) -> Result<Vec<Assertion>, Error> {
        Err(Error::NotConnected)
    }
}
