//! What a server says of touches: it asks for them, and knows what they open.

use crate::{
    model::{
        Timestamp,
        ids::{AccountId, RoleName},
    },
    ports::{KeyAnswer, KeyChallenge, NativeError},
};
use std::sync::Mutex;

/// Answers in order, the first one first; without one it knows no key of the person.
#[derive(Default)]
pub(crate) struct Touches {
    /// A touch opens a role until then.
    pub(crate) opens: Mutex<Option<Timestamp>>,
    /// What it says to answers before it opens anything.
    pub(crate) refuses: Mutex<Vec<NativeError>>,
    /// It asks for none any more.
    pub(crate) lifted: Mutex<bool>,
    /// It would like to know who touches the key.
    pub(crate) prefers: Mutex<bool>,
    /// What it was asked.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Touches {
    pub(crate) fn challenge(
        &self,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<KeyChallenge, NativeError> {
        self.asked.lock().unwrap().push(format!("challenge {account}/{role}"));
        if *self.lifted.lock().unwrap() {
            return Err(NativeError::NotNeeded);
        }
        if self.opens.lock().unwrap().is_none() {
            return Err(NativeError::NoSuchFactor);
        }
        let policy = if *self.prefers.lock().unwrap() { "preferred" } else { "discouraged" };
        Ok(KeyChallenge {
            options: format!(r#"{{"publicKey":{{"userVerification":"{policy}"}}}}"#),
            rp_id: "h".into(),
            origin: "latchkey-app:https://h".into(),
            state: Some("sealed".into()),
        })
    }

    pub(crate) fn answer(
        &self,
        account: &AccountId,
        role: &RoleName,
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
