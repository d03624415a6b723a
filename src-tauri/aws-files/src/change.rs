//! What can be done to a profile, and its effect on a document.

use crate::{
    document::{Document, EditError},
    standing::{EXPIRES_KEY, REGION_STAMP_KEY, STAMP_KEY, Standing, stamp},
    values::{Credentials, Fingerprint, Owner, ProfileName, Refused, check_value},
};
use secrecy::ExposeSecret;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// One change of the credentials file.
#[derive(Clone, Debug)]
pub enum Change {
    /// Write a profile's keys.
    Put(Put),
    /// Take a profile's keys out.
    Remove(Remove),
    /// Take keys out of a section whoever wrote them, after a backup of the file: they hide where the
    /// profile gets its credentials from now on.
    Clear(ProfileName),
}

/// Keys for a profile.
#[derive(Clone, Debug)]
pub struct Put {
    /// The section.
    pub profile: ProfileName,
    /// Whose the section is from now on.
    pub owner: Owner,
    /// The keys.
    pub credentials: Credentials,
    /// The `region` key, if one is wanted; a region that somebody else wrote stays.
    pub region: Option<String>,
    /// What the caller wrote last, if it knows.
    pub last: Option<Fingerprint>,
    /// What to do when the section is not ours.
    pub consent: Consent,
}

/// Takes our keys out of a section, and the section with them when nothing else is in it.
#[derive(Clone, Debug)]
pub struct Remove {
    /// The section.
    pub profile: ProfileName,
    /// What the caller wrote last, if it knows.
    pub last: Option<Fingerprint>,
}

/// The person's word on a section that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Leave it alone.
    OursOnly,
    /// Replace its keys, after a backup of the file. Settings that make tools look for keys elsewhere
    /// (`role_arn`, `credential_process`, `sso_…`) go too.
    ReplaceWithBackup,
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileOutcome {
    /// The section holds the keys; the fingerprint is to be kept for the next change.
    Written(Fingerprint),
    /// The section held exactly this already.
    Unchanged(Fingerprint),
    /// Our keys are gone, or there were none.
    Removed,
    /// Left alone: [`Standing::Foreign`] or [`Standing::ChangedByAnother`].
    Conflict(Standing),
    /// A name or value of this change must not be written.
    Refused(Refused),
    /// This change would have altered lines that are not ours.
    NotChanged(EditError),
}

/// What an update did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// For each change, in order.
    pub profiles: Vec<ProfileOutcome>,
    /// The backup that was made before, if one was due.
    pub backup: Option<PathBuf>,
}

const KEY_ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";
const TOKEN: &str = "aws_session_token";
/// The older name, which botocore prefers when both are there.
const OLD_TOKEN: &str = "aws_security_token";
const ACCOUNT: &str = "aws_account_id";

/// Keys by which tools find credentials elsewhere before they look at the section's own.
pub(crate) const ELSEWHERE: [&str; 13] = [
    "role_arn",
    "source_profile",
    "credential_source",
    "credential_process",
    "web_identity_token_file",
    "role_session_name",
    "external_id",
    "mfa_serial",
    "sso_session",
    "sso_start_url",
    "sso_region",
    "sso_account_id",
    "sso_role_name",
];

impl Change {
    pub(crate) fn check(&self) -> Result<(), Refused> {
        match self {
            Self::Put(put) => {
                put.credentials.check()?;
                put.region.as_deref().map_or(Ok(()), |region| check_value("region", region))
            }
            Self::Remove(_) | Self::Clear(_) => Ok(()),
        }
    }

    /// Whether the person agreed to replace what is there, and something foreign is.
    pub(crate) fn replaces_foreign(&self, document: &Document) -> bool {
        match self {
            Self::Put(put) => {
                put.consent == Consent::ReplaceWithBackup
                    && matches!(
                        document.standing(put.profile.as_str(), put.last.as_ref()),
                        Standing::Foreign { .. } | Standing::ChangedByAnother
                    )
            }
            Self::Remove(_) => false,
            Self::Clear(profile) => {
                !matches!(document.standing(profile.as_str(), None), Standing::Absent | Standing::Ours { .. })
            }
        }
    }

