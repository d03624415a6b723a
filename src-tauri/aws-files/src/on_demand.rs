//! Profiles of `~/.aws/config` whose tools ask a program of ours for credentials each time
//! (`credential_process`): only our keys change, in one section, and they leave it as they came.

use crate::{
    ConfigFile, Consent, Document, EditError, FileError, Fingerprint, Owner, ProfileName, Refused,
    backup::{self, Kind},
    change::{ELSEWHERE, region_is_ours},
    import::Outline,
    lock::FileLock,
    managed,
    place::{Loaded, Place},
    replace::{Quiet, Replaced, replace},
    sso_section::{drop_unused, facts},
    standing::{REGION_STAMP_KEY, STAMP_KEY, read_stamp, stamp},
    values::check_value,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

const PROCESS: &str = "credential_process";
/// How long another program of ours may hold the file's lock.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often a change starts again because another program wrote in between.
const TRIES: u32 = 5;
/// An empty file that is younger may be one that another program has just truncated to write it anew.
const SETTLE: SignedDuration = SignedDuration::from_secs(2);

/// How a profile stands in the config file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigStanding {
    /// No such profile.
    Absent,
    /// Settings only, such as a region: tools find no credentials by it.
    Settings,
    /// It asks our program, as we wrote it.
    Ours,
    /// We wrote it, and another program changed its `credential_process` since.
    ChangedByAnother,
    /// It has `sso_…` settings.
    Sso,
    /// Another program brings its credentials.
    Process,
    /// It holds keys itself.
    Keys,
    /// It takes a role by another profile or a web identity.
    Role,
}

/// A profile that asks our program.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The profile.
    pub profile: ProfileName,
    /// Whose the section is from now on.
    pub owner: Owner,
    /// The program and its arguments, quoted as [`command_line`] does.
    pub command: String,
    /// The `region` key, if one is wanted; a region that somebody else wrote stays.
    pub region: Option<String>,
    /// What to do when the profile gets credentials otherwise.
    pub consent: Consent,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskOutcome {
    /// The section asks our program; the backup that was made before, if one was due.
    Written(Option<PathBuf>),
    /// Left alone.
    Conflict(ConfigStanding),
    /// A value of it must not be written.
    Refused(Refused),
    /// It would have altered lines that are not ours.
    NotChanged(EditError),
}

