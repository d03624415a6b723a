//! What needs no token: blinking, the PIN itself, and trading it for a token.

use jiff::Timestamp;
use webauthn_authenticator_rs::ctap2::commands::{
    ClientPinRequest, ClientPinSubCommand, GetInfoResponse, MakeCredentialRequest, Permissions,
    SelectionRequest,
};
use webauthn_rs_proto::{PubKeyCredParams, RelyingParty, User as Person};

use crate::{
    Ask, Error, Feature, Info, Key, Pin, PinRule, Progress, Unlocked,
    ctap::{
        Effect, Fail, Run, Status,
        pin_uv::{Protocol, Shared, Token},
    },
};

/// Who a token is asked of.
pub(crate) enum By<'a> {
    Pin(&'a Pin),
    Finger,
}

/// What a token is asked for.
pub(crate) struct For<'a> {
    pub(crate) permissions: Permissions,
    pub(crate) rp_id: Option<&'a str>,
}

impl Key {
    /// Blinks until it is touched (`authenticatorSelection`, or what CTAP 2.0 has for it): done when it was.
    ///
    /// # Errors
    /// What ends any operation; [`Error::TimedOut`] when nobody touched it.
    pub async fn identify(&mut self, ask: &Ask) -> Result<(), Error> {
        let mut run = self.run(ask).await?;
        let said = self.said(&mut run).await?;
        let touched = if said.versions.contains("FIDO_2_1") {
            self.talk.call(&SelectionRequest {}, Effect::Reads, &mut run).await.map(|_| ())
        } else {
            match self.talk.call(&nothing_to_make(), Effect::Reads, &mut run).await {
                // The key was touched, and then found no proof in the proof: nothing was made.
                Err(Fail::Status(
                    Status::Ctap2PinAuthInvalid | Status::Ctap2PinNotSet | Status::Ctap2PinInvalid,
                )) => Ok(()),
                other => other.map(|_| ()),
            }
        };
        touched.map_err(|fail| fail.explain(Feature::Other, run.before()))
    }

    /// Sets the first PIN.
    ///
    /// # Errors
    /// [`Error::PinAlreadySet`], [`Error::PinRule`], [`Error::NotSupported`].
    pub async fn set_pin(&mut self, new: Pin, ask: &Ask) -> Result<(), Error> {
        let mut run = self.run(ask).await?;
        let said = self.said(&mut run).await?;
        match said.get_option("clientPin") {
            None => return Err(Error::NotSupported(Feature::Pin)),
            Some(true) => return Err(Error::PinAlreadySet),
            Some(false) => new.check(said.get_min_pin_length())?,
        }
        let shared = self.agree(&said, &mut run).await?;
        let command = shared.set_pin(new.text())?;
        drop(new);
        self.talk.call(&command, Effect::Writes, &mut run).await.map(|_| ()).map_err(|fail| match fail {
            Fail::Status(Status::Ctap2PinAuthInvalid | Status::Ctap2NotAllowed) => Error::PinAlreadySet,
            other => other.explain(Feature::Pin, run.before()),
        })
    }

    /// Changes the PIN.
    ///
    /// # Errors
    /// [`Error::WrongPin`] (the old one), [`Error::SoftLocked`], [`Error::Blocked`], [`Error::NoPin`],
    /// [`Error::PinRule`].
    pub async fn change_pin(&mut self, old: Pin, new: Pin, ask: &Ask) -> Result<(), Error> {
        let mut run = self.run(ask).await?;
        let said = self.said(&mut run).await?;
        pin_is_set(&said)?;
        new.check(said.get_min_pin_length())?;
        if said.force_pin_change && old.text() == new.text() {
            return Err(PinRule::Unchanged.into());
        }
        let shared = self.agree(&said, &mut run).await?;
        let command = shared.change_pin(old.text(), new.text())?;
        drop((old, new));
        match self.talk.call(&command, Effect::Writes, &mut run).await {
            Ok(_) => Ok(()),
            Err(fail) => Err(self.pin_refused(fail, &said, &mut run).await),
        }
    }

    /// Trades the PIN, which is zeroed whatever comes of it, for the right to change the key until five minutes
    /// after `now`.
    ///
    /// # Errors
    /// With the key back: [`Error::WrongPin`], [`Error::SoftLocked`], [`Error::Blocked`], [`Error::NoPin`],
    /// [`Error::PinChangeForced`].
    pub async fn unlock(mut self, pin: Pin, now: Timestamp, ask: &Ask) -> Result<Unlocked, (Self, Error)> {
        match self.trade(pin, ask).await {
            Ok((token, info)) => Ok(Unlocked::new(self, token, info, now)),
            Err(error) => Err((self, error)),
        }
    }

    async fn trade(&mut self, pin: Pin, ask: &Ask) -> Result<(Token, Info), Error> {
        let mut run = self.run(ask).await?;
        let said = self.said(&mut run).await?;
        let on = |name| said.get_option(name) == Some(true);
        let mut permissions = Permissions::empty();
        permissions.set(Permissions::CREDENTIAL_MANAGEMENT, on("credMgmt"));
        permissions.set(Permissions::BIO_ENROLLMENT, said.get_option("bioEnroll").is_some());
        permissions.set(Permissions::AUTHENTICATOR_CONFIGURATION, on("authnrCfg"));
        let wanted = For { permissions, rp_id: None };
        let token = self.token(&said, &By::Pin(&pin), wanted, &mut run).await?;
        drop(pin);
        let info = self.whole_info(&said, &mut run).await?;
        Ok((token, info))
    }

