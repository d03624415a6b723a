//! The AWS files.

use crate::model::{
    Timestamp,
    aws_config::{AwsConfig, Conversion, Converted, Undone},
    code::Code,
    delivery::Delivery,
    ids::{Grant, ProfileName},
    profile::{Conflict, Written},
    secret::{ClientRegistration, RoleCredentials, TokenSet},
    sign_in::Method,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which pair of AWS files: the person's own, or the sandbox's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileSet {
    /// `~/.aws/credentials`, or where `AWS_SHARED_CREDENTIALS_FILE` points.
    Own,
    /// `$LATCHKEY_HOME/sandbox/aws/credentials`.
    Sandbox,
}

/// One change of the credentials file.
#[derive(Clone, Debug)]
pub enum FileChange {
    /// Writes our keys into the profile's section.
    Put {
        /// The section.
        profile: ProfileName,
        /// Whose it is; the marker in the section is made of it.
        grant: Grant,
        /// The keys.
        credentials: RoleCredentials,
        /// The region key, if one is wanted.
        region: Option<String>,
        /// What we wrote last, to notice another program's change.
        last: Option<Written>,
        /// The person said that a foreign section may be replaced, with a backup.
        replace_foreign: bool,
    },
    /// Lets the profile's tools ask Latchkey each time, and takes keys of that name out of the credentials
    /// file.
    Ask {
        /// The profile.
        profile: ProfileName,
        /// Whose it is; the marker in the section is made of it.
        grant: Grant,
        /// The region key, if one is wanted.
        region: Option<String>,
        /// What we wrote last to the credentials file.
        last: Option<Written>,
        /// The section was written before: one that is gone was taken out by another program or the person.
        placed: bool,
        /// The person said that what brings its credentials otherwise may be replaced, with a backup.
        replace_foreign: bool,
    },
    /// Lets the profile's tools sign in by a session of the config file, one that is there or a new one.
    SignIn {
        /// The profile.
        profile: ProfileName,
        /// Whose it is.
        grant: Grant,
        /// Where to sign in.
        start_url: String,
        /// The region of the sign-in.
        sso_region: String,
        /// The name for a new session.
        session: String,
        /// Sessions that somebody else's sign-in is kept for.
        others: Vec<String>,
        /// The region key, if one is wanted.
        region: Option<String>,
        /// What we wrote last to the credentials file.
        last: Option<Written>,
        /// The person said that what brings its credentials otherwise may be replaced, with a backup.
        replace_foreign: bool,
    },
    /// Takes our keys out of both files; a section goes when nothing else is in it.
    Remove {
        /// The section.
        profile: ProfileName,
        /// What we wrote last.
        last: Option<Written>,
    },
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileOutcome {
    /// Written; `Written` is to be stored.
    Written(Written),
    /// The config file says what it should.
    Placed,
    /// The config file says what it should, by the session of this name.
    PlacedIn(String),
    /// Removed, or was not there.
    Removed,
    /// Left alone.
    Conflict(Conflict),
    /// This one could not be made; the others were.
    Failed(Code),
}

/// A sign-in as the AWS CLI keeps it in its cache.
#[derive(Clone, Debug)]
pub struct CachedSignIn {
    /// The start URL.
    pub start_url: String,
    /// The region of the sign-in.
    pub region: String,
    /// The tokens.
    pub tokens: TokenSet,
    /// The registration that renews them.
    pub client: Option<ClientRegistration>,
}

/// A profile whose place in the files is looked at.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Which.
    pub profile: ProfileName,
    /// Whose credentials feed it, or are to.
    pub grant: Grant,
    /// How it is delivered, or is to be.
    pub delivery: Delivery,
    /// What we wrote last to the credentials file.
    pub last: Option<Written>,
    /// The config file was made to say so.
    pub placed: bool,
}

/// What looking at a profile's place in the files says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It may be written, or stands as it was written.
    Free,
    /// Another program that had read the file before our last write put back what it had read, as
    /// `aws configure set` does, which takes no lock. No wish of anybody: it is written again.
    Undone,
    /// Not to be written before the person says so.
    Conflict(Conflict),
}

impl Found {
    /// What only the person can decide about.
    #[must_use]
    pub fn conflict(self) -> Option<Conflict> {
        match self {
            Self::Conflict(conflict) => Some(conflict),
            Self::Free | Self::Undone => None,
        }
    }
}

impl From<Option<Conflict>> for Found {
    fn from(conflict: Option<Conflict>) -> Self {
        conflict.map_or(Self::Free, Self::Conflict)
    }
}

