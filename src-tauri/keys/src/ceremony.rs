//! WebAuthn's ceremonies: a new credential on a key, and an assertion by one.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use crypto_glue::{s256::Sha256, traits::Digest};
use serde_cbor_2::Value;
use webauthn_authenticator_rs::ctap2::commands::{
    CBORCommand, GetAssertionRequest, GetInfoResponse, MakeCredentialRequest, MakeCredentialResponse,
    Permissions,
};
use webauthn_rs_proto::{
    AllowCredentials, AttestationConveyancePreference, AuthenticatorAssertionResponseRaw,
    AuthenticatorAttestationResponseRaw, AuthenticatorTransport, CreationChallengeResponse,
    CredentialProtectionPolicy, PublicKeyCredential, PublicKeyCredentialCreationOptions,
    RegisterPublicKeyCredential, RequestChallengeResponse, ResidentKeyRequirement, UserVerificationPolicy,
};

use crate::{
    Ask, Error, Feature, Key, Origin, Pin, Transport,
    answer::{self, Signed},
    ctap::{Effect, Fail, Run, Status, pin_uv::Token},
    session::{By, For},
};

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
    /// The account's name, which keys tell only after PIN or finger, and only when there are several.
    pub user_name: Option<String>,
    /// The person's name, likewise.
    pub display_name: Option<String>,
}

/// How a command proves who uses the key.
struct Proof {
    protocol: Option<u32>,
    param: Option<Vec<u8>>,
    /// The key reads a finger during the command itself (CTAP 2.0).
    inline: bool,
}

impl Key {
    /// Makes a credential: a passkey, if the server's options demand a resident key, or prefer one and the key has
    /// room for it. `clientDataJSON` names `origin`, to whose host the options' RP id has to belong.
    ///
    /// # Errors
    /// [`Error::ForeignOrigin`], [`Error::AlreadyRegistered`] (the options' exclude list),
    /// [`Error::PasskeysFull`] where nothing but a passkey will do, [`Error::VerificationNeeded`] when the options or
    /// the key demand more than [`Verify::Touch`], those of [`Key::unlock`], and what ends any operation.
    pub async fn register(
        &mut self,
        origin: impl Into<Origin>,
        options: &CreationChallengeResponse,
        verify: Verify,
        ask: &Ask,
    ) -> Result<RegisterPublicKeyCredential, Error> {
        let (origin, options) = (origin.into(), &options.public_key);
        origin.may_ask_for(&options.rp.id)?;
        let client_data = client_data("webauthn.create", &options.challenge, &origin);
        let hash = Sha256::digest(&client_data).to_vec();
        let mut run = self.run(ask).await?;
        let said = self.said(&mut run).await?;
        let resident = resident(options, &said)?;
        // A key that does not tell its room may say that it has none after the touch alone.
        let may_be_full = resident == Resident::IfRoom && said.remaining_discoverable_credentials.is_none();
        let policy = options.authenticator_selection.as_ref().map(|wanted| wanted.user_verification);
        let policy = policy.unwrap_or(UserVerificationPolicy::Preferred);
        let wanted = For { permissions: Permissions::MAKE_CREDENTIAL, rp_id: Some(&options.rp.id) };
        let proof = self.proof(&said, &verify, policy, wanted, &hash, &mut run).await?;
        // For a second proof, and no longer than for that.
        let verify = may_be_full.then_some(verify);
        let message = to_make(options, &said, &hash, proof, resident != Resident::No)?;
        let mut made = self.make(message, &mut run).await;
        if let (Err(Error::PasskeysFull), Some(verify)) = (&made, &verify) {
            // A proof is for one command (CTAP 2.1, 6.1.2, step 14).
            let wanted = For { permissions: Permissions::MAKE_CREDENTIAL, rp_id: Some(&options.rp.id) };
            let proof = self.proof(&said, verify, policy, wanted, &hash, &mut run).await?;
            made = self.make(to_make(options, &said, &hash, proof, false)?, &mut run).await;
        }
        let (raw_id, attestation_object) = answer::attestation(made?, keeps_statement(options))?;
        Ok(RegisterPublicKeyCredential {
            id: URL_SAFE_NO_PAD.encode(&raw_id),
            raw_id,
            response: AuthenticatorAttestationResponseRaw {
                attestation_object,
                client_data_json: client_data,
                transports: said.get_transports().or_else(|| Some(vec![self.kind()])),
            },
            type_: "public-key".to_owned(),
            extensions: Default::default(),
        })
    }

    async fn make(&mut self, message: Vec<u8>, run: &mut Run<'_>) -> Result<MakeCredentialResponse, Error> {
        let answer = self.ceremony(message, Effect::Writes, run).await.map_err(|fail| match fail {
            Fail::Status(Status::Ctap2NoCredentials) => Error::AlreadyRegistered,
            other => other.explain(Feature::Passkeys, run.before()),
        })?;
        answer::read::<MakeCredentialResponse>(&answer)
    }

