//! Erasing a key in four steps that cannot hit another one: told what is lost, unplugged, plugged in, touched.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use webauthn_authenticator_rs::ctap2::commands::{GetInfoResponse, ResetRequest};

use crate::{
    Ask, Error, Event, Found, Info, Key, KeyId, Keys, Marks, Transport,
    ctap::{Effect, Fail, Status},
};

/// Keys take a reset only so soon after they got power (CTAP 2.1, 6.6).
pub const PLUG_IN_WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// What a reset waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// 1: that the person read what is lost and agrees ([`Reset::agree`]).
    Agree,
    /// 2: that the key is unplugged.
    Unplug,
    /// 3: that the same key is plugged in.
    PlugIn,
    /// 4: that it is touched ([`Reset::erase`]), before this moment.
    Touch {
        /// [`PLUG_IN_WINDOW`] after it was plugged in.
        until: Timestamp,
        /// How well it is known to be the same key.
        sameness: Sameness,
    },
    /// The key is as new.
    Done,
}

/// How well a key that was plugged in again is known to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sameness {
    /// The same model and firmware; the system knows no more of it. Nothing tells two keys of one model apart.
    Model,
    /// The same model at the same port.
    Port,
    /// The same serial number.
    Serial,
}

/// A reset on its way. Dropped, nothing happens.
#[derive(Debug)]
pub struct Reset {
    info: Info,
    model: Model,
    marks: Marks,
    step: Step,
    /// The key where it is plugged in now.
    at: KeyId,
    /// All others that are plugged in.
    others: BTreeSet<KeyId>,
}

/// What a key says of itself without a PIN and keeps over a reset.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Model {
    aaguid: Option<Uuid>,
    firmware: Option<i128>,
    transports: Option<Vec<String>>,
}

impl Model {
    fn of(said: &GetInfoResponse) -> Self {
        Self { aaguid: said.aaguid, firmware: said.firmware_version, transports: said.transports.clone() }
    }
}

impl Reset {
    /// Step 1. Closes the key, as it will be unplugged.
    ///
    /// # Errors
    /// [`Error::ResetOnlyOverUsb`], [`Error::OtherKeyConnected`], and what [`Key::info`] answers.
    pub async fn begin(mut key: Key, keys: &Keys, ask: &Ask) -> Result<Self, Error> {
        if key.transport() != Transport::Usb {
            return Err(Error::ResetOnlyOverUsb);
        }
        let mut run = key.run(ask).await?;
        let said = key.said(&mut run).await?;
        let info = key.whole_info(&said, &mut run).await?;
        let at = key.id().clone();
        drop(key);
        let found = keys.found().await;
        let others: BTreeSet<_> = found.iter().map(|found| found.id.clone()).filter(|id| *id != at).collect();
        if !others.is_empty() {
            return Err(Error::OtherKeyConnected);
        }
        let marks = found.into_iter().find(|found| found.id == at).ok_or(Error::NotConnected)?.marks;
        Ok(Self { info, model: Model::of(&said), marks, step: Step::Agree, at, others })
    }

    /// What the key is; what it holds needs its PIN ([`crate::Unlocked::passkeys`]) and is best listed before.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// What is waited for.
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// The person agrees to what is lost: on to step 2.
    pub fn agree(&mut self) {
        if self.step == Step::Agree {
            self.step = Step::Unplug;
        }
    }

    /// Tells what happened at the ports; moves on by it. Events that do not matter change nothing.
    ///
    /// # Errors
    /// [`Error::WrongKey`] (step 3 waits on for the right one), [`Error::OtherKeyConnected`] (the step waits
    /// on), and what ends any operation.
    pub async fn observe(
        &mut self,
        event: &Event,
        keys: &Keys,
        now: Timestamp,
        ask: &Ask,
    ) -> Result<&Step, Error> {
        match event {
            Event::Unplugged(id) => {
                self.others.remove(id);
                // In step 4 too: it lost its power, and with it the permission to be reset.
                if *id == self.at && matches!(self.step, Step::Unplug | Step::Touch { .. }) {
                    self.step = Step::PlugIn;
                }
            }
            Event::Plugged(found) => self.plugged(found, keys, now, ask).await?,
            Event::Complete | Event::Unavailable(..) => {}
        }
        Ok(&self.step)
    }

