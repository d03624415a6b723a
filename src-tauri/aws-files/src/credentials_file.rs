//! `~/.aws/credentials`: reading it, changing many profiles in one write, undoing that.

use crate::{
    backup::{self, Kind},
    change::{Change, Outcome, ProfileOutcome},
    document::Document,
    error::{Doing, FileError},
    lock::FileLock,
    place::{Condition, Loaded, Place, Reads},
    platform::{self, Identity},
    replace::{Quiet, Replaced, Step, Steps, replace},
    standing::Standing,
    values::Fingerprint,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a file that looks cut short must have stayed as it is before it is believed. The AWS CLI
/// truncates and writes within milliseconds.
const SETTLE: SignedDuration = SignedDuration::from_secs(2);
/// How often an update starts again because another program wrote in between.
const TRIES: u32 = 5;

/// `~/.aws/credentials`, or where `AWS_SHARED_CREDENTIALS_FILE` points. Keep one for as long as the
/// program runs: it remembers how long the file was, to notice that another program has just truncated
/// it.
pub struct CredentialsFile {
    path: PathBuf,
    patience: Duration,
    steps: Arc<dyn Steps>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// The length when it was read whole last, in bytes.
    length: usize,
    /// A state that looked cut short, and since when.
    doubt: Option<(Identity, Timestamp)>,
    /// When a file that we replaced since was read, or may have been: its access time went with it.
    read: Option<Timestamp>,
}

/// The file at one moment.
#[derive(Debug)]
pub struct Reading {
    /// What the file is like.
    pub condition: Condition,
    /// What is in it; empty when there is no file.
    pub document: Document,
}

impl Reading {
    /// How a profile stands. `last` is what the caller wrote last, if it knows.
    #[must_use]
    pub fn standing(&self, profile: &str, last: Option<&Fingerprint>) -> Standing {
        self.document.standing(profile, last)
    }

    /// A digest of the access key id in a section.
    #[must_use]
    pub fn fingerprint(&self, profile: &str) -> Option<Fingerprint> {
        self.document.get(profile, "aws_access_key_id").map(|id| Fingerprint::of(&id))
    }

    /// Every profile of the file with its standing, in the file's order.
    pub fn profiles(&self) -> impl Iterator<Item = (String, Standing)> {
        self.document.sections().filter(|name| name != "DEFAULT").map(|name| {
            let standing = self.document.standing(&name, None);
            (name, standing)
        })
    }
}

impl fmt::Debug for CredentialsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl CredentialsFile {
    /// The file at a path; it need not be there. `patience` is how long an update waits for another
    /// program of ours that is changing the file.
    #[must_use]
    pub fn at(path: &Path, patience: Duration) -> Self {
        Self::with_steps(path, patience, Arc::new(Quiet))
    }

    pub(crate) fn with_steps(path: &Path, patience: Duration, steps: Arc<dyn Steps>) -> Self {
        Self { path: path.to_path_buf(), patience, steps, memory: Mutex::default() }
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file is like, without reading it.
    ///
    /// # Errors
    /// [`FileError`], when the path leads nowhere.
    pub fn condition(&self) -> Result<Condition, FileError> {
        self.condition_of(&Place::find(&self.path)?)
    }

    /// Reads the file without a lock: a replaced file is whole at any moment.
    ///
    /// # Errors
    /// [`FileError`]; [`FileError::Unparseable`] names the line.
    pub fn read(&self) -> Result<Reading, FileError> {
        let place = Place::find(&self.path)?;
        let loaded = place.load()?;
        Ok(Reading { condition: self.condition_of(&place)?, document: self.parse(loaded.as_ref())? })
    }

    /// Makes all changes in one write; those that meet a section that is not ours, and those that cannot be
    /// made, are left out and reported, each for itself. The file is made (0600, its folder 0700) when it is not there and there is something to
    /// write. Before the first change, and before a section that is not ours is replaced, a dated backup
    /// is made.
    ///
    /// `now` names the backup and tells whether a file that looks cut short has settled.
    ///
    /// # Errors
    /// [`FileError`]; nothing was changed then.
    pub fn update(&self, changes: &[Change], now: Timestamp) -> Result<Outcome, FileError> {
        let place = Place::find(&self.path)?;
        place.make_folder()?;
        let _lock = FileLock::take(&place, self.patience)?;
        self.steps.reached(Step::Locked);
        for _ in 0..TRIES {
            let base = place.load()?;
            self.steps.reached(Step::Read);
            self.check_settled(base.as_ref(), now)?;
            let before = self.parse(base.as_ref())?;
            let mut after = before.clone();
            let mut replaces_foreign = false;
            let mut profiles = Vec::with_capacity(changes.len());
            for change in changes {
                let replaces = change.replaces_foreign(&after);
                let (outcome, changed) = apply(change, &after);
                if let Some(changed) = changed {
                    after = changed;
                    replaces_foreign |= replaces;
                }
                profiles.push(outcome);
            }
            let mut outcome = Outcome { profiles, backup: None };
            if after.bytes().same(before.bytes()) {
                self.remember(before.bytes().len());
                return Ok(outcome);
            }
            if base.is_some() && (replaces_foreign || self.is_first_change(&before)?) {
                let bytes = before.to_bytes();
                outcome.backup = Some(backup::make(&self.path, bytes, now, Kind::Change, &*self.steps)?);
            }
            if replace(&place, &after.bytes().pieces(), base.as_ref(), &*self.steps)? == Replaced::Done {
                self.remember(after.bytes().len());
                self.remember_reads(base.as_ref(), now);
                return Ok(outcome);
            }
        }
        Err(FileError::BeingWritten { path: place.target })
    }

    /// Takes the rights of group and others away.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn make_private(&self) -> Result<(), FileError> {
        let place = Place::find(&self.path)?;
        match place.load()? {
            Some(loaded) => platform::make_private(&loaded.file)
                .map_err(|error| FileError::io(&place.target, Doing::SetMode, error)),
            None => Ok(()),
        }
    }

    /// The backup made last before a change.
    ///
    /// # Errors
    /// [`FileError`], when the folder cannot be read.
    pub fn newest_backup(&self) -> Result<Option<PathBuf>, FileError> {
        Ok(backup::list(&self.path)?.pop())
    }

    /// Puts a backup in the file's place, after a copy of the present file ending in `.undone`, whose
    /// path is returned.
    ///
    /// # Errors
    /// [`FileError::NotABackup`] for a path that is not among this file's backups, [`FileError`].
    pub fn undo(&self, backup: &Path, now: Timestamp) -> Result<Option<PathBuf>, FileError> {
        if !backup::list(&self.path)?.iter().any(|known| known == backup) {
            return Err(FileError::NotABackup { path: backup.to_path_buf() });
        }
        let saved = Place { path: backup.to_path_buf(), ..Place::find(backup)? };
        let Some(saved) = saved.load()? else {
            return Err(FileError::NotABackup { path: backup.to_path_buf() });
        };
        let place = Place::find(&self.path)?;
        let _lock = FileLock::take(&place, self.patience)?;
        for _ in 0..TRIES {
            let base = place.load()?;
            let kept = match &base {
                Some(base) => Some(backup::make(&self.path, &base.bytes, now, Kind::Undo, &*self.steps)?),
                None => None,
            };
            if replace(&place, &[&saved.bytes], base.as_ref(), &*self.steps)? == Replaced::Done {
                self.remember(saved.bytes.len());
                self.remember_reads(base.as_ref(), now);
                return Ok(kept);
            }
        }
        Err(FileError::BeingWritten { path: place.target })
    }

    fn parse(&self, loaded: Option<&Loaded>) -> Result<Document, FileError> {
        Document::own(loaded.map(|loaded| Arc::clone(&loaded.bytes)).unwrap_or_default())
            .map_err(|error| FileError::Unparseable { path: self.path.clone(), error })
    }

    /// The first change of a file that holds more than what we wrote.
    fn is_first_change(&self, before: &Document) -> Result<bool, FileError> {
        let ours = |section: &str| matches!(before.standing(section, None), Standing::Ours { .. });
        Ok(before.has_text_outside(ours) && backup::list(&self.path)?.is_empty())
    }

    fn condition_of(&self, place: &Place) -> Result<Condition, FileError> {
        let mut condition = place.condition()?;
        let earlier = self.memory.lock().unwrap_or_else(PoisonError::into_inner).read;
        condition.reads = match (condition.reads, earlier) {
            (Reads::NotYet, Some(earlier)) => Reads::At(earlier),
            (Reads::At(at), Some(earlier)) => Reads::At(at.max(earlier)),
            (reads, _) => reads,
        };
        Ok(condition)
    }

    fn remember(&self, length: usize) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        *memory = Memory { length, doubt: None, ..*memory };
    }

    /// Who read the file that was replaced, up to the last moment: it is still open.
    fn remember_reads(&self, replaced: Option<&Loaded>, now: Timestamp) {
        let read = match replaced.map(|base| platform::reads(&base.file)) {
            None | Some(Reads::NotYet) => return,
            Some(Reads::Unknown) => now,
            Some(Reads::At(at)) => at,
        };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.read = memory.read.max(Some(read));
    }

    /// Refuses a file that is empty, or shorter than it was, as long as that is news: it may be what
    /// another program has truncated and not yet written.
    fn check_settled(&self, loaded: Option<&Loaded>, now: Timestamp) -> Result<(), FileError> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(loaded) = loaded else { return Ok(()) };
        if !loaded.bytes.is_empty() && loaded.bytes.len() >= memory.length {
            memory.doubt = None;
            return Ok(());
        }
        let settled = |since: Timestamp| now.duration_since(since) >= SETTLE;
        let modified = loaded.metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        if modified.is_some_and(settled) {
            return Ok(());
        }
        match memory.doubt {
            // A file system whose clock runs ahead of ours.
            Some((identity, since)) if identity == loaded.identity && settled(since) => return Ok(()),
            Some((identity, _)) if identity == loaded.identity => {}
            _ => memory.doubt = Some((loaded.identity, now)),
        }
        Err(FileError::BeingWritten { path: self.path.clone() })
    }
}

/// What becomes of one change, and the document with it. One that fails half way leaves no trace.
fn apply(change: &Change, before: &Document) -> (ProfileOutcome, Option<Document>) {
    if let Err(refused) = change.check() {
        return (ProfileOutcome::Refused(refused), None);
    }
    let mut after = before.clone();
    match change.apply(&mut after) {
        Ok(outcome) => (outcome, Some(after)),
        Err(error) => (ProfileOutcome::NotChanged(error), None),
    }
}
