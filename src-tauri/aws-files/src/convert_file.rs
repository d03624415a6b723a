//! Converting profiles of `~/.aws/config` on the disk, and taking that back.

use crate::{
    backup::{self, Kind},
    config_file::ConfigFile,
    conversion::{self, Conversion, NotConvertible, Refusal, digest},
    document::Document,
    error::FileError,
    import::Outline,
    lock::FileLock,
    place::{Loaded, Place},
    replace::{Quiet, Replaced, Steps, replace},
};
use jiff::Timestamp;
use std::{fs, ops::Range, path::PathBuf, sync::Arc, time::Duration};
use zeroize::Zeroizing;

/// How long another program of ours may hold the file's lock.
const PATIENCE: Duration = Duration::from_secs(3);

/// A conversion that was made: all that taking it back needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The file as it was.
    pub backup: PathBuf,
    /// Which profiles.
    pub profiles: Vec<String>,
    /// SHA-256 of the file as it was, 64 hexadecimal digits.
    pub before: String,
    /// SHA-256 of the file as it became.
    pub after: String,
}

/// How a conversion was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Every byte is as it was before. Otherwise another program changed other places, which stay.
    pub whole: bool,
    /// Sessions that stay because profiles use them that were not converted.
    pub kept_sessions: Vec<String>,
}

/// A conversion was not made or not taken back; the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// One of the profiles cannot be converted, so none was.
    #[error("`{profile}` cannot be converted: {why}")]
    Profile {
        /// Which.
        profile: String,
        /// Why.
        why: NotConvertible,
    },
    /// The file is not the one that was looked at.
    #[error("{path} was changed by another program in between")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Another program changed what the conversion wrote.
    #[error("{path} was changed by another program at {}", places.join(", "))]
    PlacesChanged {
        /// The file.
        path: PathBuf,
        /// The sections, as they stand between brackets.
        places: Vec<String>,
    },
    /// The backup is gone or is not what was written.
    #[error("the backup {backup} is not there any more or was changed")]
    NoBackup {
        /// The backup.
        backup: PathBuf,
    },
}

impl ConfigFile {
    /// What giving these profiles a `[sso-session …]` would change: one for each start URL and region, one
    /// that is there already where it fits. Nothing is written.
    ///
    /// # Errors
    /// [`ConvertError`].
    pub fn plan(&self, profiles: &[String]) -> Result<Conversion, ConvertError> {
        let place = Place::find(self.path())?;
        self.planned(place.load()?.as_ref(), profiles)
    }

    /// Makes that change, after a copy of the file `config.latchkey-20261124-0031.bak` (UTC) beside it.
    /// `seen` is [`Conversion::after`] of the plan that the person saw.
    ///
    /// # Errors
    /// [`ConvertError`]; nothing was changed then.
    pub fn convert(
        &self,
        profiles: &[String],
        seen: &str,
        now: Timestamp,
    ) -> Result<Converted, ConvertError> {
        self.convert_in_steps(profiles, seen, now, &Quiet)
    }

    pub(crate) fn convert_in_steps(
        &self,
        profiles: &[String],
        seen: &str,
        now: Timestamp,
        steps: &dyn Steps,
    ) -> Result<Converted, ConvertError> {
        let place = Place::find(self.path())?;
        let _lock = FileLock::take(&place, PATIENCE)?;
        let base = place.load()?;
        let plan = self.planned(base.as_ref(), profiles)?;
        let changed = || ConvertError::Changed { path: self.path().to_path_buf() };
        let Some(base) = base.filter(|_| plan.after == seen) else { return Err(changed()) };
        let backup = backup::make(self.path(), &base.bytes, now, Kind::Conversion, steps)?;
        let written = replace(&place, &[plan.new.as_slice()], Some(&base), steps);
        if !matches!(written, Ok(Replaced::Done)) {
            // A copy of what did not change would only puzzle.
            let _ = fs::remove_file(&backup);
        }
        match written? {
            Replaced::BaseChanged => Err(changed()),
            Replaced::Done => Ok(Converted {
                backup,
                profiles: plan.profiles.into_iter().map(|(name, _)| name).collect(),
                before: plan.before,
                after: plan.after,
            }),
        }
    }