    /// Has the key sign a server's challenge, with one of the credentials that the options allow, or with any
    /// passkey for the site when they name none: then there is one assertion for each, for the person to choose.
    ///
    /// # Errors
    /// As [`Self::register`]; [`Error::NotRegistered`] when the key holds none.
    pub async fn authenticate(
        &mut self,
        origin: impl Into<Origin>,
        options: &RequestChallengeResponse,
        verify: Verify,
        ask: &Ask,
    ) -> Result<Vec<Assertion>, Error> {
        let (origin, options) = (origin.into(), &options.public_key);
        origin.may_ask_for(&options.rp_id)?;
        let client_data = client_data("webauthn.get", &options.challenge, &origin);
        let hash = Sha256::digest(&client_data).to_vec();
        let mut run = self.run(ask).await?;
        let said = self.said(&mut run).await?;
        let allowed = self.known(&options.rp_id, &options.allow_credentials, &said, &mut run).await?;
        let wanted = For { permissions: Permissions::GET_ASSERTION, rp_id: Some(&options.rp_id) };
        let proof = self.proof(&said, &verify, options.user_verification, wanted, &hash, &mut run).await?;
        drop(verify);
        let request = GetAssertionRequest {
            rp_id: options.rp_id.clone(),
            client_data_hash: hash,
            allow_list: allowed.clone(),
            options: proof.inline.then(|| BTreeMap::from([("uv".to_owned(), true)])),
            pin_uv_auth_param: proof.param,
            pin_uv_auth_proto: proof.protocol,
        };
        let message = request.cbor().map_err(|error| Error::Unexpected(error.to_string()))?;
        let first = self.signed(message, &mut run).await?;
        let total = first.total.unwrap_or(1);
        let mut signed = vec![first];
        while signed.len() < total {
            // authenticatorGetNextAssertion, which the library does not have.
            signed.push(self.signed(vec![0x08], &mut run).await?);
        }
        let only = allowed.first().filter(|_| allowed.len() == 1).map(|only| only.id.as_slice());
        signed.into_iter().map(|signed| assertion(signed, &client_data, only)).collect()
    }

