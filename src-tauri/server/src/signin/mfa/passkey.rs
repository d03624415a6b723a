//! Signing in with a passkey alone: the authenticator verifies the person, so it is both factors in one. The
//! challenge travels sealed through the page's form, as nothing is kept for visitors who only look.

use axum::{http::StatusCode, response::Response};
use jiff::SignedDuration;

use super::{KeyRequest, Step};
use crate::{
    fields::Fields,
    instance::Instance,
    mfa::{keys, sealing::Purpose},
    secret::Digest,
    signin::{PageError, Visit, sign_in},
    store::{Completion, Used},
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
    let purpose = Purpose { name: CHALLENGE, owner: &visit.owner() };
    let ends = instance.now().checked_add(PAGE_LASTS).ok()?;
    let state = purpose.seal_until(&instance.key, &instance.chance, ceremony.state.as_bytes(), ends)?;
    Some(KeyRequest { options: ceremony.options, state })
}

/// POST `/sign-in/passkey`.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let back = sign_in::safe_path(instance, fields.get("continue"));
    let refuse = || Ok(sign_in::render(instance, visit, StatusCode::UNAUTHORIZED, Some(WRONG), "", &back));
    if !instance.store.mfa_policy()?.takes_passkeys() {
        return refuse();
    }
    let (answer, sealed) =
        (fields.get("credential").unwrap_or_default(), fields.get("state").unwrap_or_default());
    let now = instance.now();
    let purpose = Purpose { name: CHALLENGE, owner: &visit.owner() };
    let Some((state, ends)) = purpose.open_live(&instance.key, sealed, now) else { return refuse() };
    let Ok(state) = std::str::from_utf8(&state) else { return refuse() };
    let Ok(credential) = keys::claimed_credential(answer) else { return refuse() };
    let Some(device) = instance.store.mfa_device_by_credential(&credential)? else { return refuse() };
    let Some(user) = &instance.user(&device.user_id)? else { return refuse() };
    let workflow = instance.chance.uuid();
    let proof = match keys::finish_passkey(instance, &device, answer, state) {
        Ok(proof) => proof,
        Err(error) => {
            tracing::info!(%error, "a passkey's answer was not taken");
            let step = Step { user, session: None, workflow: &workflow };
            instance.store.append_audit(&[
                step.event(instance, "CredentialVerification", "Failure", "WEBAUTHN"),
                step.event(instance, "UserAuthentication", "Failure", "WEBAUTHN"),
            ])?;
            return refuse();
        }
    };
    let mut taken = false;
    let response = sign_in::begin(instance, visit, user, &back, true, |session, cookie| {
        let step = Step { user, session: Some(session), workflow: &workflow };
        let entries = [
            step.event(instance, "CredentialVerification", "Success", "WEBAUTHN"),
            step.event(instance, "UserAuthentication", "Success", "WEBAUTHN"),
        ];
        let done = Completion {
            half: None,
            session: (session, cookie),
            used: Some(Used::Key { device: proof.device, before: proof.before, data: proof.data }),
            enrolled: None,
            counters: &[],
            context: None,
            challenge: Some((Digest::of(state), ends)),
            entries: &entries,
        };
        taken = instance.store.complete_sign_in(&done, now)?;
        Ok(())
    })?;
    if taken { Ok(response) } else { refuse() }
}
