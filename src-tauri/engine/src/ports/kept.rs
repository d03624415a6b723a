//! What is kept: secrets sealed under a key in the OS keyring, and everything else in the store.

use super::{Known, LongLivedKey};
use crate::model::{
    Timestamp,
    aws_config::Converted,
    code::Code,
    environment::Environment,
    history::Entry,
    ids::{AccountId, Grant, OrgId, ProfileName, Target},
    organisation::Organisation,
    portal::{HalfSync, Portal},
    profile::Kept,
    secret::{ClientRegistration, RoleCredentials, TokenSet},
    settings::Pause,
    step_up::StepUpKey,
};
use async_trait::async_trait;
use std::path::PathBuf;

/// How the OS keyring answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keyring {
    /// The sealing key is in it.
    Ready,
    /// No keyring or a locked one: the key and all it seals live in memory only.
    MemoryOnly(Code),
}

/// What a sealed row is for; part of the associated data of the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealKind {
    /// A client registration.
    Client,
    /// A token set.
    Tokens,
    /// Role credentials of one grant.
    RoleCredentials,
    /// What a server knows this computer by ([`Known`]), of one user name.
    Known,
}

impl SealKind {
    /// As it stands in the store and in the associated data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Tokens => "tokens",
            Self::RoleCredentials => "role_credentials",
            Self::Known => "known",
        }
    }
}

/// A secret to seal, or one that was opened.
#[derive(Clone, Debug)]
pub enum Sealable {
    /// A client registration.
    Client(ClientRegistration),
    /// A token set.
    Tokens(TokenSet),
    /// Role credentials.
    RoleCredentials(RoleCredentials),
    /// What a server knows this computer by.
    Known(Known),
}

/// A sealed row: useless without the key in the keyring. `name` is the method for clients, empty for
/// tokens, `account/role` for role credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRow {
    /// The organisation.
    pub org: OrgId,
    /// The user the secret belongs to, empty where unknown.
    pub user: String,
    /// What it is.
    pub kind: SealKind,
    /// Which one of its kind.
    pub name: String,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

/// The vault: a random key in the OS keyring, and what is sealed under it.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Reads or makes the key. Called at start and again when the person unlocked the keyring.
    async fn open(&self) -> Keyring;
    /// Seals a secret with organisation, user, kind and name as associated data.
    fn seal(&self, org: &OrgId, user: &str, name: &str, secret: &Sealable) -> Result<SealedRow, Code>;
    /// Opens a row.
    fn unseal(&self, row: &SealedRow) -> Result<Sealable, Code>;
}

/// One change of the store; [`Store::commit`] takes several as one transaction.
#[derive(Clone, Debug)]
pub enum Write {
    /// Adds or replaces an organisation.
    Organisation(Organisation),
    /// Removes it with all that hangs on it.
    RemoveOrganisation(OrgId),
    /// Adds or replaces a sealed row.
    Sealed(SealedRow),
    /// Removes the sealed rows of an organisation, of one kind or all.
    RemoveSealed(OrgId, Option<SealKind>),
    /// Removes the sealed credentials of one role.
    RemoveCredentials(Grant),
    /// When and by whom an organisation was signed in to (no secret), or `None` for signed out.
    SignedIn(OrgId, Option<StoredSignIn>),
    /// Replaces what the portal lists.
    Portal(OrgId, Portal),
    /// Replaces what an unfinished sync knows; `None` when it is complete or not to be gone on with.
    HalfSync(OrgId, Option<HalfSync>),
    /// Adds or replaces a kept profile.
    Kept(Kept),
    /// No longer kept.
    RemoveKept(ProfileName),
    /// A favourite, with its place; `None` takes the star off.
    Favourite(Target, Option<u32>),
    /// The environment a person gave an account; `None` goes back to the guess.
    Label(OrgId, AccountId, Option<Environment>),
    /// A launch, for recents.
    Launched(Target, Timestamp),
    /// A line of Activity.
    History(Entry),
    /// Takes all lines of Activity away. [`Code::KeyringLocked`] where they are sealed and the key is not at
    /// hand.
    ClearHistory,
    /// The organisation that the person looks at.
    Chosen(OrgId),
    /// A pause of all refreshing, or its end.
    Pause(Option<Pause>),
    /// Replaces the keys that are known for step-up.
    StepUpKeys(Vec<StepUpKey>),
    /// Replaces the roles that servers give out after a touch alone, as they told.
    Demanded(Vec<Grant>),
    /// Replaces the conversions of the config file that may be undone.
    Conversions(Vec<Converted>),
    /// Replaces what is known of long-lived keys in the person's credentials file.
    LongLived(Vec<LongLivedKey>),
    /// A notification was shown: never again for the same key.
    NoticeShown(String, Timestamp),
}