    /// Which of these credentials the key holds, if any, as far as it tells without a touch and a PIN. Nothing is
    /// signed that anybody would take: the challenge is empty.
    ///
    /// # Errors
    /// [`Error::VerificationNeeded`] of a key that tells nothing without its PIN; what ends any operation.
    pub async fn holds(
        &mut self,
        rp_id: &str,
        credentials: Vec<Vec<u8>>,
        ask: &Ask,
    ) -> Result<Option<Vec<u8>>, Error> {
        let mut run = self.run(ask).await?;
        for id in credentials {
            let type_ = "public-key".to_owned();
            let one = AllowCredentials { type_, id: id.clone(), transports: None };
            if self.probe(rp_id, vec![one], &mut run).await? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Whether the key holds one of these, asked without a touch.
    async fn probe(
        &mut self,
        rp_id: &str,
        some: Vec<AllowCredentials>,
        run: &mut Run<'_>,
    ) -> Result<bool, Error> {
        let probe = GetAssertionRequest {
            rp_id: rp_id.to_owned(),
            client_data_hash: vec![0; 32],
            allow_list: some,
            options: Some(BTreeMap::from([("up".to_owned(), false)])),
            pin_uv_auth_param: None,
            pin_uv_auth_proto: None,
        };
        let message = probe.cbor().map_err(|error| Error::Unexpected(error.to_string()))?;
        match self.talk.raw(message, Effect::Reads, run).await {
            Ok(_) => Ok(true),
            Err(Fail::Status(Status::Ctap2NoCredentials | Status::Ctap2InvalidCredential)) => Ok(false),
            Err(fail) => Err(fail.explain(Feature::Other, run.before())),
        }
    }

    async fn signed(&mut self, message: Vec<u8>, run: &mut Run<'_>) -> Result<Signed, Error> {
        let answer = self.ceremony(message, Effect::Reads, run).await.map_err(|fail| match fail {
            Fail::Status(Status::Ctap2NoCredentials | Status::Ctap2InvalidCredential) => Error::NotRegistered,
            other => other.explain(Feature::Other, run.before()),
        })?;
        Signed::read(&answer)
    }

    /// Sends a command that waits for a touch.
    async fn ceremony(
        &mut self,
        message: Vec<u8>,
        effect: Effect,
        run: &mut Run<'_>,
    ) -> Result<Vec<u8>, Fail> {
        let answer = self.talk.raw(message, effect, run).await;
        match answer {
            // A proof that was good a moment ago: the key forgot what it was for.
            Err(Fail::Status(Status::Ctap2PinAuthInvalid)) => Err(Error::VerificationNeeded.into()),
            other => other,
        }
    }

    async fn proof(
        &mut self,
        said: &GetInfoResponse,
        verify: &Verify,
        policy: UserVerificationPolicy,
        wanted: For<'_>,
        hash: &[u8],
        run: &mut Run<'_>,
    ) -> Result<Proof, Error> {
        let on = |name| said.get_option(name) == Some(true);
        let none = Proof { protocol: None, param: None, inline: false };
        let by_token = |token: Token| {
            Ok(Proof { protocol: Some(token.protocol()), param: Some(token.prove(hash)?), inline: false })
        };
        match verify {
            Verify::Touch if policy == UserVerificationPolicy::Required || on("alwaysUv") => {
                Err(if on("clientPin") || on("uv") { Error::VerificationNeeded } else { Error::NoPin })
            }
            Verify::Touch => Ok(none),
            Verify::Pin(_) if on("noMcGaPermissionsWithClientPin") => Err(Error::VerificationNeeded),
            Verify::Pin(pin) => by_token(self.token(said, &By::Pin(pin), wanted, run).await?),
            Verify::Finger if !on("uv") => Err(Error::VerificationNeeded),
            Verify::Finger if on("pinUvAuthToken") => {
                by_token(self.token(said, &By::Finger, wanted, run).await?)
            }
            Verify::Finger => Ok(Proof { inline: true, ..none }),
        }
    }

    /// Those of the allowed credentials that one message can name: all, or the first that the key is found to
    /// hold when asked without a touch (CTAP 2.1, 6.1.3 "pre-flight").
    async fn known(
        &mut self,
        rp_id: &str,
        allowed: &[AllowCredentials],
        said: &GetInfoResponse,
        run: &mut Run<'_>,
    ) -> Result<Vec<AllowCredentials>, Error> {
        let at_once = at_once(said, allowed);
        if allowed.len() <= at_once {
            return Ok(allowed.to_vec());
        }
        for some in allowed.chunks(at_once) {
            if self.probe(rp_id, some.to_vec(), run).await? {
                return Ok(some.to_vec());
            }
        }
        Err(Error::NotRegistered)
    }

    fn kind(&self) -> AuthenticatorTransport {
        match self.transport() {
            Transport::Usb => AuthenticatorTransport::Usb,
            Transport::Nfc => AuthenticatorTransport::Nfc,
        }
    }
}

/// How many of these credentials fit into one message to the key.
fn at_once(said: &GetInfoResponse, allowed: &[AllowCredentials]) -> usize {
    let number = |told: Option<u32>, else_: usize| {
        told.and_then(|told| usize::try_from(told).ok()).filter(|told| *told > 0).unwrap_or(else_)
    };
    // 1,024 bytes unless the key says more (CTAP 2.1, 6.4, maxMsgSize); the rest of the message takes less
    // than 300.
    let room = number(said.max_msg_size, 1024).saturating_sub(300);
    let longest = allowed.iter().map(|one| one.id.len() + 50).max().unwrap_or(1);
    number(said.max_cred_count_in_list, usize::MAX).min(room / longest).max(1)
}

fn assertion(signed: Signed, client_data: &[u8], only: Option<&[u8]>) -> Result<Assertion, Error> {
    let raw_id = signed.credential.or_else(|| only.map(<[u8]>::to_vec));
    let raw_id = raw_id.ok_or_else(|| Error::Unexpected("an assertion by no credential".to_owned()))?;
    Ok(Assertion {
        user_name: signed.user_name,
        display_name: signed.display_name,
        credential: PublicKeyCredential {
            id: URL_SAFE_NO_PAD.encode(&raw_id),
            raw_id,
            response: AuthenticatorAssertionResponseRaw {
                authenticator_data: signed.auth_data,
                client_data_json: client_data.to_vec(),
                signature: signed.signature,
                user_handle: signed.user_id,
            },
            extensions: Default::default(),
            type_: "public-key".to_owned(),
        },
    })
}

/// `clientDataJSON` as WebAuthn serialises it (5.8.1.1): this order, nothing else.
fn client_data(kind: &str, challenge: &[u8], origin: &Origin) -> Vec<u8> {
    let challenge = URL_SAFE_NO_PAD.encode(challenge);
    let origin = serde_json::Value::from(origin.to_string());
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":{origin},"crossOrigin":false}}"#)
        .into_bytes()
}

/// Whether a key pair is to be a passkey, which takes room on the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resident {
    No,
    /// `preferred` is content with one that is none (WebAuthn L3, 5.4.6): a full key can be a second factor.
    IfRoom,
    Yes,
}

fn resident(options: &PublicKeyCredentialCreationOptions, said: &GetInfoResponse) -> Result<Resident, Error> {
    let can = said.get_option("rk") == Some(true);
    let full = said.remaining_discoverable_credentials == Some(0);
    let Some(wanted) = &options.authenticator_selection else { return Ok(Resident::No) };
    match wanted.resident_key {
        Some(ResidentKeyRequirement::Required) if can => Ok(Resident::Yes),
        Some(ResidentKeyRequirement::Required) => Err(Error::NotSupported(Feature::Passkeys)),
        Some(ResidentKeyRequirement::Preferred) if can && !full => Ok(Resident::IfRoom),
        Some(ResidentKeyRequirement::Preferred | ResidentKeyRequirement::Discouraged) => Ok(Resident::No),
        None if wanted.require_resident_key && !can => Err(Error::NotSupported(Feature::Passkeys)),
        None if wanted.require_resident_key => Ok(Resident::Yes),
        None => Ok(Resident::No),
    }
}

/// The command for a new key pair.
fn to_make(
    options: &PublicKeyCredentialCreationOptions,
    said: &GetInfoResponse,
    hash: &[u8],
    proof: Proof,
    resident: bool,
) -> Result<Vec<u8>, Error> {
    let mut flags = BTreeMap::new();
    if resident {
        flags.insert("rk".to_owned(), true);
    }
    if proof.inline {
        flags.insert("uv".to_owned(), true);
    }
    let request = MakeCredentialRequest {
        client_data_hash: hash.to_vec(),
        rp: options.rp.clone(),
        user: options.user.clone(),
        pub_key_cred_params: options.pub_key_cred_params.clone(),
        exclude_list: options.exclude_credentials.clone().unwrap_or_default(),
        options: (!flags.is_empty()).then_some(flags),
        pin_uv_auth_param: proof.param,
        pin_uv_auth_proto: proof.protocol,
        enterprise_attest: None,
    };
    // The library's request has no place for extensions.
    let mut message = BTreeMap::<u32, Value>::from(request);
    if let Some(extensions) = extensions(options, said)? {
        message.insert(0x06, Value::Map(extensions));
    }
    packed(MakeCredentialRequest::CMD, &message)
}

/// The extensions that matter to our servers, where the key has them: `credProtect` and `minPinLength`.
fn extensions(
    options: &PublicKeyCredentialCreationOptions,
    said: &GetInfoResponse,
) -> Result<Option<BTreeMap<Value, Value>>, Error> {
    let has = |name: &str| said.extensions.iter().flatten().any(|known| known == name);
    let mut extensions = BTreeMap::new();
    let wanted = options.extensions.as_ref();
    if let Some(protect) = wanted.and_then(|wanted| wanted.cred_protect.as_ref()) {
        if has("credProtect") {
            let level = match protect.credential_protection_policy {
                CredentialProtectionPolicy::UserVerificationOptional => 1,
                CredentialProtectionPolicy::UserVerificationOptionalWithCredentialIDList => 2,
                CredentialProtectionPolicy::UserVerificationRequired => 3,
            };
            extensions.insert(Value::Text("credProtect".to_owned()), Value::Integer(level));
        } else if protect.enforce_credential_protection_policy == Some(true) {
            return Err(Error::NotSupported(Feature::Other));
        }
    }
    if wanted.and_then(|wanted| wanted.min_pin_length) == Some(true) && has("minPinLength") {
        extensions.insert(Value::Text("minPinLength".to_owned()), Value::Bool(true));
    }
    Ok((!extensions.is_empty()).then_some(extensions))
}

/// Whether the server wants to see what the key's maker says of it; if not, it is left out (WebAuthn, 5.1.3).
fn keeps_statement(options: &PublicKeyCredentialCreationOptions) -> bool {
    !matches!(options.attestation, None | Some(AttestationConveyancePreference::None))
}

fn packed(command: u8, message: &BTreeMap<u32, Value>) -> Result<Vec<u8>, Error> {
    let cbor = serde_cbor_2::ser::to_vec_packed(message);
    let mut cbor = cbor.map_err(|error| Error::Unexpected(error.to_string()))?;
    cbor.insert(0, command);
    Ok(cbor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_data_is_serialised_as_the_specification_says() {
        let url = url::Url::parse("https://login.acme.test/path?query").expect("an URL");
        for (origin, named) in [
            (Origin::of_site(&url), "https://login.acme.test"),
            (Origin::of_app(&url), "latchkey-app:https://login.acme.test"),
        ] {
            let json = String::from_utf8(client_data("webauthn.get", &[0xff, 0xfe], &origin));
            let expected = format!(
                r#"{{"type":"webauthn.get","challenge":"__4","origin":"{named}","crossOrigin":false}}"#
            );
            assert_eq!(json, Ok(expected));
        }
    }
}
