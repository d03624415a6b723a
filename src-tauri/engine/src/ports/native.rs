//! The API of a `latchkey-server` for the app: signing in without a browser, security keys as second factors,
//! handing a sign-in to the browser, roles that ask for a touch. AWS's own service has nothing of it.

use super::{AuthorizeRequest, SecretUrl, SsoError};
pub use crate::model::native::{Asks, NativeFactor, NativeOffer};
use crate::model::{
    Timestamp,
    code::Code,
    ids::{AccountId, RoleName},
    organisation::Organisation,
    secret::ClientRegistration,
};
use async_trait::async_trait;
use secrecy::SecretString;
use std::time::Duration;

/// What a person typed.
#[derive(Clone, Debug)]
pub struct Typed {
    /// User name or email address.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// What a server gave at an earlier sign-in of this person on this computer, to be kept sealed and brought again.
/// Neither lets anybody in.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Counts this computer's wrong passwords apart from those of strangers.
    pub device: Option<SecretString>,
    /// Here a second factor was proved.
    pub context: Option<SecretString>,
}

/// What comes of a step of a sign-in.
#[derive(Clone, Debug)]
pub enum NativeStep {
    /// One of these is to follow, the one used last first.
    SecondFactor {
        /// Names the sign-in under way.
        sign_in: SecretString,
        /// When it is over by itself.
        ends: Timestamp,
        /// The ways.
        factors: Vec<NativeFactor>,
    },
    /// The rest takes a browser; with a sign-in named, a first security key can be set up here instead
    /// ([`Native::enrol_challenge`]).
    ContinueInBrowser {
        /// Why.
        reason: BrowserReason,
        /// Names the sign-in under way.
        sign_in: Option<SecretString>,
    },
    /// The person is signed in: the code is for [`super::Sso::exchange`] with the request it began with.
    Complete(Box<NativeComplete>),
}

/// Why a sign-in goes on in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserReason {
    /// A second factor has to be set up first.
    Enrolment,
    /// The password was for one use.
    PasswordChange,
    /// Something this app is too old to know.
    Other,
}

/// A sign-in that went well.
#[derive(Clone, Debug)]
pub struct NativeComplete {
    /// The authorization code: 60 seconds, one use.
    pub code: SecretString,
    /// Who it is, as the server calls them.
    pub username: String,
    /// When the sign-in ends.
    pub ends: Timestamp,
    /// To be kept, and brought the next time. `None` leaves what is known of before as it is.
    pub known: Known,
}

/// What a security key is asked.
#[derive(Clone, Debug)]
pub struct KeyChallenge {
    /// The options of the ceremony, WebAuthn's JSON: `{"publicKey": …}`.
    pub options: String,
    /// The RP ID in them; the adapter has checked that it is the server's to use.
    pub rp_id: String,
    /// What stands as `origin` in the client data: the app's own, with the server that was spoken with.
    pub origin: String,
    /// To be brought back with the answer.
    pub state: Option<SecretString>,
}

/// What a key answered: WebAuthn's JSON of a `PublicKeyCredential`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAnswer(pub String);

/// A person's second factor at the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeDevice {
    /// The server's id of it.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// Whether the organisation takes it.
    pub counts: bool,
    /// When it was added.
    pub added: Timestamp,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// By which the key in hand is known again.
    pub credential_id: Option<Vec<u8>>,
}

/// Kinds of second factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// A security key.
    SecurityKey,
    /// The authenticator of a phone or computer.
    BuiltIn,
    /// An app that shows codes.
    AuthenticatorApp,
    /// Something this app is too old to know.
    Other,
}

/// What proves anew who is signed in.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A key's answer to a challenge.
    Key {
        /// The challenge's.
        state: SecretString,
        /// The answer.
        answer: KeyAnswer,
    },
    /// A code of an authenticator app.
    Code {
        /// The device's id.
        device: String,
        /// Six digits.
        code: SecretString,
    },
}

/// Why the server's API for the app did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NativeError {
    /// The server has no such API, or not this version.
    #[error("the server has no sign-in for the app")]
    NotOffered,
    /// User name and password do not belong together.
    #[error("wrong user name or password")]
    WrongPassword,
    /// The code is wrong.
    #[error("wrong code")]
    WrongCode,
    /// The code, or a later one, was used before.
    #[error("the code was used before")]
    CodeUsed,
    /// No RADIUS server answers the organisation's server.
    #[error("no RADIUS server answers")]
    RadiusSilent,
    /// Too many attempts.
    #[error("locked")]
    Locked {
        /// When the next attempt is looked at.
        wait: Duration,
    },
    /// The key that answered is none of this person's.
    #[error("the key is not registered")]
    KeyNotRegistered,
    /// The key's answer does not fit what was asked.
    #[error("the key's answer was refused")]
    KeyRefused,
    /// The key's counter went back: there may be a copy of it.
    #[error("the key may have been copied")]
    KeyCopied,
    /// The organisation asks for a factor, and the person has none and may set none up.
    #[error("a second factor is needed, and there is none that counts")]
    Blocked,
    /// The sign-in under way, or the challenge, is used up or too old: begin again.
    #[error("too late")]
    Over,
    /// The person has no such device, or passkeys alone are not taken.
    #[error("no such factor")]
    NoSuchFactor,
    /// The role asks for no key: it is given out without a touch.
    #[error("no key is asked for")]
    NotNeeded,
    /// The sign-in is too old to change devices: prove a factor first.
    #[error("a proof is needed")]
    ProofNeeded,
    /// The person let this app in in a browser, which is not enough for this: they are to sign in in the app.
    #[error("a sign-in in the app is needed")]
    AppSignInNeeded,
    /// The key is registered already, there are too many, or the organisation takes none.
    #[error("not added")]
    NotAdded,
    /// The organisation demands a factor, and this is the last.
    #[error("the last device")]
    LastDevice,
    /// The device is gone.
    #[error("no such device")]
    NoSuchDevice,
    /// The server sends the app on to another host. Nothing was sent there.
    #[error("the server moved its sign-in to {host}")]
    Moved {
        /// Where it would have gone on.
        host: String,
    },
    /// The role is not assigned.
    #[error("no access")]
    NoAccess,
    /// The server asked for keys of another site, or does not take our origin. The key was not asked.
    #[error("a challenge for {rp_id}, which is not this server's")]
    ForeignChallenge {
        /// What it wanted keys of.
        rp_id: String,
    },
    /// As for the rest of the protocol: the token, the registration, the network.
    #[error(transparent)]
    Sso(#[from] SsoError),
}

