//! Whether keys that we wrote to the credentials file still stand there.

use super::{Pair, code, conflict, fingerprint, owner, profile_name};
use aws_files::Standing;
use engine::{
    model::{code::Code, profile::Conflict},
    ports::{Delivered, Found},
};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;

/// A program that reads the file and writes it back is done within so long of the moment it read: the AWS CLI
/// takes a second at most. A section that is gone later was taken out on purpose.
const READS_AND_WRITES: SignedDuration = SignedDuration::from_secs(10);

impl Pair {
    pub(super) fn keys_stand(&self, look: &Delivered) -> Result<Found, Code> {
        let name = profile_name(&look.profile)?;
        let last = look.last.as_ref().map(fingerprint);
        let reading = self.credentials.read().map_err(|e| code(&e))?;
        let standing = reading.standing(name.as_str(), last.as_ref());
        match (&standing, &look.last) {
            (Standing::Ours { owner: whose, expires, fingerprint }, Some(written))
                if last.as_ref() != Some(fingerprint) =>
            {
                // Another Latchkey keeps the profile too, from another computer perhaps, and was here last.
                let newer = *whose == owner(&look.grant)? && expires.is_some_and(|at| at > written.expires);
                if !newer {
                    return Ok(Found::Undone);
                }
            }
            (Standing::Absent, Some(written)) => {
                let since = changed(self.credentials.path()).map(|at| at.duration_since(written.at));
                let race = since.is_some_and(|it| it.abs() < READS_AND_WRITES);
                return Ok(if race { Found::Undone } else { Found::Conflict(Conflict::ChangedByAnother) });
            }
            _ => {}
        }
        if let Some(conflict) = conflict(&standing) {
            return Ok(Found::Conflict(conflict));
        }
        if self.has_sso_settings(name.as_str()) {
            return Ok(Found::Conflict(Conflict::SsoSettings));
        }
        // What is there already is no news for keys that stand in the file, which come first.
        let other = last.is_none() && self.other_process(name.as_str());
        Ok(other.then_some(Conflict::OtherProcess).into())
    }
}

/// When the file was written last; `None` when there is none, which no program that writes it leaves behind.
fn changed(path: &Path) -> Option<Timestamp> {
    let modified = path.metadata().and_then(|found| found.modified()).ok()?;
    Timestamp::try_from(modified).ok()
}
