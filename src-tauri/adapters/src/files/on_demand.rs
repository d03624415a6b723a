//! Profiles whose tools ask `latch`: their sections of the config file, and the keys that would hide them.

use super::{Pair, code, owner, profile_name, refused};
use aws_files::{
    Ask, AskOutcome, Change, ConfigStanding, Consent, ForeignKeys, ProfileOutcome, Remove, Standing,
    command_line,
};
use engine::{
    model::{
        code::Code,
        ids::{Grant, ProfileName},
        profile::{Conflict, Written},
    },
    ports::{Delivered, FileOutcome},
};
use jiff::Timestamp;
use std::{
    env,
    path::{Path, PathBuf},
};

/// Where `latch` is: beside the program that runs, as the packages install it.
pub(super) fn latch() -> PathBuf {
    let name = format!("latch{}", env::consts::EXE_SUFFIX);
    let here = env::current_exe().unwrap_or_default();
    here.parent().map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name))
}

/// A wish to let a profile's tools ask.
pub(super) struct Wish<'a> {
    pub profile: &'a ProfileName,
    pub grant: &'a Grant,
    pub region: Option<&'a String>,
    pub last: Option<&'a Written>,
    pub placed: bool,
    pub replace_foreign: bool,
}

impl Pair {
    /// Writes the section first and takes keys out of the credentials file then, so that tools find
    /// credentials at any moment.
    pub(super) fn place(
        &self,
        latch: &Path,
        wish: &Wish<'_>,
        now: Timestamp,
    ) -> Result<(FileOutcome, Option<PathBuf>), Code> {
        let look = Delivered {
            profile: wish.profile.clone(),
            grant: wish.grant.clone(),
            delivery: engine::model::delivery::Delivery::OnDemand,
            last: wish.last.cloned(),
            placed: wish.placed,
        };
        if let Some(conflict) = self.in_the_way(latch, &look)?
            && !wish.replace_foreign
        {
            return Ok((FileOutcome::Conflict(conflict), None));
        }
        let name = profile_name(wish.profile)?;
        let arguments = ["credentials", "--profile", name.as_str()];
        let ask = Ask {
            profile: name.clone(),
            owner: owner(wish.grant)?,
            command: command_line(latch, &arguments)
                .map_err(|_| Code::LatchMissing { path: latch.display().to_string() })?,
            region: wish.region.cloned(),
            consent: if wish.replace_foreign { Consent::ReplaceWithBackup } else { Consent::OursOnly },
        };
        let mut backup = match self.config.ask(&ask, now).map_err(|e| code(&e))? {
            AskOutcome::Written(backup) => backup,
            AskOutcome::Conflict(standing) => {
                let conflict = conflict(standing).unwrap_or(Conflict::OtherSource);
                return Ok((FileOutcome::Conflict(conflict), None));
            }
            AskOutcome::Refused(error) => return Ok((FileOutcome::Failed(refused(&error)), None)),
            AskOutcome::NotChanged(error) => return Ok((self.not_changed(&error.to_string()), None)),
        };
        let change = match self.standing(wish.profile, wish.last)? {
            Standing::Absent | Standing::Foreign { keys: ForeignKeys::None } => None,
            Standing::Ours { .. } => {
                let last = wish.last.map(super::fingerprint);
                Some(Change::Remove(Remove { profile: name, last }))
            }
            Standing::Foreign { .. } | Standing::ChangedByAnother => Some(Change::Clear(name)),
        };
        if let Some(change) = change {
            let done = self.credentials.update(&[change], now).map_err(|e| code(&e))?;
            backup = done.backup.or(backup);
            if let Some(ProfileOutcome::NotChanged(error)) = done.profiles.first() {
                return Ok((self.not_changed(&error.to_string()), backup));
            }
        }
        Ok((FileOutcome::Placed, backup))
    }

    /// What keeps tools from asking, or says that they do not any more.
    pub(super) fn in_the_way(&self, latch: &Path, look: &Delivered) -> Result<Option<Conflict>, Code> {
        if !latch.is_file() {
            return Err(Code::LatchMissing { path: latch.display().to_string() });
        }
        let standing = self.config.standing(look.profile.as_str()).map_err(|e| code(&e))?;
        let conflict = conflict(standing);
        if look.placed && standing != ConfigStanding::Ours {
            return Ok(Some(Conflict::ChangedByAnother));
        }
        let hide = matches!(
            self.standing(&look.profile, look.last.as_ref())?,
            Standing::ChangedByAnother
                | Standing::Foreign { keys: ForeignKeys::LongLived | ForeignKeys::Session }
        );
        Ok(conflict.or(hide.then_some(Conflict::KeysHide)))
    }

    /// As [`Self::in_the_way`], for a profile that signs in by a session: one that says so already is none.
    pub(super) fn in_the_way_of_session(&self, look: &Delivered) -> Result<Option<Conflict>, Code> {
        let standing = self.config.standing(look.profile.as_str()).map_err(|e| code(&e))?;
        let there = matches!(standing, ConfigStanding::Ours | ConfigStanding::Sso);
        if look.placed && !there {
            return Ok(Some(Conflict::ChangedByAnother));
        }
        let hide = matches!(
            self.standing(&look.profile, look.last.as_ref())?,
            Standing::ChangedByAnother
                | Standing::Foreign { keys: ForeignKeys::LongLived | ForeignKeys::Session }
        );
        let other = if there { None } else { conflict(standing) };
        Ok(other.or(hide.then_some(Conflict::KeysHide)))
    }

    /// Whether the config file gives the profile credentials of another program.
    pub(super) fn other_process(&self, profile: &str) -> bool {
        matches!(self.config.standing(profile), Ok(ConfigStanding::Process))
    }

    /// Takes the section of a profile out again, where it is ours.
    pub(super) fn ask_no_more(
        &self,
        profile: &ProfileName,
        now: Timestamp,
    ) -> Result<Option<Conflict>, Code> {
        // Nothing to lock and to look for in most files.
        if self.config.standing(profile.as_str()).map_err(|e| code(&e))? == ConfigStanding::Absent {
            return Ok(None);
        }
        let outcome = self.config.ask_no_more(&profile_name(profile)?, now).map_err(|e| code(&e))?;
        Ok(match outcome {
            AskOutcome::Conflict(standing) => conflict(standing),
            AskOutcome::NotChanged(error) => {
                tracing::warn!(%error, %profile, "the section could not be taken out");
                None
            }
            AskOutcome::Written(_) | AskOutcome::Refused(_) => None,
        })
    }

    pub(super) fn standing(&self, profile: &ProfileName, last: Option<&Written>) -> Result<Standing, Code> {
        let reading = self.credentials.read().map_err(|e| code(&e))?;
        Ok(reading.standing(profile.as_str(), last.map(super::fingerprint).as_ref()))
    }

    pub(super) fn not_changed(&self, reason: &str) -> FileOutcome {
        let path = self.config.path().display().to_string();
        FileOutcome::Failed(Code::FileNotWritable { path, reason: reason.to_owned() })
    }
}

pub(super) fn conflict(standing: ConfigStanding) -> Option<Conflict> {
    match standing {
        ConfigStanding::Absent | ConfigStanding::Settings | ConfigStanding::Ours => None,
        ConfigStanding::ChangedByAnother => Some(Conflict::ChangedByAnother),
        ConfigStanding::Sso => Some(Conflict::SsoSettings),
        ConfigStanding::Process => Some(Conflict::OtherProcess),
        ConfigStanding::Keys | ConfigStanding::Role => Some(Conflict::OtherSource),
    }
}
