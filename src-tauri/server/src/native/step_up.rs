//! Roles that ask for a touch of a security key: `requires_security_key` of a permission set. What opens such a
//! role is an answer of one of the person's own keys, given now and for this role; it is open for 15 minutes, for
//! the tokens of one sign-in of one client or for the session's browsers.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    proof,
    sign_in::{Challenge, copied_key, wrong_key},
    wire::{Kind, NativeError},
};
use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    instance::Instance,
    mfa::{
        Device, Kind as DeviceKind,
        keys::{self, Ceremony, Door, KeyError},
        sealing::Purpose,
    },
    organisation::{Account, PermissionSet, User},
    portal::Caller,
    secret::Digest,
    signin::mfa::challenge::Unproven,
    store::{AuditEntry, StepUp, StoreError, Used},
};

/// How long a role stays open, unless a sandbox was told otherwise ([`Instance::step_up_length`]).
pub const LASTS: SignedDuration = SignedDuration::from_mins(15);
const PURPOSE: &str = "step-up";

/// A role that somebody has, and for whom it is to be open.
pub struct Role<'a> {
    /// A token family, or [`of_browsers`].
    pub holder: &'a str,
    /// Who.
    pub user: &'a User,
    /// In which session.
    pub session: &'a SignInSession,
    /// The account.
    pub account: &'a Account,
    /// The permission set.
    pub set: &'a PermissionSet,
}

/// The holder that stands for all browsers of a session.
pub fn of_browsers(session: &SignInSession) -> String {
    format!("browsers of {}", session.id)
}

/// What came of an answer.
pub enum Outcome {
    /// The role is open until then.
    Open(Timestamp),
    /// The challenge is over, or was answered before.
    Over,
    /// The answer proves nothing.
    Refused(NativeError),
}

impl Role<'_> {
    /// Whether credentials may be given out: no key is asked for, or one was touched.
    pub fn is_open(&self, instance: &Instance) -> Result<bool, StoreError> {
        if !self.set.requires_key {
            return Ok(true);
        }
        let (account, set) = (&self.account.id, &self.set.arn);
        let open = instance.store.stepped_up(self.holder, &self.session.id, account, set, instance.now())?;
        Ok(open.is_some())
    }

    /// The person's security keys.
    fn keys(&self, instance: &Instance) -> Result<Vec<Device>, StoreError> {
        let mut devices = instance.store.mfa_devices(&self.session.user_id)?;
        devices.retain(|device| device.kind == DeviceKind::SecurityKey);
        Ok(devices)
    }

    /// Asks the person's keys; gives the options and the sealed state, or `None` if there is no key.
    pub fn ask(&self, instance: &Instance) -> Result<Result<Option<(String, String)>, KeyError>, StoreError> {
        let devices = self.keys(instance)?;
        if devices.is_empty() {
            return Ok(Ok(None));
        }
        let devices: Vec<&Device> = devices.iter().collect();
        let Ceremony { options, state } = match keys::start_authentication(instance, &devices) {
            Ok(ceremony) => ceremony,
            Err(error) => return Ok(Err(error)),
        };
        instance.store.append_audit(&[self.event(instance, "StepUpChallenge", "Success")])?;
        let ends = instance.now().checked_add(proof::ASKS_FOR).unwrap_or(instance.now());
        let owner = self.owner();
        let purpose = Purpose { name: PURPOSE, owner: &owner };
        let sealed = purpose.seal_until(&instance.key, &instance.chance, state.as_bytes(), ends);
        Ok(sealed.map(|sealed| Some((options, sealed))).ok_or(KeyError::Malformed))
    }

    /// Opens the role by a key's answer.
    pub fn open(
        &self,
        instance: &Instance,
        door: Door,
        answer: &str,
        sealed: &str,
    ) -> Result<Outcome, StoreError> {
        let now = instance.now();
        let owner = self.owner();
        let purpose = Purpose { name: PURPOSE, owner: &owner };
        let Some((state, challenge_ends)) = purpose.open_live(&instance.key, sealed, now) else {
            return Ok(Outcome::Over);
        };
        let state = String::from_utf8_lossy(&state);
        let devices = self.keys(instance)?;
        let asked: Vec<&Device> = devices.iter().collect();
        let proof = match keys::finish_authentication(instance, door, &asked, answer, &state) {
            Ok(proof) => proof,
            Err(error) => {
                tracing::info!(%error, "a security key's answer was not taken");
                let wrong = Unproven::of(instance, &error, &state)?;
                instance.store.append_audit(&[self.event_because(
                    instance,
                    "StepUp",
                    "Failure",
                    wrong.reason(),
                )])?;
                return Ok(Outcome::Refused(match wrong {
                    Unproven::Copied => copied_key(),
                    Unproven::Unfit => wrong_key(&devices, answer),
                }));
            }
        };
        let ends = now.checked_add(instance.step_up_length()).unwrap_or(now);
        let opened = StepUp {
            holder: self.holder.to_owned(),
            session_id: self.session.id.clone(),
            account_id: self.account.id.clone(),
            permission_set: self.set.arn.clone(),
            ends,
        };
        let used = Used::Key { device: proof.device, before: proof.before, data: proof.data };
        let challenge = (Digest::of(&state), challenge_ends);
        let events = [self.event(instance, "StepUp", "Success")];
        let taken = instance.store.step_up(&opened, &used, challenge, now, &events)?;
        Ok(if taken { Outcome::Open(ends) } else { Outcome::Over })
    }

    /// What a challenge is bound to.
    fn owner(&self) -> String {
        [self.holder, &self.session.id, &self.account.id, &self.set.arn].join("\n")
    }

    fn event(&self, instance: &Instance, name: &str, outcome: &str) -> AuditEntry {
        self.event_because(instance, name, outcome, None)
    }

    fn event_because(
        &self,
        instance: &Instance,
        name: &str,
        outcome: &str,
        reason: Option<&str>,
    ) -> AuditEntry {
        let mut additional = json!({ "CredentialType": "WEBAUTHN" });
        if let Some(reason) = reason {
            additional["Reason"] = reason.into();
        }
        instance.entry(&Event {
            source: audit::SSO,
            name,
            user: Some(self.user),
            session: Some(self.session),
            details: json!({
                name: outcome, "account_id": self.account.id, "role_name": self.set.name,
            }),
            additional,
            ..Event::default()
        })
    }
}

