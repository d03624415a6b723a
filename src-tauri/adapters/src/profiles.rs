//! The person's AWS files, for programs that write profiles of everything one can reach. What is written, and
//! that nothing else changes, is `aws-files`'.

use crate::home::Home;
use aws_files::{ConfigFile, CredentialsFile, FileError, Paths, Standing};
use jiff::Timestamp;
use std::{ffi::OsString, time::Duration};

pub use aws_files::{
    ProfileName, Refused, command_line,
    managed::{
        ConfigListing, ListedProfile, ManageError, ManagedPlan, Origin, Removal, Way, Whose, Wish, Written,
        is_role,
    },
};

/// How long another program of ours may hold a file's lock.
const PATIENCE: Duration = Duration::from_secs(3);

/// `~/.aws/config` and `~/.aws/credentials`, or where the environment says they are.
pub struct AwsProfiles {
    config: ConfigFile,
    credentials: CredentialsFile,
}

impl AwsProfiles {
    /// As the environment and the person's home say.
    #[must_use]
    pub fn new(env: &dyn Fn(&str) -> Option<OsString>, home: &Home) -> Self {
        let paths = Paths::from_env(env, &home.user);
        Self {
            config: ConfigFile::at(&paths.config),
            credentials: CredentialsFile::at(&paths.credentials, PATIENCE),
        }
    }

    /// Where the config file is.
    #[must_use]
    pub fn path(&self) -> String {
        self.config.path().display().to_string()
    }

    /// What the config file has.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn listing(&self) -> Result<ConfigListing, FileError> {
        self.config.listing()
    }

    /// Profiles of other tools, and those that AWS's own tools sign in for.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn foreign(&self) -> Result<Vec<aws_files::foreign::ForeignProfile>, FileError> {
        self.config.foreign()
    }

    /// The profiles of the credentials file, and whether Latchkey writes them.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn in_credentials(&self) -> Result<Vec<(String, bool)>, FileError> {
        let reading = self.credentials.read()?;
        Ok(reading.profiles().map(|(name, it)| (name, matches!(it, Standing::Ours { .. }))).collect())
    }

    /// What a change would do.
    ///
    /// # Errors
    /// [`ManageError`].
    pub fn plan(&self, wishes: &[Wish], removals: &[Removal]) -> Result<ManagedPlan, ManageError> {
        self.config.plan_profiles(wishes, removals)
    }

    /// Makes the change that was seen.
    ///
    /// # Errors
    /// [`ManageError`].
    pub fn write(
        &self,
        wishes: &[Wish],
        removals: &[Removal],
        plan: &ManagedPlan,
        now: Timestamp,
    ) -> Result<Written, ManageError> {
        self.config.write_profiles(wishes, removals, &plan.after, now)
    }
}
