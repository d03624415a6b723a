//! A server that asks for touches, and knows what they open.

use crate::{
    model::{
        Timestamp,
        ids::{AccountId, RoleName},
        organisation::Organisation,
        secret::ClientRegistration,
    },
    ports::{
        AuthorizeRequest, KeyAnswer, KeyChallenge, Known, Native, NativeDevice, NativeError, NativeOffer,
        NativeStep, Proof, SecretUrl, Typed,
    },
};
use async_trait::async_trait;
use secrecy::SecretString;
use std::sync::Mutex;

/// Answers in order, the first one first; without one it knows no key of the person.
#[derive(Default)]
pub(crate) struct Server {
    /// A touch opens a role until then.
    pub(crate) opens: Mutex<Option<Timestamp>>,
    /// What it says to answers before it opens anything.
    pub(crate) refuses: Mutex<Vec<NativeError>>,
    /// What it was asked.
    pub(crate) asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Native for Server {
    async fn offer(&self, _org: &Organisation) -> Result<Option<NativeOffer>, NativeError> {
        Ok(None)
    }

    async fn start(
        &self,
        _org: &Organisation,
        _client: &ClientRegistration,
        _request: &AuthorizeRequest,
        _typed: &Typed,
        _known: &Known,
    ) -> Result<NativeStep, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn challenge(
        &self,
        _org: &Organisation,
        _sign_in: &SecretString,
    ) -> Result<KeyChallenge, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn answer(
        &self,
        _org: &Organisation,
        _sign_in: &SecretString,
        _answer: &KeyAnswer,
        _known: &Known,
    ) -> Result<NativeStep, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn code(
        &self,
        _org: &Organisation,
        _sign_in: &SecretString,
        _factor: &str,
        _code: &SecretString,
        _known: &Known,
    ) -> Result<NativeStep, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn enrol_challenge(
        &self,
        _org: &Organisation,
        _sign_in: &SecretString,
    ) -> Result<KeyChallenge, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn enrol(
        &self,
        _org: &Organisation,
        _sign_in: &SecretString,
        _name: &str,
        _state: &SecretString,
        _answer: &KeyAnswer,
    ) -> Result<NativeStep, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn passkey_challenge(
        &self,
        _org: &Organisation,
        _client: &ClientRegistration,
        _request: &AuthorizeRequest,
    ) -> Result<KeyChallenge, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn passkey_answer(
        &self,
        _org: &Organisation,
        _client: &ClientRegistration,
        _request: &AuthorizeRequest,
        _state: &SecretString,
        _answer: &KeyAnswer,
    ) -> Result<NativeStep, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn proof_challenge(
        &self,
        _org: &Organisation,
        _token: &SecretString,
    ) -> Result<KeyChallenge, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn prove(
        &self,
        _org: &Organisation,
        _token: &SecretString,
        _proof: &Proof,
    ) -> Result<Timestamp, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn devices(
        &self,
        _org: &Organisation,
        _token: &SecretString,
    ) -> Result<Vec<NativeDevice>, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn device_challenge(
        &self,
        _org: &Organisation,
        _token: &SecretString,
    ) -> Result<KeyChallenge, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn add_device(
        &self,
        _org: &Organisation,
        _token: &SecretString,
        _name: &str,
        _state: &SecretString,
        _answer: &KeyAnswer,
    ) -> Result<String, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn rename_device(
        &self,
        _org: &Organisation,
        _token: &SecretString,
        _id: &str,
        _name: &str,
    ) -> Result<(), NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn remove_device(
        &self,
        _org: &Organisation,
        _token: &SecretString,
        _id: &str,
    ) -> Result<(), NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn browser_ticket(
        &self,
        _org: &Organisation,
        _token: &SecretString,
        _to: Option<&url::Url>,
    ) -> Result<SecretUrl, NativeError> {
        Err(NativeError::NotOffered)
    }

    async fn step_up_challenge(
        &self,
        _org: &Organisation,
        _token: &SecretString,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<KeyChallenge, NativeError> {
        self.asked.lock().unwrap().push(format!("challenge {account}/{role}"));
        if self.opens.lock().unwrap().is_none() {
            return Err(NativeError::NoSuchFactor);
        }
        Ok(KeyChallenge {
            options: "options".into(),
            rp_id: "h".into(),
            origin: "latchkey-app:https://h".into(),
            state: Some("sealed".into()),
        })
    }

    async fn step_up(
        &self,
        _org: &Organisation,
        _token: &SecretString,
        account: &AccountId,
        role: &RoleName,
        _state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<Timestamp, NativeError> {
        self.asked.lock().unwrap().push(format!("answer {account}/{role} {}", answer.0));
        let refused = self.refuses.lock().unwrap().pop();
        match (refused, *self.opens.lock().unwrap()) {
            (Some(error), _) => Err(error),
            (None, opens) => opens.ok_or(NativeError::NoSuchFactor),
        }
    }
}