/// Which role.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    account_id: String,
    role_name: String,
}

/// Which role, and the key's answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    account_id: String,
    role_name: String,
    state: String,
    credential: Value,
}

/// Until when it is open.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// Epoch milliseconds.
    open_until: i64,
}

/// POST `/native/v1/step-up/challenge`.
pub fn challenge(
    instance: &Instance,
    caller: &Caller,
    Wanted { account_id, role_name }: Wanted,
) -> Result<Challenge, NativeError> {
    let (account, set) = assigned(instance, caller, &account_id, &role_name)?;
    // An app that was told otherwise before learns it here, and asks nobody for nothing.
    if !set.requires_key {
        return Err(Kind::NotNeeded.because("This role asks for no security key"));
    }
    let asked = of_token(caller, &account, &set).ask(instance)??;
    let (options, state) = asked
        .ok_or_else(|| Kind::NoSuchFactor.because("There is no security key to ask; register one first"))?;
    Challenge::new(&options, Some(state))
}

/// POST `/native/v1/step-up`.
pub fn answer(
    instance: &Instance,
    caller: &Caller,
    Answer { account_id, role_name, state, credential }: Answer,
) -> Result<Opened, NativeError> {
    let (account, set) = assigned(instance, caller, &account_id, &role_name)?;
    let role = of_token(caller, &account, &set);
    match role.open(instance, Door::App, &credential.to_string(), &state)? {
        Outcome::Open(ends) => Ok(Opened { open_until: ends.as_millisecond() }),
        Outcome::Over => Err(Kind::ChallengeOver.because("This challenge is over, or was answered before")),
        Outcome::Refused(error) => Err(error),
    }
}

/// A role for the tokens of one sign-in of one client.
pub fn of_token<'a>(caller: &'a Caller, account: &'a Account, set: &'a PermissionSet) -> Role<'a> {
    Role { holder: &caller.family_id, user: &caller.user, session: &caller.session, account, set }
}

fn assigned(
    instance: &Instance,
    caller: &Caller,
    account: &str,
    role: &str,
) -> Result<(Account, PermissionSet), NativeError> {
    let assigned = instance.store.assigned(&caller.user.id, account, role)?;
    assigned.ok_or_else(|| Kind::NoAccess.because("This role is not assigned"))
}