/// What stands in the store of a sign-in besides the sealed tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSignIn {
    /// Who.
    pub user: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// When the sign-in ends, where known.
    pub ends: Option<Timestamp>,
}

/// Everything the store holds, read once at the start.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Organisations with their cached portals and stored sign-ins.
    pub organisations: Vec<(Organisation, Portal, Option<StoredSignIn>)>,
    /// What unfinished syncs knew.
    pub half_syncs: Vec<(OrgId, HalfSync)>,
    /// Sealed rows.
    pub sealed: Vec<SealedRow>,
    /// Kept profiles.
    pub kept: Vec<Kept>,
    /// Favourites in the person's order.
    pub favourites: Vec<Target>,
    /// Environments that the person gave to accounts.
    pub labels: Vec<(OrgId, AccountId, Environment)>,
    /// The newest 200 launches, newest first.
    pub launches: Vec<(Target, Timestamp)>,
    /// The newest 200 lines of Activity, newest first.
    pub history: Vec<Entry>,
    /// The organisation that the person chose to look at.
    pub chosen: Option<OrgId>,
    /// A pause that stands.
    pub pause: Option<Pause>,
    /// Keys that are known for step-up.
    pub step_up_keys: Vec<StepUpKey>,
    /// Roles that servers give out after a touch alone, as they told.
    pub demanded: Vec<Grant>,
    /// Conversions of the config file that may be undone, oldest first.
    pub conversions: Vec<Converted>,
    /// Long-lived keys that stood in the person's credentials file, with since when at least.
    pub long_lived: Vec<LongLivedKey>,
    /// Keys and moments of notifications shown in the last 7 days.
    pub notices: Vec<(String, Timestamp)>,
    /// When this installation was first started.
    pub installed: Option<Timestamp>,
    /// Where the store that was found damaged at this start is now; everything was begun anew.
    pub damaged: Option<PathBuf>,
}

/// Which lines of Activity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Before this row.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// An account that Activity names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAccount {
    /// Its organisation, which may be gone.
    pub org: OrgId,
    /// Its number.
    pub account: AccountId,
    /// The name it had last.
    pub name: Option<String>,
}

/// What following the record's chain came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordCheck {
    /// Every line fits.
    Intact {
        /// So many lines.
        lines: u64,
        /// So many of them were stored before they could be sealed.
        late: u64,
    },
    /// This line, or the one that should have that number, is not what was written.
    Broken {
        /// Its number.
        entry: i64,
    },
    /// The keyring gave no key, so that nobody can tell.
    Unsealed,
}

/// The SQLite store. Nothing above it sees SQL.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads everything; notes the installation's first start as `now`.
    async fn load(&self, now: Timestamp) -> Result<Stored, Code>;
    /// Makes all changes in one transaction, durable when it returns.
    async fn commit(&self, writes: Vec<Write>) -> Result<(), Code>;
    /// Lines of Activity, newest first.
    async fn history(&self, page: HistoryPage) -> Result<Vec<Entry>, Code>;
    /// The accounts that Activity names.
    async fn recorded_accounts(&self) -> Result<Vec<RecordedAccount>, Code>;
    /// Follows the chain of Activity's lines from the oldest to the newest.
    async fn check_record(&self) -> Result<RecordCheck, Code>;
}
