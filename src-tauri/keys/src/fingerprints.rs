//! The fingerprints that a key knows: `authenticatorBioEnrollment`.

use jiff::Timestamp;
use webauthn_authenticator_rs::{
    ctap2::commands::{
        BioEnrollmentRequest, BioEnrollmentRequestTrait, BioEnrollmentResponse, BioSubCommand,
        PrototypeBioEnrollmentRequest, TemplateInfo,
    },
    types::EnrollSampleStatus,
};

use crate::{
    Ask, Error, Feature, Progress, Sample, Unlocked,
    ctap::{Effect, Fail, Run, Status},
};

/// A fingerprint that a key knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The key's number for it.
    pub id: Vec<u8>,
    /// The name it was given.
    pub name: Option<String>,
}

impl Unlocked {
    /// The fingerprints that the key knows.
    ///
    /// # Errors
    /// [`Error::NotSupported`], [`Error::Locked`], and what ends any operation.
    pub async fn fingerprints(&mut self, now: Timestamp, ask: &Ask) -> Result<Vec<Fingerprint>, Error> {
        let mut run = self.begin(now, ask).await?;
        self.known_fingers(&mut run).await
    }

    async fn known_fingers(&mut self, run: &mut Run<'_>) -> Result<Vec<Fingerprint>, Error> {
        let list = BioSubCommand::FingerprintEnumerateEnrollments;
        match self.enrolment(list, Effect::Reads, run).await {
            // So keys say that they know none.
            Err(Error::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error),
            Ok(answer) => {
                let known = answer.template_infos.into_iter();
                let named = |name: Option<String>| name.filter(|name| !name.is_empty());
                Ok(known
                    .map(|known| Fingerprint { id: known.id, name: named(known.friendly_name) })
                    .collect())
            }
        }
    }

    /// Teaches the key a finger, sample by sample: each is told as [`Progress::Sample`]. Stopped on the way, the
    /// key forgets the samples; with the last one it has learnt the finger, which may be left without its name.
    ///
    /// # Errors
    /// As [`Self::fingerprints`], [`Error::FingerprintsFull`], [`Error::NameTooLong`].
    pub async fn enrol_fingerprint(
        &mut self,
        name: &str,
        now: Timestamp,
        ask: &Ask,
    ) -> Result<Fingerprint, Error> {
        let mut run = self.begin(now, ask).await?;
        self.check_name(name, &mut run).await?;
        let before = self.known_fingers(&mut run).await?;
        run.finger = true;
        run.tell(Progress::FingerNeeded);
        // Samples are nothing that a key keeps: what is stopped before the last has changed nothing. With the last
        // one it keeps the finger (CTAP 2.1, 6.7.4).
        let begin = BioSubCommand::FingerprintEnrollBegin(run.left());
        let mut answer = self.enrolment(begin, Effect::Reads, &mut run).await?;
        let id = answer.template_id.take().ok_or_else(|| Error::Unexpected("no template".to_owned()))?;
        loop {
            let left = answer.remaining_samples.unwrap_or_default();
            if let Some(quality) = answer.last_enroll_sample_status.as_ref().map(sample) {
                run.tell(Progress::Sample { quality, left });
            }
            run.wrote(left == 0);
            if left == 0 {
                break;
            }
            let next = BioSubCommand::FingerprintEnrollCaptureNextSample(id.clone(), run.left());
            let effect = if left == 1 { Effect::Writes } else { Effect::Reads };
            answer = match self.enrolment(next, effect, &mut run).await {
                Ok(answer) => answer,
                Err(error) => {
                    self.forget_samples(ask).await;
                    return Err(error);
                }
            };
        }
        run.finger = false;
        // Some keys give the template another id at the end: it is the one that was not there before.
        let after = self.known_fingers(&mut run).await?;
        let fresh = |known: &&Fingerprint| !before.iter().any(|old| old.id == known.id);
        let id = after.iter().find(fresh).map_or(id, |known| known.id.clone());
        let named = TemplateInfo { id: id.clone(), friendly_name: Some(name.to_owned()) };
        self.enrolment(BioSubCommand::FingerprintSetFriendlyName(named), Effect::Writes, &mut run).await?;
        Ok(Fingerprint { id, name: Some(name.to_owned()) })
    }

    /// After an end in the middle, whose conditions hold no more; a key that was removed forgets by itself.
    async fn forget_samples(&mut self, ask: &Ask) {
        let quiet = Ask { progress: ask.progress.clone(), ..Ask::quiet() };
        let mut run = Run::new(&quiet);
        let preview = self.preview();
        if let Ok((key, _)) = self.parts() {
            let _ = if preview {
                let stop = PrototypeBioEnrollmentRequest::FINGERPRINT_CANCEL_CURRENT_ENROLLMENT;
                key.talk.call(&stop, Effect::Reads, &mut run).await
            } else {
                let stop = BioEnrollmentRequest::FINGERPRINT_CANCEL_CURRENT_ENROLLMENT;
                key.talk.call(&stop, Effect::Reads, &mut run).await
            };
        }
    }