    /// Takes a conversion back. Where nothing else changed every byte is as it was; otherwise the converted
    /// sections alone are put back, if they are as they were written.
    ///
    /// # Errors
    /// [`ConvertError`]; nothing was changed then.
    pub fn undo_conversion(&self, made: &Converted) -> Result<Undone, ConvertError> {
        let place = Place::find(self.path())?;
        let _lock = FileLock::take(&place, PATIENCE)?;
        let gone = || ConvertError::NoBackup { backup: made.backup.clone() };
        let saved = Place::find(&made.backup)?.load()?.ok_or_else(gone)?;
        if digest(&saved.bytes) != made.before {
            return Err(gone());
        }
        let changed = |places| ConvertError::PlacesChanged { path: self.path().to_path_buf(), places };
        let Some(base) = place.load()? else {
            return Err(changed(made.profiles.iter().map(|name| format!("profile {name}")).collect()));
        };
        let (new, undone) = if digest(&base.bytes) == made.after {
            (Zeroizing::new(saved.bytes.to_vec()), Undone { whole: true, kept_sessions: Vec::new() })
        } else {
            // The same plan again says what was written where.
            let plan = self.planned(Some(&saved), &made.profiles)?;
            self.put_back(&base, &saved, &plan)?
        };
        match replace(&place, &[new.as_slice()], Some(&base), &Quiet)? {
            Replaced::Done => Ok(undone),
            Replaced::BaseChanged => Err(ConvertError::Changed { path: self.path().to_path_buf() }),
        }
    }

    fn put_back(
        &self,
        base: &Loaded,
        saved: &Loaded,
        plan: &Conversion,
    ) -> Result<(Zeroizing<Vec<u8>>, Undone), ConvertError> {
        let (mark, mut now) = self.read_whole(&base.bytes)?;
        let (_, before) = self.read_whole(&saved.bytes)?;
        let (_, after) = self.read_whole(&plan.new)?;
        let outline = Outline::of(&before);
        let converted =
            outline.profiles.iter().filter(|(name, _)| plan.profiles.iter().any(|(it, _)| it == name));
        let mut places: Vec<Spot<'_>> = Vec::new();
        for (_, section) in converted {
            places.extend(Spot::of(section, &before, &after, &now));
        }
        let ours: Vec<String> = plan.sessions.iter().map(|it| format!("sso-session {}", it.name)).collect();
        let same = |section: &String| keys_of(&now, section) == keys_of(&after, section);
        let changed: Vec<String> = places
            .iter()
            .filter(|place| place.now.is_none())
            .map(|place| place.section.to_owned())
            .chain(ours.iter().filter(|it| !same(it)).cloned())
            .collect();
        let fail = |places| ConvertError::PlacesChanged { path: self.path().to_path_buf(), places };
        if !changed.is_empty() {
            return Err(fail(changed));
        }
        // From the last, so that the lines before stay where they were found.
        places.sort_by_key(|place| std::cmp::Reverse(place.now.as_ref().map(|lines| lines.start)));
        for place in places {
            let Some(mine) = place.now else { continue };
            now.take_lines(place.section, mine, &before, place.before)
                .map_err(|_| fail(vec![place.section.to_owned()]))?;
        }
        let mut kept_sessions = Vec::new();
        for (session, section) in plan.sessions.iter().zip(&ours) {
            let used = now
                .sections()
                .any(|it| now.effective(&it, "sso_session").is_some_and(|name| *name == session.name));
            if used {
                kept_sessions.push(session.name.clone());
                continue;
            }
            let keys: Vec<String> = now.keys(section).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            now.remove_keys(section, &keys)
                .and_then(|()| now.remove_empty_section(section))
                .map_err(|_| fail(vec![section.clone()]))?;
        }
        let new = Zeroizing::new([mark, now.to_bytes()].concat());
        Ok((new, Undone { whole: false, kept_sessions }))
    }

    fn read_whole(&self, bytes: &[u8]) -> Result<(&'static [u8], Document), ConvertError> {
        conversion::read(bytes)
            .map_err(|error| FileError::Unparseable { path: self.path().to_path_buf(), error }.into())
    }

    fn planned(&self, base: Option<&Loaded>, profiles: &[String]) -> Result<Conversion, ConvertError> {
        let bytes = base.map(|base| Arc::clone(&base.bytes)).unwrap_or_default();
        conversion::plan(&bytes, profiles).map_err(|refusal| match refusal {
            Refusal::Unreadable(error) => {
                FileError::Unparseable { path: self.path().to_path_buf(), error }.into()
            }
            Refusal::Profile(profile, why) => ConvertError::Profile { profile, why },
        })
    }
}

/// Where a converted section stands: its lines as they were, and as they are now if they are as we left them.
struct Spot<'a> {
    section: &'a str,
    before: Range<usize>,
    now: Option<Range<usize>>,
}

impl<'a> Spot<'a> {
    fn of(section: &'a str, before: &Document, after: &Document, now: &Document) -> Option<Self> {
        let was = conversion::place(before, section)?;
        let gone = conversion::lines_gone(before, section);
        let length = was.len() - gone;
        let here = |document: &Document| document.header_line(section).map(|at| at..at + length);
        let left = here(after)?;
        let found = here(now).filter(|found| now.texts(found.clone()).eq(after.texts(left)));
        Some(Self { section, before: was, now: found })
    }
}

/// Keys with their values, in their order.
fn keys_of(document: &Document, section: &str) -> Option<Vec<(String, Option<Zeroizing<String>>)>> {
    let keys = document.keys(section).map(|key| {
        let value = document.get(section, &key);
        (key, value)
    });
    document.has_section(section).then(|| keys.collect())
}
