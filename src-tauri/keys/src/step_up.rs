//! Step-up: a touch of a registered key, verified here by `webauthn-rs-core`, with a challenge of our own.
//!
//! Guards against slips and against someone at the unlocked computer; not against a program that runs as the
//! same person, which a server's demand for a key does.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use webauthn_rs_core::{
    WebauthnCore,
    error::WebauthnError,
    proto::{AuthenticationState, Credential, RegistrationState},
};
use webauthn_rs_proto::{
    CreationChallengeResponse, PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse,
    UserVerificationPolicy,
};

/// Whose the credentials are that are made here: a key shows it where it lists them.
const OWNER: &str = "Latchkey step-up";

/// A credential's public side, as kept to verify assertions. Holds no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registered(Credential);

/// A challenge that was given out and waits for its assertion. Good for one.
#[derive(Debug)]
pub struct Pending {
    core: WebauthnCore,
    state: AuthenticationState,
    allowed: Vec<Registered>,
}

/// A credential for step-up that a key was asked to make. Good for one.
#[derive(Debug)]
pub struct Offer {
    core: WebauthnCore,
    state: RegistrationState,
}

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

impl From<WebauthnError> for Refusal {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::CredentialPossibleCompromise => Self::Cloned,
            other => Self::Invalid(other.to_string()),
        }
    }
}

impl Registered {
    /// Verifies a registration that was just made by [`crate::Key::register`] with these `options` at this
    /// `origin`, and keeps its public side: also when it was a server that gave the options.
    ///
    /// # Errors
    /// [`Refusal::Invalid`].
    pub fn of(
        made: &RegisterPublicKeyCredential,
        options: &CreationChallengeResponse,
        origin: &Url,
    ) -> Result<Self, Refusal> {
        let options = &options.public_key;
        let core = core(origin, &options.rp.id);
        let policy = options.authenticator_selection.as_ref().map(|wanted| wanted.user_verification);
        let policy = policy.unwrap_or(UserVerificationPolicy::Preferred);
        let builder = core
            .new_challenge_register_builder(&options.user.id, &options.user.name, &options.user.display_name)?
            .user_verification_policy(policy);
        let (_, state) = core.generate_challenge_register(builder)?;
        let state = answering(&state, options)?;
        Ok(Self(core.register_credential(made, &state, None)?))
    }

    /// The credential's id.
    pub fn id(&self) -> &[u8] {
        self.0.cred_id.as_slice()
    }

    /// The counter of the last assertion.
    pub fn counter(&self) -> u32 {
        self.0.counter
    }
}

/// The state of a registration whose challenge somebody else gave: the crate makes only its own.
fn answering(
    state: &RegistrationState,
    options: &webauthn_rs_proto::PublicKeyCredentialCreationOptions,
) -> Result<RegistrationState, Refusal> {
    let told = |error: serde_json::Error| Refusal::Invalid(error.to_string());
    let challenge = serde_json::to_value(options).map_err(told)?["challenge"].take();
    let mut state = serde_json::to_value(state).map_err(told)?;
    state["challenge"] = challenge;
    state["allow_synchronised_authenticators"] = json!(false);
    serde_json::from_value(state).map_err(told)
}

impl Offer {
    /// A fresh random challenge for a key that holds none of `known`; the options go to [`crate::Key::register`].
    /// The credential takes no room on the key.
    ///
    /// # Errors
    /// [`Refusal::Invalid`].
    pub fn new(
        origin: &Url,
        rp_id: &str,
        known: &[Registered],
    ) -> Result<(Self, CreationChallengeResponse), Refusal> {
        let core = core(origin, rp_id);
        let known = known.iter().map(|key| key.0.cred_id.clone()).collect();
        // It belongs to nobody but the person whose key it is.
        let builder = core
            .new_challenge_register_builder(OWNER.as_bytes(), OWNER, OWNER)?
            .require_resident_key(false)
            .user_verification_policy(UserVerificationPolicy::Preferred)
            .exclude_credentials(Some(known));
        let (options, state) = core.generate_challenge_register(builder)?;
        Ok((Self { core, state }, options))
    }

    /// Verifies what the key made, and keeps its public side.
    ///
    /// # Errors
    /// [`Refusal::Invalid`].
    pub fn verify(self, made: &RegisterPublicKeyCredential) -> Result<Registered, Refusal> {
        Ok(Registered(self.core.register_credential(made, &self.state, None)?))
    }
}

impl Pending {
    /// A fresh random challenge that any of these keys may answer; the options go to
    /// [`crate::Key::authenticate`]. `verify`: PIN or finger besides the touch.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for no credential.
    pub fn new(
        origin: &Url,
        rp_id: &str,
        allowed: &[Registered],
        verify: bool,
    ) -> Result<(Self, RequestChallengeResponse), Refusal> {
        if allowed.is_empty() {
            return Err(Refusal::Invalid("no key may answer".to_owned()));
        }
        let core = core(origin, rp_id);
        let policy = if verify {
            UserVerificationPolicy::Required
        } else {
            UserVerificationPolicy::Discouraged_DO_NOT_USE
        };
        // What a key did at its registration counts for each assertion by it; here it is this moment's policy.
        let credentials = allowed.iter().map(|key| {
            let user_verified = verify && key.0.user_verified;
            Credential { registration_policy: policy, user_verified, ..key.0.clone() }
        });
        let builder = core.new_challenge_authenticate_builder(credentials.collect(), Some(policy))?;
        let (options, state) = core.generate_challenge_authenticate(builder)?;
        Ok((Self { core, state, allowed: allowed.to_vec() }, options))
    }

    /// Verifies the assertion and answers which key it was, with the counter to keep from now on.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify(self, assertion: &PublicKeyCredential) -> Result<Registered, Refusal> {
        let found = self.core.authenticate_credential(assertion, &self.state)?;
        let key = self.allowed.into_iter().find(|key| key.id() == found.cred_id().as_slice());
        let mut key =
            key.ok_or_else(|| Refusal::Invalid("a credential that was not asked for".to_owned()))?;
        key.0.counter = found.counter();
        key.0.backup_state = found.backup_state();
        Ok(key)
    }
}

fn core(origin: &Url, rp_id: &str) -> WebauthnCore {
    let patience = Duration::from_secs(60);
    // Without a path, as it stands in the client data.
    let origin = Url::parse(&origin.origin().ascii_serialization()).into_iter().collect();
    WebauthnCore::new_unsafe_experts_only(rp_id, rp_id, origin, patience, Some(false), Some(false))
}
