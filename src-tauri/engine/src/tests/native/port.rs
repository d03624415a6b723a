//! A server's API for the app that answers what it is told to.

use crate::{
    model::{
        Timestamp,
        ids::{AccountId, RoleName},
        native::{Asks, NativeFactor, NativeOffer},
        organisation::Organisation,
        secret::ClientRegistration,
    },
    ports::{
        AuthorizeRequest, BrowserReason, DeviceKind, KeyAnswer, KeyChallenge, Known, Native, NativeComplete,
        NativeDevice, NativeError, NativeStep, Proof, SecretUrl, SsoError, Typed,
    },
    tests::step_up::server::Touches,
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use url::Url;

type Steps = Mutex<Vec<Result<NativeStep, NativeError>>>;

#[derive(Default)]
pub(crate) struct Port {
    pub offer: Mutex<Option<NativeOffer>>,
    /// What the next steps come to, the last one first.
    pub steps: Steps,
    pub add: Mutex<Option<NativeError>>,
    pub no_ticket: Mutex<bool>,
    /// The credential of the key that is registered; 1 unless another is named.
    pub knows: Mutex<Option<u8>>,
    /// What it says of touches.
    pub touches: Touches,
    asked: Mutex<Vec<String>>,
    /// How often it was asked where keys are.
    pub listed: AtomicUsize,
}

pub(crate) fn offer() -> NativeOffer {
    NativeOffer {
        password: true,
        passkey: true,
        keys: true,
        enrolment: true,
        devices_page: None,
        step_up: Duration::from_secs(900),
    }
}

pub(crate) fn complete() -> NativeStep {
    NativeStep::Complete(Box::new(NativeComplete {
        code: "code".into(),
        username: "sam".into(),
        ends: Timestamp::MAX,
        known: Known { device: Some("device".into()), context: None },
    }))
}

pub(crate) fn factors() -> NativeStep {
    let ends = super::super::world::begin() + super::super::world::minutes(10);
    NativeStep::SecondFactor {
        sign_in: "under way".into(),
        ends,
        factors: vec![
            NativeFactor::Keys { names: vec!["Blue key".into()] },
            NativeFactor::Code { id: "totp-1".into(), name: "Phone".into() },
        ],
    }
}

/// What RADIUS servers want, and what they ask for.
pub(crate) fn radius(asks: Option<Asks>) -> NativeStep {
    NativeStep::SecondFactor {
        sign_in: "under way".into(),
        ends: super::super::world::begin() + super::super::world::minutes(10),
        factors: vec![NativeFactor::Radius { id: "radius".into(), label: "Acme token".into(), asks }],
    }
}

/// A first key is demanded, and can be set up here.
pub(crate) fn enrolment() -> NativeStep {
    NativeStep::ContinueInBrowser { reason: BrowserReason::Enrolment, sign_in: Some("under way".into()) }
}

pub(crate) fn in_browser() -> NativeStep {
    NativeStep::ContinueInBrowser { reason: BrowserReason::Enrolment, sign_in: None }
}

impl Port {
    pub(crate) fn then(&self, steps: Vec<Result<NativeStep, NativeError>>) {
        *self.steps.lock().unwrap() = steps.into_iter().rev().collect();
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn note(&self, what: impl Into<String>) {
        self.asked.lock().unwrap().push(what.into());
    }

    fn next(&self) -> Result<NativeStep, NativeError> {
        self.steps.lock().unwrap().pop().expect("a step that was told")
    }
}

fn challenge(user_verification: &str, state: Option<&str>) -> KeyChallenge {
    KeyChallenge {
        options: format!(r#"{{"publicKey":{{"userVerification":"{user_verification}"}}}}"#),
        rp_id: "acme.test".into(),
        origin: "latchkey-app:https://acme.test".into(),
        state: state.map(Into::into),
    }
}

#[async_trait]
impl Native for Port {
    async fn offer(&self, _: &Organisation) -> Result<Option<NativeOffer>, NativeError> {
        Ok(self.offer.lock().unwrap().clone())
    }
    async fn start(
        &self,
        _: &Organisation,
        _: &ClientRegistration,
        _: &AuthorizeRequest,
        typed: &Typed,
        known: &Known,
    ) -> Result<NativeStep, NativeError> {
        let known = known.device.as_ref().map(ExposeSecret::expose_secret).unwrap_or("nobody");
        self.note(format!("start {} {} {known}", typed.username, typed.password.expose_secret()));
        self.next()
    }
    async fn challenge(&self, _: &Organisation, _: &SecretString) -> Result<KeyChallenge, NativeError> {
        self.note("challenge");
        Ok(challenge("preferred", None))
    }
    async fn answer(
        &self,
        _: &Organisation,
        _: &SecretString,
        answer: &KeyAnswer,
        _: &Known,
    ) -> Result<NativeStep, NativeError> {
        self.note(format!("answer {}", answer.0));
        self.next()
    }
    async fn code(
        &self,
        _: &Organisation,
        _: &SecretString,
        factor: &str,
        code: &SecretString,
        _: &Known,
    ) -> Result<NativeStep, NativeError> {
        self.note(format!("code {factor} {}", code.expose_secret()));
        self.next()
    }
    async fn enrol_challenge(&self, _: &Organisation, _: &SecretString) -> Result<KeyChallenge, NativeError> {
        self.note("enrol challenge");
        Ok(challenge("preferred", Some("state")))
    }
    async fn enrol(
        &self,
        _: &Organisation,
        sign_in: &SecretString,
        name: &str,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<NativeStep, NativeError> {
        let (sign_in, state) = (sign_in.expose_secret(), state.expose_secret());
        self.note(format!("enrol {sign_in} {name} {state} {}", answer.0));
        self.next()
    }
    async fn passkey_challenge(
        &self,
        _: &Organisation,
        _: &ClientRegistration,
        _: &AuthorizeRequest,
    ) -> Result<KeyChallenge, NativeError> {
        self.note("passkey challenge");
        Ok(challenge("required", Some("state")))
    }
    async fn passkey_answer(
        &self,
        _: &Organisation,
        _: &ClientRegistration,
        _: &AuthorizeRequest,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<NativeStep, NativeError> {
        self.note(format!("passkey answer {} {}", state.expose_secret(), answer.0));
        self.next()
    }
    async fn proof_challenge(&self, _: &Organisation, _: &SecretString) -> Result<KeyChallenge, NativeError> {
        Err(NativeError::NotOffered)
    }
    async fn prove(&self, _: &Organisation, _: &SecretString, _: &Proof) -> Result<Timestamp, NativeError> {
        Err(NativeError::NotOffered)
    }
    async fn devices(&self, _: &Organisation, _: &SecretString) -> Result<Vec<NativeDevice>, NativeError> {
        self.listed.fetch_add(1, Ordering::SeqCst);
        Ok(vec![NativeDevice {
            id: "key-1".into(),
            name: "Blue key".into(),
            kind: DeviceKind::SecurityKey,
            counts: true,
            added: super::super::world::begin(),
            last_used: None,
            credential_id: Some(vec![self.knows.lock().unwrap().unwrap_or(1)]),
        }])
    }
    async fn device_challenge(
        &self,
        _: &Organisation,
        _: &SecretString,
    ) -> Result<KeyChallenge, NativeError> {
        Ok(challenge("preferred", Some("state")))
    }
    async fn add_device(
        &self,
        _: &Organisation,
        _: &SecretString,
        name: &str,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<String, NativeError> {
        self.note(format!("add {name} {} {}", state.expose_secret(), answer.0));
        self.add.lock().unwrap().clone().map_or(Ok("key-2".into()), Err)
    }
    async fn rename_device(
        &self,
        _: &Organisation,
        _: &SecretString,
        _: &str,
        _: &str,
    ) -> Result<(), NativeError> {
        Err(NativeError::NotOffered)
    }
    async fn remove_device(&self, _: &Organisation, _: &SecretString, _: &str) -> Result<(), NativeError> {
        Err(NativeError::NotOffered)
    }
    async fn browser_ticket(
        &self,
        _: &Organisation,
        _: &SecretString,
        to: Option<&Url>,
    ) -> Result<SecretUrl, NativeError> {
        self.note(format!("ticket {}", to.map(Url::as_str).unwrap_or_default()));
        if *self.no_ticket.lock().unwrap() {
            return Err(SsoError::Unauthorized.into());
        }
        Ok(SecretUrl { url: "https://acme.test/native/open#ticket".into(), host: "acme.test".into() })
    }
    async fn step_up_challenge(
        &self,
        _: &Organisation,
        _: &SecretString,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<KeyChallenge, NativeError> {
        self.touches.challenge(account, role)
    }
    async fn step_up(
        &self,
        _: &Organisation,
        _: &SecretString,
        account: &AccountId,
        role: &RoleName,
        _: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<Timestamp, NativeError> {
        self.touches.answer(account, role, answer)
    }
}
