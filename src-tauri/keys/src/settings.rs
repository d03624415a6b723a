//! A key's settings: `authenticatorConfig`.

use jiff::Timestamp;
use webauthn_authenticator_rs::ctap2::commands::{ConfigRequest, ConfigSubCommand, SetMinPinLengthParams};

use crate::{
    Ask, Error, Feature, PinRule, Unlocked,
    ctap::{Effect, Fail, Status},
};

impl Unlocked {
    /// Lets the key ask for PIN or finger at each use, or no more.
    ///
    /// # Errors
    /// [`Error::NotSupported`] (also by keys that cannot switch it off), [`Error::Locked`], and what ends any
    /// operation.
    pub async fn set_always_verify(&mut self, on: bool, now: Timestamp, ask: &Ask) -> Result<(), Error> {
        // The key knows only how to toggle: what it says now decides, not what it said before.
        let before = self.refresh(ask).await?;
        match before.always_verify {
            Some(is) if is == on => return Ok(()),
            Some(_) if before.can.always_verify => {}
            _ => return Err(Error::NotSupported(Feature::AlwaysVerify)),
        }
        self.configure(ConfigSubCommand::ToggleAlwaysUv, Feature::AlwaysVerify, now, ask).await
    }

    /// Raises the least number of characters of a PIN; it cannot be lowered but by a reset. A PIN that is
    /// shorter has to be changed before its next use.
    ///
    /// # Errors
    /// As [`Self::set_always_verify`]; [`Error::PinRule`] when it is less than now or more than the key takes.
    pub async fn set_min_pin_length(&mut self, least: u32, now: Timestamp, ask: &Ask) -> Result<(), Error> {
        if !self.info().can.min_pin_length {
            return Err(Error::NotSupported(Feature::MinimumPinLength));
        }
        let is = self.info().min_pin_length;
        if usize::try_from(least).is_ok_and(|least| least < is) {
            return Err(PinRule::TooShort(is).into());
        }
        let params = SetMinPinLengthParams { new_min_pin_length: Some(least), ..Default::default() };
        let command = ConfigSubCommand::SetMinPinLength(params);
        self.configure(command, Feature::MinimumPinLength, now, ask).await
    }

    /// Makes the key demand another PIN before the next use of it. What is unlocked may be locked by it.
    ///
    /// # Errors
    /// As [`Self::set_always_verify`].
    pub async fn force_pin_change(&mut self, now: Timestamp, ask: &Ask) -> Result<(), Error> {
        if !self.info().can.min_pin_length {
            return Err(Error::NotSupported(Feature::MinimumPinLength));
        }
        let params = SetMinPinLengthParams { force_change_pin: Some(true), ..Default::default() };
        let command = ConfigSubCommand::SetMinPinLength(params);
        self.configure(command, Feature::MinimumPinLength, now, ask).await
    }

    /// Lets the key name itself to an employer's site. Only a reset takes it back.
    ///
    /// # Errors
    /// As [`Self::set_always_verify`].
    pub async fn enable_enterprise_attestation(&mut self, now: Timestamp, ask: &Ask) -> Result<(), Error> {
        if !self.info().can.enterprise_attestation {
            return Err(Error::NotSupported(Feature::EnterpriseAttestation));
        }
        let command = ConfigSubCommand::EnableEnterpriseAttestation;
        self.configure(command, Feature::EnterpriseAttestation, now, ask).await
    }

    async fn configure(
        &mut self,
        command: ConfigSubCommand,
        feature: Feature,
        now: Timestamp,
        ask: &Ask,
    ) -> Result<(), Error> {
        let mut run = self.begin(now, ask).await?;
        let (key, token) = self.parts()?;
        let proof = token.prove(&command.prf())?;
        let request = ConfigRequest::new(command, Some(token.protocol()), Some(proof));
        let answer = key.talk.call(&request, Effect::Writes, &mut run).await;
        answer.map_err(|fail| match fail {
            Fail::Status(Status::Ctap2OperationDenied) => Error::NotSupported(feature),
            other => self.refused(other, feature, &run),
        })?;
        self.refresh(ask).await.map(|_| ())
    }
}