    /// Asks the key for a token.
    pub(crate) async fn token(
        &mut self,
        said: &GetInfoResponse,
        by: &By<'_>,
        wanted: For<'_>,
        run: &mut Run<'_>,
    ) -> Result<Token, Error> {
        // CTAP 2.0's tokens have no permissions: they are good for everything.
        let limited = said.get_option("pinUvAuthToken") == Some(true) && !wanted.permissions.is_empty();
        if matches!(by, By::Pin(_)) {
            pin_is_set(said)?;
            if said.force_pin_change {
                return Err(Error::PinChangeForced);
            }
        }
        let shared = self.agree(said, run).await?;
        let command = match by {
            By::Pin(pin) if limited => {
                shared.trade_pin(pin.text(), ClientPinSubCommand::GetPinUvAuthTokenUsingPinWithPermissions)?
            }
            By::Pin(pin) => shared.trade_pin(pin.text(), ClientPinSubCommand::GetPinToken)?,
            By::Finger => shared.trade_finger(),
        };
        let command = if limited {
            let rp_id = wanted.rp_id.map(str::to_owned);
            ClientPinRequest { permissions: wanted.permissions, rp_id, ..command }
        } else {
            command
        };
        run.finger = matches!(by, By::Finger);
        if run.finger {
            // A key on a reader has no way to say that it waits.
            run.tell(Progress::FingerNeeded);
        }
        let answer = self.talk.call(&command, Effect::Reads, run).await;
        run.finger = false;
        match answer {
            Ok(answer) => {
                let sealed = answer.pin_uv_auth_token;
                shared.token(&sealed.ok_or_else(|| Error::Unexpected("no token".to_owned()))?)
            }
            Err(fail) if matches!(by, By::Pin(_)) => Err(self.pin_refused(fail, said, run).await),
            Err(fail) => Err(self.finger_refused(fail, said, run).await),
        }
    }

    async fn agree(&mut self, said: &GetInfoResponse, run: &mut Run<'_>) -> Result<Shared, Error> {
        let protocol = Protocol::best(said.pin_protocols.as_deref())?;
        let answer = self.talk.call(&protocol.ask_key_agreement(), Effect::Reads, run).await;
        let answer = answer.map_err(|fail| fail.explain(Feature::Pin, run.before()))?;
        protocol.agree(&answer.key_agreement.ok_or_else(|| Error::Unexpected("no public key".to_owned()))?)
    }

    /// Finds out how many tries are left, after the key refused a PIN.
    async fn pin_refused(&mut self, fail: Fail, said: &GetInfoResponse, run: &mut Run<'_>) -> Error {
        match fail {
            Fail::Status(Status::Ctap2PinInvalid) => match self.pin_tries(said, run).await {
                Ok(answer) if answer.pin_retries == Some(0) => Error::Blocked,
                Ok(answer) if answer.power_cycle_state == Some(true) => Error::SoftLocked,
                Ok(answer) => Error::WrongPin { left: answer.pin_retries },
                Err(_) => Error::WrongPin { left: None },
            },
            other => other.explain(Feature::Pin, run.before()),
        }
    }

    async fn finger_refused(&mut self, fail: Fail, said: &GetInfoResponse, run: &mut Run<'_>) -> Error {
        match fail {
            Fail::Status(Status::Ctap2UserVerificationInvalid) => {
                let asked = ClientPinRequest {
                    pin_uv_protocol: Protocol::best(said.pin_protocols.as_deref()).ok().map(Protocol::number),
                    sub_command: ClientPinSubCommand::GetUvRetries,
                    ..ClientPinRequest::default()
                };
                let answer = self.talk.call(&asked, Effect::Reads, run).await;
                match answer.ok().and_then(|answer| answer.uv_retries) {
                    Some(0) => Error::FingerprintsBlocked,
                    left => Error::FingerprintRefused { left },
                }
            }
            Fail::Status(Status::Ctap2NotAllowed) => Error::VerificationNeeded,
            other => other.explain(Feature::Fingerprints, run.before()),
        }
    }
}

fn pin_is_set(said: &GetInfoResponse) -> Result<(), Error> {
    match said.get_option("clientPin") {
        None => Err(Error::NotSupported(Feature::Pin)),
        Some(false) => Err(Error::NoPin),
        Some(true) => Ok(()),
    }
}

/// What CTAP 2.1 (6.1.2, step 1) has a platform send for a touch and nothing else: an empty proof.
fn nothing_to_make() -> MakeCredentialRequest {
    let nobody = "SELECTION".to_owned();
    MakeCredentialRequest {
        client_data_hash: vec![0; 32],
        rp: RelyingParty { id: nobody.clone(), name: nobody.clone() },
        user: Person { id: vec![0], name: nobody.clone(), display_name: nobody },
        pub_key_cred_params: vec![PubKeyCredParams { type_: "public-key".to_owned(), alg: -7 }],
        exclude_list: Vec::new(),
        options: None,
        pin_uv_auth_param: Some(Vec::new()),
        // Some keys demand it, though the specification does not.
        pin_uv_auth_proto: Some(1),
        enterprise_attest: None,
    }
}
