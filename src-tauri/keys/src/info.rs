//! What a key says of itself (`authenticatorGetInfo`, and the PIN's tries by `authenticatorClientPIN`).

use serde_cbor_2::Value;
use uuid::Uuid;
use webauthn_authenticator_rs::ctap2::commands::{
    ClientPinRequest, ClientPinResponse, ClientPinSubCommand, GetInfoRequest, GetInfoResponse,
};

use crate::{
    Ask, Error, Key,
    aaguid::model,
    bus::Transport,
    ctap::{Effect, Fail, Run, pin_uv::Protocol},
};

/// What a key is, can and holds, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// `FIDO_2_1`, `FIDO_2_0`, `U2F_V2` and the like, as the key says.
    pub versions: Vec<String>,
    /// The model's number; all zero when the key does not tell.
    pub aaguid: Uuid,
    /// The model's name from the bundled list, when it is known.
    pub model: Option<&'static str>,
    /// How it is connected now.
    pub connected: Transport,
    /// The ways it can be connected, as it says: `usb`, `nfc`, ...
    pub transports: Vec<String>,
    /// COSE numbers of signature algorithms in the key's order of preference; empty when it does not tell.
    pub algorithms: Vec<i64>,
    /// Extensions it knows, as it says.
    pub extensions: Vec<String>,
    /// The vendor's number of the firmware.
    pub firmware: Option<u64>,
    /// Where its PIN stands.
    pub pin: PinState,
    /// The least number of characters (Unicode code points) of a PIN, as the key says; 4 unless it does.
    pub min_pin_length: usize,
    /// Whether it keeps passkeys at all, and how many; counts need the PIN on most keys.
    pub passkeys: Passkeys,
    /// Its fingerprint reader.
    pub fingerprints: Fingerprints,
    /// Whether it asks for PIN or finger at each use; `None`: it has no such setting.
    pub always_verify: Option<bool>,
    /// Whether it may name itself to an employer's site; `None`: it cannot.
    pub enterprise_attestation: Option<bool>,
    /// What can be done with it.
    pub can: Can,
}

/// Where a key's PIN stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinState {
    /// The key knows no PIN.
    NotSupported,
    /// None is set.
    NotSet,
    /// Set, with so many tries left; `None`: the key does not tell.
    Set {
        /// Tries left before the key blocks.
        left: Option<u32>,
    },
    /// Set, and to be changed before the key does anything else with it.
    ChangeForced {
        /// As in [`Self::Set`].
        left: Option<u32>,
    },
    /// Three wrong tries in a row: takes none until it is unplugged and plugged in.
    SoftLocked {
        /// As in [`Self::Set`].
        left: Option<u32>,
    },
    /// No tries left: only a reset helps.
    Blocked,
}

/// Space for passkeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passkeys {
    /// Whether the key keeps passkeys at all.
    pub supported: bool,
    /// How many are on it; `None` until it was unlocked ([`crate::Unlocked::space`]).
    pub existing: Option<u32>,
    /// How many more fit at most; some keys tell without being unlocked.
    pub remaining: Option<u32>,
}

/// A key's fingerprint reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fingerprints {
    /// It has none.
    NotSupported,
    /// No finger is known to it.
    None,
    /// At least one finger is known; how many, [`crate::Unlocked::fingerprints`] tells.
    Some,
}

/// What a key can do, for a window to offer or to say "not available on this key".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a button")]
pub struct Can {
    /// List and delete passkeys.
    pub manage_passkeys: bool,
    /// Change what a passkey says about its user.
    pub rename_passkeys: bool,
    /// Read fingerprints.
    pub fingerprints: bool,
    /// Toggle [`Info::always_verify`].
    pub always_verify: bool,
    /// Set the minimum length of a PIN, and force a change.
    pub min_pin_length: bool,
    /// Switch enterprise attestation on.
    pub enterprise_attestation: bool,
    /// Be reset from here: it is connected over USB.
    pub reset: bool,
    /// Blink on demand.
    pub identify: bool,
}

impl Key {
    /// What it is and holds, asked anew. Needs no PIN and no touch.
    ///
    /// # Errors
    /// [`Error::U2fOnly`], and what ends any operation.
    pub async fn info(&mut self, ask: &Ask) -> Result<Info, Error> {
        let mut run = self.run(ask).await?;
        let said = self.said(&mut run).await?;
        self.whole_info(&said, &mut run).await
    }