    /// Names a fingerprint.
    ///
    /// # Errors
    /// As [`Self::fingerprints`], [`Error::NotFound`], [`Error::NameTooLong`].
    pub async fn rename_fingerprint(
        &mut self,
        id: &[u8],
        name: &str,
        now: Timestamp,
        ask: &Ask,
    ) -> Result<(), Error> {
        let mut run = self.begin(now, ask).await?;
        self.check_name(name, &mut run).await?;
        let named = TemplateInfo { id: id.to_vec(), friendly_name: Some(name.to_owned()) };
        let rename = BioSubCommand::FingerprintSetFriendlyName(named);
        self.enrolment(rename, Effect::Writes, &mut run).await.map(|_| ())
    }

    /// Makes the key forget a fingerprint.
    ///
    /// # Errors
    /// As [`Self::fingerprints`], [`Error::NotFound`].
    pub async fn delete_fingerprint(&mut self, id: &[u8], now: Timestamp, ask: &Ask) -> Result<(), Error> {
        let mut run = self.begin(now, ask).await?;
        let remove = BioSubCommand::FingerprintRemoveEnrollment(id.to_vec());
        self.enrolment(remove, Effect::Writes, &mut run).await.map(|_| ())
    }

    async fn check_name(&mut self, name: &str, run: &mut Run<'_>) -> Result<(), Error> {
        let preview = self.preview();
        let (key, _) = self.parts()?;
        let told = if preview {
            let ask = PrototypeBioEnrollmentRequest::GET_FINGERPRINT_SENSOR_INFO;
            key.talk.call(&ask, Effect::Reads, run).await
        } else {
            let ask = BioEnrollmentRequest::GET_FINGERPRINT_SENSOR_INFO;
            key.talk.call(&ask, Effect::Reads, run).await
        };
        let told = told.map_err(|fail| fail.explain(Feature::Fingerprints, run.before()))?;
        let longest = told.get_max_template_friendly_name();
        if name.len() > longest { Err(Error::NameTooLong(longest)) } else { Ok(()) }
    }

    /// Whether the key has this from before CTAP 2.1.
    fn preview(&self) -> bool {
        !self.info().versions.iter().any(|version| version == "FIDO_2_1")
    }

    async fn enrolment(
        &mut self,
        command: BioSubCommand,
        effect: Effect,
        run: &mut Run<'_>,
    ) -> Result<BioEnrollmentResponse, Error> {
        if !self.info().can.fingerprints {
            return Err(Error::NotSupported(Feature::Fingerprints));
        }
        let preview = self.preview();
        let (key, token) = self.parts()?;
        let (protocol, proof) = (Some(token.protocol()), Some(token.prove(&command.prf())?));
        let answer = if preview {
            let request = PrototypeBioEnrollmentRequest::new(command, protocol, proof);
            key.talk.call(&request, effect, run).await
        } else {
            key.talk.call(&BioEnrollmentRequest::new(command, protocol, proof), effect, run).await
        };
        answer.map_err(|fail| match fail {
            Fail::Status(Status::Ctap2InvalidOption | Status::Ctap1InvalidParameter) => Error::NotFound,
            other => self.refused(other, Feature::Fingerprints, run),
        })
    }
}

fn sample(status: &EnrollSampleStatus) -> Sample {
    match status {
        EnrollSampleStatus::Good => Sample::Good,
        EnrollSampleStatus::TooHigh => Sample::TooHigh,
        EnrollSampleStatus::TooLow => Sample::TooLow,
        EnrollSampleStatus::TooLeft => Sample::TooLeft,
        EnrollSampleStatus::TooRight => Sample::TooRight,
        EnrollSampleStatus::TooFast => Sample::TooFast,
        EnrollSampleStatus::TooSlow => Sample::TooSlow,
        EnrollSampleStatus::PoorQuality => Sample::PoorQuality,
        EnrollSampleStatus::TooSkewed => Sample::TooSkewed,
        EnrollSampleStatus::TooShort => Sample::TooShort,
        EnrollSampleStatus::MergeFailure => Sample::MergeFailure,
        EnrollSampleStatus::AlreadyExists => Sample::AlreadyKnown,
        EnrollSampleStatus::NoUserActivity => Sample::NoFinger,
        EnrollSampleStatus::NoUserPresenceTransition => Sample::NotLifted,
    }
}