/// Whether another program read the credentials file. All profiles in it are read together, and an editor
/// or a backup reads it as the AWS tools do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// Nobody can tell.
    #[default]
    Unknown,
    /// Not since we wrote it.
    NotYet,
    /// Last at this moment.
    At(Timestamp),
}

/// A long-lived key that is not ours. No file says how old it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongLivedKey {
    /// The section it stands in.
    pub profile: String,
    /// A digest that tells it from another key.
    pub mark: String,
    /// The earliest moment at which it is known to have been there: the engine remembers it.
    pub since: Option<Timestamp>,
}

/// What the credentials file is like, for the banners of the credentials view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileCondition {
    /// The path as the person knows it.
    pub path: PathBuf,
    /// Where a symlink leads.
    pub target: Option<PathBuf>,
    /// The permission bits when others than the owner can read it.
    pub readable_by_others: Option<u32>,
    /// Why it cannot be read or written.
    pub problem: Option<Code>,
    /// Sections that are not ours, with the profile's name.
    pub foreign: Vec<String>,
    /// The long-lived keys among them.
    pub long_lived: Vec<LongLivedKey>,
    /// When the file was changed last.
    pub changed: Option<Timestamp>,
    /// The config file beside it cannot be written either.
    pub config_read_only: bool,
    /// The newest backup, which undo restores.
    pub backup: Option<PathBuf>,
    /// Whether another program read it.
    pub reads: Reads,
}

/// `~/.aws/credentials` and `~/.aws/config`.
#[async_trait]
pub trait AwsFiles: Send + Sync {
    /// One write for all changes; an outcome for each, in order. An error means nothing was changed.
    async fn apply(
        &self,
        set: FileSet,
        changes: Vec<FileChange>,
    ) -> Result<(Vec<FileOutcome>, Option<PathBuf>), Code>;
    /// Whether a profile may be written so, before anything is fetched, or stands as it was written. One
    /// that we wrote (`last`, `placed`) and that is not there any more was taken out by another program or
    /// the person, unless the file was written right after us: see [`Found::Undone`].
    async fn check(&self, set: FileSet, profile: &Delivered) -> Result<Found, Code>;
    /// What the file is like.
    async fn condition(&self, set: FileSet) -> FileCondition;
    /// What the person's own config file says of SSO. A line that cannot be read is no failure.
    async fn config(&self) -> Result<AwsConfig, Code>;
    /// What giving these profiles of the person's own config file a session would change.
    async fn plan_conversion(&self, profiles: Vec<String>) -> Result<Conversion, Code>;
    /// Makes that change, with a backup; `seen` is the plan's.
    async fn convert(&self, profiles: Vec<String>, seen: String) -> Result<Converted, Code>;
    /// Takes it back, unless others changed it since.
    async fn undo_conversion(&self, made: Converted) -> Result<Undone, Code>;
    /// The sign-in of a session in the AWS CLI's cache.
    async fn cached_sign_in(&self, session: &str) -> Result<Option<CachedSignIn>, Code>;
    /// Puts a sign-in there. One that works for longer stays, and so does one that works and is of none of
    /// these registrations, `ours`: it is the answer then.
    async fn cache_sign_in(
        &self,
        session: &str,
        sign_in: CachedSignIn,
        ours: Vec<String>,
    ) -> Result<Option<CachedSignIn>, Code>;
    /// Takes a sign-in out that one of these registrations renews.
    async fn uncache_sign_in(&self, session: &str, clients: Vec<String>) -> Result<(), Code>;
    /// A client registration that the AWS CLI made for a session of this start URL and region, and that serves
    /// this way of signing in. Not of the sessions `but`, whose sign-ins are ours: which of two sign-ins of one
    /// client is whose could not be told there.
    async fn shared_registration(
        &self,
        start_url: &str,
        region: &str,
        method: Method,
        but: Vec<String>,
    ) -> Result<Option<ClientRegistration>, Code>;
    /// Puts a registration of ours where the CLI looks for that of such sessions, but for those whose own works.
    async fn share_registration(
        &self,
        start_url: &str,
        region: &str,
        client: ClientRegistration,
        but: Vec<String>,
    ) -> Result<(), Code>;
    /// Takes a registration away there that the server knows no more.
    async fn unshare_registration(&self, start_url: &str, region: &str, client_id: &str) -> Result<(), Code>;
    /// Takes the rights of group and others away.
    async fn make_private(&self, set: FileSet) -> Result<(), Code>;
    /// Restores the newest backup.
    async fn undo(&self, set: FileSet) -> Result<(), Code>;
}
