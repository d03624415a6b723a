//! Signing in with a passkey alone. Nothing is kept for who only asks: the challenge travels sealed, for this
//! authorization request.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use super::{
    sign_in::{self, Challenge, Client, Step},
    wire::{Kind, NativeError},
};
use crate::{
    instance::Instance,
    limits::What,
    mfa::keys::{self, Door},
    signin::mfa::{challenge::Unproven, passkey},
    store::Begun,
};

/// How long a person may look for their key.
const LASTS: SignedDuration = SignedDuration::from_mins(5);

/// Who asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ask {
    client: Client,
}

/// What the key answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    client: Client,
    state: String,
    credential: Value,
}

/// POST `/native/v1/passkey/challenge`.
pub fn challenge(instance: &Instance, Ask { client }: Ask) -> Result<Challenge, NativeError> {
    let back = client.check(instance)?;
    if !instance.store.mfa_policy()?.takes_passkeys() {
        return Err(Kind::NoSuchFactor.because("Passkeys alone are not taken here"));
    }
    let asked = passkey::ask(instance, &back, LASTS)?
        .ok_or_else(|| Kind::Internal.because("Internal server error"))?;
    Challenge::new(&asked.options, Some(asked.state))
}

/// POST `/native/v1/passkey/answer`.
pub fn answer(
    instance: &Instance,
    Answer { client, state, credential }: Answer,
) -> Result<Step, NativeError> {
    let back = client.check(instance)?;
    // Nobody guesses a key's answer, but each costs a look at it and stands in the trail: those that let nobody in are
    // counted with the wrong passwords of the place.
    let guess = instance.count(What::FailedSignIns).map_err(|crowded| NativeError::locked(crowded.left))?;
    let credential = credential.to_string();
    let proved = match passkey::take(instance, Door::App, &back, &credential, &state)? {
        Ok(proved) => proved,
        Err(Unproven::Copied) => {
            guess.keep();
            return Err(sign_in::copied_key());
        }
        Err(Unproven::Unfit) => {
            guess.keep();
            let claimed = keys::claimed_credential(&credential).unwrap_or_default();
            return Err(match instance.store.mfa_device_by_credential(&claimed)? {
                Some(_) => Kind::KeyRefused.because("The passkey's answer does not fit what was asked"),
                None => Kind::KeyNotRegistered.because("This passkey is not registered here"),
            });
        }
    };
    let user = proved.user.clone();
    let (session, cookie) = sign_in::begin(instance, &user, true);
    if !proved.conclude(instance, &Begun::new(&session, cookie))? {
        guess.keep();
        return Err(Kind::ChallengeOver.because("This challenge was answered before"));
    }
    guess.forgive();
    sign_in::complete(instance, &user, &session, &back, None)
}