    /// `authenticatorGetInfo` alone, which even a key that waits for its reset may be asked.
    pub(crate) async fn said(&mut self, run: &mut Run<'_>) -> Result<GetInfoResponse, Error> {
        let said =
            self.talk.call(&GetInfoRequest {}, Effect::Reads, run).await.map_err(|fail| match fail {
                // A key that does not know the first of CTAP2's commands knows none.
                Fail::Status(_) => Error::U2fOnly,
                Fail::Ended(error) => error,
            })?;
        if said.versions.iter().any(|version| version.starts_with("FIDO_2")) {
            Ok(said)
        } else {
            Err(Error::U2fOnly)
        }
    }

    pub(crate) async fn whole_info(
        &mut self,
        said: &GetInfoResponse,
        run: &mut Run<'_>,
    ) -> Result<Info, Error> {
        let pin = self.pin_state(said, run).await?;
        Ok(Info::of(said, pin, self.transport()))
    }

    async fn pin_state(&mut self, said: &GetInfoResponse, run: &mut Run<'_>) -> Result<PinState, Error> {
        match said.get_option("clientPin") {
            None => return Ok(PinState::NotSupported),
            Some(false) => return Ok(PinState::NotSet),
            Some(true) => {}
        }
        let answer = self.pin_tries(said, run).await?;
        let left = answer.pin_retries;
        Ok(if left == Some(0) {
            PinState::Blocked
        } else if answer.power_cycle_state == Some(true) {
            PinState::SoftLocked { left }
        } else if said.force_pin_change {
            PinState::ChangeForced { left }
        } else {
            PinState::Set { left }
        })
    }

    /// `getPINRetries`. A key that does not answer it still has a PIN.
    pub(crate) async fn pin_tries(
        &mut self,
        said: &GetInfoResponse,
        run: &mut Run<'_>,
    ) -> Result<ClientPinResponse, Error> {
        let asked = ClientPinRequest {
            pin_uv_protocol: Protocol::best(said.pin_protocols.as_deref()).ok().map(Protocol::number),
            sub_command: ClientPinSubCommand::GetPinRetries,
            ..ClientPinRequest::default()
        };
        match self.talk.call(&asked, Effect::Reads, run).await {
            Ok(answer) => Ok(answer),
            Err(Fail::Status(_)) => Ok(ClientPinResponse::default()),
            Err(Fail::Ended(error)) => Err(error),
        }
    }
}

impl Info {
    pub(crate) fn of(said: &GetInfoResponse, pin: PinState, connected: Transport) -> Self {
        let option = |name| said.get_option(name);
        let on = |name| said.get_option(name) == Some(true);
        let aaguid = said.aaguid.unwrap_or_default();
        let enrolled = option("bioEnroll").or(option("userVerificationMgmtPreview"));
        let of_2_1 = said.versions.contains("FIDO_2_1");
        Self {
            versions: said.versions.iter().cloned().collect(),
            aaguid,
            model: model(aaguid),
            connected,
            transports: said.transports.clone().unwrap_or_default(),
            algorithms: algorithms(said.algorithms.as_ref()),
            extensions: said.extensions.clone().unwrap_or_default(),
            firmware: said.firmware_version.and_then(|version| u64::try_from(version).ok()),
            pin,
            min_pin_length: said.get_min_pin_length(),
            passkeys: Passkeys {
                supported: on("rk"),
                existing: None,
                remaining: said.remaining_discoverable_credentials,
            },
            fingerprints: match enrolled {
                None => Fingerprints::NotSupported,
                Some(false) => Fingerprints::None,
                Some(true) => Fingerprints::Some,
            },
            always_verify: option("alwaysUv"),
            enterprise_attestation: option("ep"),
            can: Can {
                manage_passkeys: on("credMgmt") || on("credentialMgmtPreview"),
                rename_passkeys: on("credMgmt"),
                fingerprints: enrolled.is_some(),
                always_verify: on("authnrCfg") && option("alwaysUv").is_some(),
                min_pin_length: on("authnrCfg") && on("setMinPINLength"),
                enterprise_attestation: on("authnrCfg") && option("ep").is_some(),
                reset: connected == Transport::Usb,
                // What CTAP 2.0 has for it asks for a touch, and a key in a reader has no button.
                identify: of_2_1 || connected == Transport::Usb,
            },
        }
    }
}

fn algorithms(listed: Option<&Value>) -> Vec<i64> {
    let Some(Value::Array(listed)) = listed else { return Vec::new() };
    let number = |entry: &Value| match entry {
        Value::Map(entry) => match entry.get(&Value::Text("alg".to_owned())) {
            Some(Value::Integer(number)) => i64::try_from(*number).ok(),
            _ => None,
        },
        _ => None,
    };
    listed.iter().filter_map(number).collect()
}
