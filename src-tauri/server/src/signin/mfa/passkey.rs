//! Signing in with a passkey alone: the authenticator verifies the person, so it is both factors in one. The
//! challenge travels sealed through the page's form, as nothing is kept for visitors who only look.

use axum::{http::StatusCode, response::Response};
use jiff::{SignedDuration, Timestamp};

use super::{KeyRequest, Step, challenge::Unproven};
use crate::{
    fields::Fields,
    instance::Instance,
    limits::What,
    mfa::{
        keys::{self, Ceremony, Door, KeyError, Proof},
        sealing::Purpose,
    },
    organisation::User,
    secret::Digest,
    signin::{PageError, Visit, sign_in},
    store::{Begun, Completion, StoreError, Used},
};

/// How long a sign-in page may stay open.
const PAGE_LASTS: SignedDuration = SignedDuration::from_hours(1);
const CHALLENGE: &str = "passkey challenge";
const WRONG: &str =
    "That passkey is not known here, or the page was open for too long. Try again, or use your password.";

/// What the sign-in page asks of passkeys, if people may use them.
pub fn offer(instance: &Instance, visit: &Visit) -> Option<KeyRequest> {
    let takes_passkeys = instance.store.mfa_policy().is_ok_and(|policy| policy.takes_passkeys());
    if !takes_passkeys {
        return None;
    }
    let ceremony = keys::start_passkey(instance)
        .inspect_err(|error| tracing::warn!(%error, "passkeys are not offered"))
        .ok()?;
    seal_challenge(instance, &visit.owner(), &ceremony, PAGE_LASTS)
}

/// A passkey's challenge for whoever brings it back as this owner.
pub fn ask(instance: &Instance, owner: &str, lasts: SignedDuration) -> Result<Option<KeyRequest>, KeyError> {
    Ok(seal_challenge(instance, owner, &keys::start_passkey(instance)?, lasts))
}

fn seal_challenge(
    instance: &Instance,
    owner: &str,
    ceremony: &Ceremony,
    lasts: SignedDuration,
) -> Option<KeyRequest> {
    let purpose = Purpose { name: CHALLENGE, owner };
    let ends = instance.now().checked_add(lasts).ok()?;
    let state = purpose.seal_until(&instance.key, &instance.chance, ceremony.state.as_bytes(), ends)?;
    Some(KeyRequest { options: ceremony.options.clone(), state })
}

/// A passkey that proved who its owner is; nothing of it counts before [`Taken::conclude`].
pub struct Taken {
    /// Whose it is.
    pub user: User,
    workflow: String,
    proof: Proof,
    challenge: (Digest, Timestamp),
}

/// Looks at a passkey's answer to a challenge of [`ask`] for this owner.
pub fn take(
    instance: &Instance,
    door: Door,
    owner: &str,
    answer: &str,
    sealed: &str,
) -> Result<Result<Taken, Unproven>, StoreError> {
    let unfit = Ok(Err(Unproven::Unfit));
    if !instance.store.mfa_policy()?.takes_passkeys() {
        return unfit;
    }
    let purpose = Purpose { name: CHALLENGE, owner };
    let Some((state, ends)) = purpose.open_live(&instance.key, sealed, instance.now()) else { return unfit };
    let Ok(state) = std::str::from_utf8(&state) else { return unfit };
    let Ok(credential) = keys::claimed_credential(answer) else { return unfit };
    let Some(device) = instance.store.mfa_device_by_credential(&credential)? else { return unfit };
    let Some(user) = instance.user(&device.user_id)? else { return unfit };
    let workflow = instance.chance.uuid();
    match keys::finish_passkey(instance, door, &device, answer, state) {
        Ok(proof) => Ok(Ok(Taken { user, workflow, proof, challenge: (Digest::of(state), ends) })),
        Err(error) => {
            tracing::info!(%error, "a passkey's answer was not taken");
            let step = Step { user: &user, session: None, workflow: &workflow };
            let wrong = Unproven::of(instance, &error, state)?;
            instance.store.append_audit(&[
                step.failed_verification(instance, "WEBAUTHN", wrong),
                step.event(instance, "UserAuthentication", "Failure", "WEBAUTHN"),
            ])?;
            Ok(Err(wrong))
        }
    }
}

impl Taken {
    /// Begins the session; `false` if the challenge was answered before.
    pub fn conclude(self, instance: &Instance, begun: &Begun<'_>) -> Result<bool, StoreError> {
        let step = Step { user: &self.user, session: Some(begun.session), workflow: &self.workflow };
        let entries = [
            step.event(instance, "CredentialVerification", "Success", "WEBAUTHN"),
            step.event(instance, "UserAuthentication", "Success", "WEBAUTHN"),
        ];
        let done = Completion {
            half: None,
            begun: *begun,
            used: Some(Used::Key {
                device: self.proof.device,
                before: self.proof.before,
                data: self.proof.data,
            }),
            enrolled: None,
            counters: &[],
            context: None,
            challenge: Some(self.challenge),
            entries: &entries,
        };
        instance.store.complete_sign_in(&done, instance.now())
    }
}

/// POST `/sign-in/passkey`.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let back = sign_in::safe_path(instance, fields.get("continue"));
    let refuse = || Ok(sign_in::render(instance, visit, StatusCode::UNAUTHORIZED, Some(WRONG), "", &back));
    let (answer, sealed) =
        (fields.get("credential").unwrap_or_default(), fields.get("state").unwrap_or_default());
    // Those that let nobody in are counted with the wrong passwords of the place.
    let guess = instance.count(What::FailedSignIns)?;
    let Ok(proved) = take(instance, Door::Browser, &visit.owner(), answer, sealed)? else {
        guess.keep();
        return refuse();
    };
    let user = proved.user.clone();
    let mut taken = false;
    let response = sign_in::begin(instance, visit, &user, &back, true, |begun| {
        taken = proved.conclude(instance, begun)?;
        Ok(())
    })?;
    if !taken {
        guess.keep();
        return refuse();
    }
    guess.forgive();
    Ok(response)
}