    async fn plugged(&mut self, found: &Found, keys: &Keys, now: Timestamp, ask: &Ask) -> Result<(), Error> {
        let waited_for = self.step == Step::PlugIn && found.transport == Transport::Usb;
        if !waited_for || !self.others.is_empty() {
            // A watch that begins tells of the key that is still there.
            if found.id == self.at && self.step != Step::PlugIn {
                return Ok(());
            }
            self.others.insert(found.id.clone());
            return Err(Error::OtherKeyConnected);
        }
        match self.sameness(found, keys, ask).await {
            Ok(sameness) => {
                let until = now.saturating_add(PLUG_IN_WINDOW).unwrap_or(now);
                self.at = found.id.clone();
                self.step = Step::Touch { until, sameness };
                Ok(())
            }
            Err(error) => {
                self.others.insert(found.id.clone());
                Err(error)
            }
        }
    }

    /// Holds a key against the one that the reset was begun for. Asks it nothing but `authenticatorGetInfo`,
    /// as other commands would cost it the permission to be reset.
    async fn sameness(&self, found: &Found, keys: &Keys, ask: &Ask) -> Result<Sameness, Error> {
        let sameness = match (&self.marks.serial, &found.marks.serial) {
            (Some(was), Some(is)) if was == is => Sameness::Serial,
            (None, None) if self.marks.port.is_some() && self.marks.port == found.marks.port => {
                Sameness::Port
            }
            (None, None) => Sameness::Model,
            _ => return Err(Error::WrongKey),
        };
        if self.marks.product != found.marks.product {
            return Err(Error::WrongKey);
        }
        self.open(&found.id, keys, ask).await.map(|_| sameness)
    }

    async fn open(&self, id: &KeyId, keys: &Keys, ask: &Ask) -> Result<Key, Error> {
        let mut key = keys.open(id).await?;
        let mut run = key.run(ask).await?;
        let said = key.said(&mut run).await?;
        if Model::of(&said) == self.model { Ok(key) } else { Err(Error::WrongKey) }
    }

    /// Step 4: sends the command, then waits for the touch.
    ///
    /// # Errors
    /// [`Error::TooLate`], [`Error::TimedOut`], [`Error::Refused`] and [`Error::Cancelled`] (back to step 2,
    /// nothing was erased), [`Error::OtherKeyConnected`], [`Error::WrongKey`], [`Error::Removed`] (step 3).
    pub async fn erase(&mut self, keys: &Keys, now: Timestamp, ask: &Ask) -> Result<(), Error> {
        let Step::Touch { until, .. } = self.step else { return Err(Error::TooLate) };
        if !self.others.is_empty() {
            return Err(Error::OtherKeyConnected);
        }
        if now >= until {
            self.step = Step::Unplug;
            return Err(Error::TooLate);
        }
        let erased = self.send(keys, ask).await;
        self.step = match erased {
            Ok(()) => Step::Done,
            Err(Error::Removed(_) | Error::NotConnected) => Step::PlugIn,
            Err(_) => Step::Unplug,
        };
        erased
    }

    async fn send(&self, keys: &Keys, ask: &Ask) -> Result<(), Error> {
        let mut key = self.open(&self.at, keys, ask).await?;
        let mut run = crate::ctap::Run::new(ask);
        let answer = key.talk.call(&ResetRequest {}, Effect::Writes, &mut run).await;
        answer.map(|_| ()).map_err(|fail| match fail {
            Fail::Status(Status::Ctap2NotAllowed) => Error::TooLate,
            other => other.explain(crate::Feature::Other, run.before()),
        })
    }
}