impl From<Code> for NativeError {
    fn from(code: Code) -> Self {
        Self::Sso(SsoError::Other(code))
    }
}

/// A server's API for the app. What begins with a token takes an access token of the portal.
#[async_trait]
pub trait Native: Send + Sync {
    /// What the server offers; `Ok(None)` where it has no such API, as AWS's own service.
    async fn offer(&self, org: &Organisation) -> Result<Option<NativeOffer>, NativeError>;

    /// Begins a sign-in with a user name and a password, for this authorization request.
    async fn start(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        request: &AuthorizeRequest,
        typed: &Typed,
        known: &Known,
    ) -> Result<NativeStep, NativeError>;

    /// Asks the person's keys as the second factor.
    async fn challenge(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
    ) -> Result<KeyChallenge, NativeError>;

    /// Goes on with a key's answer.
    async fn answer(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
        answer: &KeyAnswer,
        known: &Known,
    ) -> Result<NativeStep, NativeError>;

    /// Goes on with a code of an authenticator app, or with what RADIUS servers want, which may be nothing. It can take
    /// as long as those do to answer.
    async fn code(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
        factor: &str,
        code: &SecretString,
        known: &Known,
    ) -> Result<NativeStep, NativeError>;

    /// Asks for the key pair of a first security key, where the organisation demands one at sign-in.
    async fn enrol_challenge(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
    ) -> Result<KeyChallenge, NativeError>;

    /// Registers that key under this name, which ends the sign-in.
    async fn enrol(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
        name: &str,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<NativeStep, NativeError>;

    /// Asks for any passkey of this server, for this authorization request.
    async fn passkey_challenge(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        request: &AuthorizeRequest,
    ) -> Result<KeyChallenge, NativeError>;

    /// Signs in with a passkey alone; `state` is the challenge's.
    async fn passkey_answer(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        request: &AuthorizeRequest,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<NativeStep, NativeError>;

    /// Asks the keys of who is signed in, to prove a factor anew.
    async fn proof_challenge(
        &self,
        org: &Organisation,
        token: &SecretString,
    ) -> Result<KeyChallenge, NativeError>;

    /// Proves a factor anew; gives until when that is fresh enough to change devices.
    async fn prove(
        &self,
        org: &Organisation,
        token: &SecretString,
        proof: &Proof,
    ) -> Result<Timestamp, NativeError>;

    /// The person's second factors, the one used last first.
    async fn devices(
        &self,
        org: &Organisation,
        token: &SecretString,
    ) -> Result<Vec<NativeDevice>, NativeError>;

    /// Asks for a new key pair.
    async fn device_challenge(
        &self,
        org: &Organisation,
        token: &SecretString,
    ) -> Result<KeyChallenge, NativeError>;

    /// Registers a key under this name; gives the server's id of it.
    async fn add_device(
        &self,
        org: &Organisation,
        token: &SecretString,
        name: &str,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<String, NativeError>;

    /// Gives a device another name.
    async fn rename_device(
        &self,
        org: &Organisation,
        token: &SecretString,
        id: &str,
        name: &str,
    ) -> Result<(), NativeError>;

    /// Removes a device.
    async fn remove_device(
        &self,
        org: &Organisation,
        token: &SecretString,
        id: &str,
    ) -> Result<(), NativeError>;

    /// An address by which the default browser goes on with this sign-in at a page of the server: 30 seconds, one
    /// use, so to be opened with [`super::Browser::open_once`] alone. `to` is an address of the server, by default
    /// its portal.
    async fn browser_ticket(
        &self,
        org: &Organisation,
        token: &SecretString,
        to: Option<&url::Url>,
    ) -> Result<SecretUrl, NativeError>;

    /// Asks the person's security keys for a role that requires a touch ([`SsoError::StepUpNeeded`]).
    async fn step_up_challenge(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<KeyChallenge, NativeError>;

    /// Opens the role by the key's answer; gives until when.
    async fn step_up(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        role: &RoleName,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<Timestamp, NativeError>;
}