/// The line that `credential_process` has: the program and its arguments, so that both Python's `shlex`
/// (botocore) and a shell (the other SDKs start `sh -c`, on Windows `cmd.exe`) take them apart alike.
///
/// # Errors
/// A path or argument that one of the readers would cut short: `#` and `;` begin a comment for some.
pub fn command_line(program: &Path, arguments: &[&str]) -> Result<String, Refused> {
    let program = program.to_str().ok_or(Refused::Value(PROCESS))?;
    let mut line = String::new();
    for word in std::iter::once(program).chain(arguments.iter().copied()) {
        if word.is_empty() || word.chars().any(|c| c.is_control() || "#;".contains(c)) {
            return Err(Refused::Value(PROCESS));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&quoted(word));
    }
    Ok(line)
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./+:@,%=".contains(c);
    if cfg!(windows) {
        let bare = word.chars().all(|c| plain(c) || c == '\\');
        return if bare { word.to_owned() } else { format!("\"{word}\"") };
    }
    if word.chars().all(plain) {
        word.to_owned()
    } else if word.chars().all(|c| plain(c) || " ~&()'".contains(c)) {
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

impl ConfigFile {
    /// How a profile stands; [`ConfigStanding::Absent`] where there is no file.
    ///
    /// # Errors
    /// [`FileError`], when the file is there and cannot be read.
    pub fn standing(&self, profile: &str) -> Result<ConfigStanding, FileError> {
        let base = Place::find(self.path())?.load()?;
        let document = self.document(base.as_ref())?;
        Ok(section_of(&document, profile).map_or(ConfigStanding::Absent, |it| standing(&document, &it)))
    }

    /// Writes the profile's section, after a dated backup before the first change and before anything that
    /// is not ours is replaced.
    ///
    /// # Errors
    /// [`FileError`]; nothing was changed then.
    pub fn ask(&self, ask: &Ask, now: Timestamp) -> Result<AskOutcome, FileError> {
        if let Some(region) = &ask.region
            && let Err(refused) = check_value("region", region)
        {
            return Ok(AskOutcome::Refused(refused));
        }
        self.edit(now, |document| ask.put(document)).map(Into::into)
    }

    /// Takes our keys out of the profile's section, and the section with them when nothing else is in it.
    /// What another program changed is left alone.
    ///
    /// # Errors
    /// [`FileError`]; nothing was changed then.
    pub fn ask_no_more(&self, profile: &ProfileName, now: Timestamp) -> Result<AskOutcome, FileError> {
        self.edit(now, |document| take_out(document, profile.as_str())).map(Into::into)
    }

    pub(crate) fn edit(
        &self,
        now: Timestamp,
        change: impl Fn(&mut Document) -> Result<Change, EditError>,
    ) -> Result<Edited, FileError> {
        let place = Place::find(self.path())?;
        // Nothing to take out of a file that is not there, and nothing to lock beside it.
        if !place.folder.exists() {
            match change(&mut self.document(None)?) {
                Ok(Change::None) => return Ok(Edited::Done(None)),
                Ok(Change::Left(standing)) => return Ok(Edited::Left(standing)),
                Ok(_) => place.make_folder()?,
                Err(error) => return Ok(Edited::NotChanged(error)),
            }
        }
        let _lock = FileLock::take(&place, PATIENCE)?;
        for _ in 0..TRIES {
            let base = place.load()?;
            if base.as_ref().is_some_and(|base| just_truncated(base, now)) {
                break;
            }
            let before = self.document(base.as_ref())?;
            let mut after = before.clone();
            let foreign = match change(&mut after) {
                Ok(Change::None) => return Ok(Edited::Done(None)),
                Ok(Change::Left(standing)) => return Ok(Edited::Left(standing)),
                Ok(Change::Made { replaced_foreign }) => replaced_foreign,
                Err(error) => return Ok(Edited::NotChanged(error)),
            };
            let mut backup = None;
            if base.is_some() && (foreign || self.is_first_change(&before)?) {
                backup = Some(backup::make(self.path(), before.to_bytes(), now, Kind::Change, &Quiet)?);
            }
            if replace(&place, &after.bytes().pieces(), base.as_ref(), &Quiet)? == Replaced::Done {
                return Ok(Edited::Done(backup));
            }
        }
        Err(FileError::BeingWritten { path: place.target })
    }

    fn document(&self, base: Option<&Loaded>) -> Result<Document, FileError> {
        Document::own(base.map(|base| Arc::clone(&base.bytes)).unwrap_or_default())
            .map_err(|error| FileError::Unparseable { path: self.path().to_path_buf(), error })
    }

    fn is_first_change(&self, before: &Document) -> Result<bool, FileError> {
        let ours = |section: &str| standing(before, section) == ConfigStanding::Ours;
        Ok(before.has_text_outside(ours) && backup::list(self.path())?.is_empty())
    }
}

pub(crate) enum Edited {
    Done(Option<PathBuf>),
    Left(ConfigStanding),
    NotChanged(EditError),
}

impl From<Edited> for AskOutcome {
    fn from(edited: Edited) -> Self {
        match edited {
            Edited::Done(backup) => Self::Written(backup),
            Edited::Left(standing) => Self::Conflict(standing),
            Edited::NotChanged(error) => Self::NotChanged(error),
        }
    }
}

pub(crate) enum Change {
    None,
    Left(ConfigStanding),
    Made { replaced_foreign: bool },
}

fn just_truncated(base: &Loaded, now: Timestamp) -> bool {
    let modified = base.metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    base.bytes.is_empty() && modified.is_some_and(|at| now.duration_since(at) < SETTLE)
}

/// The section that defines the profile; of several the one that botocore takes.
pub(crate) fn section_of(document: &Document, profile: &str) -> Option<String> {
    Outline::of(document).profiles.into_iter().find(|(name, _)| name == profile).map(|(_, section)| section)
}

pub(crate) fn new_section(profile: &str) -> String {
    match profile {
        "default" => profile.to_owned(),
        _ if profile.contains(' ') => format!("profile \"{profile}\""),
        _ => format!("profile {profile}"),
    }
}

pub(crate) fn standing(document: &Document, section: &str) -> ConfigStanding {
    let has = |key: &str| document.effective(section, key).is_some_and(|value| !value.is_empty());
    let process = document.effective(section, PROCESS);
    if let Some(mark) = document.get(section, STAMP_KEY) {
        let text = |key: &str| document.get(section, key).unwrap_or_default();
        let ours = match &process {
            Some(process) => Fingerprint::of(process),
            None => facts(&text("sso_session"), &text("sso_account_id"), &text("sso_role_name")),
        };
        let same = read_stamp(&mark).is_some_and(|(_, short)| ours.short() == short);
        return if same { ConfigStanding::Ours } else { ConfigStanding::ChangedByAnother };
    }
    if ["sso_session", "sso_start_url", "sso_account_id", "sso_role_name"].into_iter().any(has) {
        ConfigStanding::Sso
    } else if has(PROCESS) {
        ConfigStanding::Process
    } else if has("aws_access_key_id") {
        ConfigStanding::Keys
    } else if has("role_arn") || has("web_identity_token_file") {
        ConfigStanding::Role
    } else {
        ConfigStanding::Settings
    }
}

impl Ask {
    fn put(&self, document: &mut Document) -> Result<Change, EditError> {
        let found = section_of(document, self.profile.as_str());
        let before = found.as_ref().map_or(ConfigStanding::Absent, |it| standing(document, it));
        let section = &found.unwrap_or_else(|| new_section(self.profile.as_str()));
        let free = matches!(before, ConfigStanding::Absent | ConfigStanding::Settings | ConfigStanding::Ours);
        if !free && self.consent == Consent::OursOnly {
            return Ok(Change::Left(before));
        }
        let stamp = stamp(&self.owner, &Fingerprint::of(&self.command));
        let mut keys = vec![(PROCESS, self.command.as_str()), (STAMP_KEY, stamp.as_str())];
        let mut stale = Vec::new();
        if !free || before == ConfigStanding::Ours {
            stale.extend(ELSEWHERE.into_iter().filter(|key| *key != PROCESS));
        }
        let session = document.get(section, "sso_session").filter(|_| before == ConfigStanding::Ours);
        match &self.region {
            Some(region) if region_is_ours(document, section) => {
                keys.extend([("region", region.as_str()), (REGION_STAMP_KEY, region.as_str())]);
            }
            Some(_) => stale.push(REGION_STAMP_KEY),
            None => {
                if document.get(section, REGION_STAMP_KEY).is_some() && region_is_ours(document, section) {
                    stale.push("region");
                }
                stale.push(REGION_STAMP_KEY);
            }
        }
        stale.retain(|key| document.get(section, key).is_some());
        let holds = |(key, value): &(&str, &str)| document.get(section, key).is_some_and(|it| *it == *value);
        let marked = managed::is_marked(document, section, self.profile.as_str());
        if keys.iter().all(holds) && stale.is_empty() && !marked {
            return Ok(Change::None);
        }
        document.set_keys(section, &keys)?;
        if !stale.is_empty() {
            document.remove_keys(section, &stale)?;
        }
        managed::unmark(document, section, self.profile.as_str())?;
        if let Some(session) = session {
            drop_unused(document, &session)?;
        }
        Ok(Change::Made { replaced_foreign: !free })
    }
}

fn take_out(document: &mut Document, profile: &str) -> Result<Change, EditError> {
    let Some(section) = section_of(document, profile) else { return Ok(Change::None) };
    match standing(document, &section) {
        ConfigStanding::Ours => {}
        ConfigStanding::ChangedByAnother => return Ok(Change::Left(ConfigStanding::ChangedByAnother)),
        _ => return Ok(Change::None),
    }
    let session = document.get(&section, "sso_session");
    let mut keys =
        vec![PROCESS, "sso_session", "sso_account_id", "sso_role_name", STAMP_KEY, REGION_STAMP_KEY];
    if document.get(&section, REGION_STAMP_KEY).is_some() && region_is_ours(document, &section) {
        keys.push("region");
    }
    document.remove_keys(&section, &keys)?;
    if document.keys(&section).next().is_none() {
        match document.remove_empty_section(&section) {
            // The header keeps the lines after it apart from what stands before: it stays, empty.
            Ok(()) | Err(EditError::WouldDamage) => {}
            Err(error) => return Err(error),
        }
    }
    if let Some(session) = session {
        drop_unused(document, &session)?;
    }
    Ok(Change::Made { replaced_foreign: false })
}