    pub(crate) fn apply(&self, document: &mut Document) -> Result<ProfileOutcome, EditError> {
        match self {
            Self::Put(put) => put.apply(document),
            Self::Remove(remove) => remove.apply(document),
            Self::Clear(profile) => take_out(document, profile.as_str()),
        }
    }
}

impl Put {
    fn apply(&self, document: &mut Document) -> Result<ProfileOutcome, EditError> {
        let profile = self.profile.as_str();
        let standing = document.standing(profile, self.last.as_ref());
        if matches!(standing, Standing::Foreign { .. } | Standing::ChangedByAnother) {
            if self.consent == Consent::OursOnly {
                return Ok(ProfileOutcome::Conflict(standing));
            }
            document.remove_keys(profile, &ELSEWHERE)?;
        }
        let fingerprint = self.credentials.fingerprint();
        let stamp = stamp(&self.owner, &fingerprint);
        let expires = self.credentials.expires.to_string();
        let token = self.credentials.session_token.expose_secret();
        let mut keys: Vec<(&str, &str)> = vec![
            (KEY_ID, self.credentials.access_key_id.expose_secret()),
            (SECRET, self.credentials.secret_access_key.expose_secret()),
            (TOKEN, token),
        ];
        let mut stale = vec![ACCOUNT];
        if document.default_value(OLD_TOKEN).is_some() {
            keys.push((OLD_TOKEN, token));
        } else {
            stale.push(OLD_TOKEN);
        }
        keys.extend([(EXPIRES_KEY, expires.as_str()), (STAMP_KEY, stamp.as_str())]);
        match &self.region {
            Some(region) if region_is_ours(document, profile) => {
                keys.extend([("region", region.as_str()), (REGION_STAMP_KEY, region.as_str())]);
            }
            Some(_) => stale.push(REGION_STAMP_KEY),
            None => {
                if document.get(profile, REGION_STAMP_KEY).is_some() && region_is_ours(document, profile) {
                    stale.push("region");
                }
                stale.push(REGION_STAMP_KEY);
            }
        }
        stale.retain(|key| document.get(profile, key).is_some());
        let holds = |(key, value): &(&str, &str)| document.get(profile, key).is_some_and(|it| *it == *value);
        if keys.iter().all(holds) && stale.is_empty() {
            return Ok(ProfileOutcome::Unchanged(fingerprint));
        }
        document.set_keys(profile, &keys)?;
        if !stale.is_empty() {
            document.remove_keys(profile, &stale)?;
        }
        Ok(ProfileOutcome::Written(fingerprint))
    }
}

impl Remove {
    fn apply(&self, document: &mut Document) -> Result<ProfileOutcome, EditError> {
        let profile = self.profile.as_str();
        match document.standing(profile, self.last.as_ref()) {
            Standing::Absent => return Ok(ProfileOutcome::Removed),
            standing @ (Standing::Foreign { .. } | Standing::ChangedByAnother) => {
                return Ok(ProfileOutcome::Conflict(standing));
            }
            Standing::Ours { .. } => {}
        }
        take_out(document, profile)
    }
}

/// Takes keys out of a section that is there.
fn take_out(document: &mut Document, profile: &str) -> Result<ProfileOutcome, EditError> {
    if !document.has_section(profile) {
        return Ok(ProfileOutcome::Removed);
    }
    let mut keys = vec![KEY_ID, SECRET, TOKEN, OLD_TOKEN, EXPIRES_KEY, STAMP_KEY, REGION_STAMP_KEY];
    if document.get(profile, REGION_STAMP_KEY).is_some() && region_is_ours(document, profile) {
        keys.push("region");
    }
    document.remove_keys(profile, &keys)?;
    if document.keys(profile).next().is_none() {
        match document.remove_empty_section(profile) {
            // The header keeps the lines after it apart from what stands before: it stays, empty.
            Ok(()) | Err(EditError::WouldDamage) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ProfileOutcome::Removed)
}

/// Whether `region` may be written: nobody wrote one, or we did and it is as we wrote it.
pub(crate) fn region_is_ours(document: &Document, profile: &str) -> bool {
    let region: Option<Zeroizing<String>> = document.get(profile, "region");
    region.is_none() || region == document.get(profile, REGION_STAMP_KEY)
}
