//! The change on the disk: under the lock, after a dated copy, in one step.

use super::{
    Wish,
    plan::{ManageError, ManagedPlan, Removal, plan},
};
use crate::{
    backup::{self, Kind},
    config_file::ConfigFile,
    lock::FileLock,
    place::{Loaded, Place},
    replace::{Quiet, Replaced, replace},
};
use jiff::Timestamp;
use std::{fs, path::PathBuf, time::Duration};

/// How long another program of ours may hold the file's lock.
const PATIENCE: Duration = Duration::from_secs(3);

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file as it was, readable by its owner alone; `None` when there was none, or nothing changed.
    pub backup: Option<PathBuf>,
}

impl ConfigFile {
    /// What these wishes and removals would change. Nothing is written.
    ///
    /// # Errors
    /// [`ManageError`].
    pub fn plan_profiles(&self, wishes: &[Wish], removals: &[Removal]) -> Result<ManagedPlan, ManageError> {
        let place = Place::find(self.path())?;
        self.planned_profiles(place.load()?.as_ref(), wishes, removals)
    }

    /// Makes that change, after a copy of the file `config.latchkey-20261124-0031.bak` (UTC) beside it.
    /// `seen` is [`ManagedPlan::after`] of the plan that the person saw.
    ///
    /// # Errors
    /// [`ManageError`]; nothing was changed then.
    pub fn write_profiles(
        &self,
        wishes: &[Wish],
        removals: &[Removal],
        seen: &str,
        now: Timestamp,
    ) -> Result<Written, ManageError> {
        let place = Place::find(self.path())?;
        place.make_folder()?;
        let _lock = FileLock::take(&place, PATIENCE)?;
        let base = place.load()?;
        let plan = self.planned_profiles(base.as_ref(), wishes, removals)?;
        let changed = || ManageError::Changed { path: self.path().to_path_buf() };
        if plan.after != seen {
            return Err(changed());
        }
        if plan.diff.is_empty() {
            return Ok(Written { backup: None });
        }
        let copy = |base: &Loaded| backup::make(self.path(), &base.bytes, now, Kind::Conversion, &Quiet);
        let backup = base.as_ref().map(copy).transpose()?;
        let written = replace(&place, &[plan.new.as_slice()], base.as_ref(), &Quiet);
        if !matches!(written, Ok(Replaced::Done))
            && let Some(backup) = &backup
        {
            // A copy of what did not change would only puzzle.
            let _ = fs::remove_file(backup);
        }
        match written? {
            Replaced::BaseChanged => Err(changed()),
            Replaced::Done => Ok(Written { backup }),
        }
    }

    fn planned_profiles(
        &self,
        base: Option<&Loaded>,
        wishes: &[Wish],
        removals: &[Removal],
    ) -> Result<ManagedPlan, ManageError> {
        let bytes = base.map_or(&[][..], |base| base.bytes.as_slice());
        plan(self.path(), bytes, wishes, removals)
    }
}
