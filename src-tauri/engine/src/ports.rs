//! The doors to the world, as traits. The engine owns them, `adapters` and `app` implement them, tests
//! stand real servers and files behind them.

pub use crate::model::presence::Presence;
use crate::model::{
    Timestamp,
    code::Code,
    environment::Environment,
    history::Entry,
    ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
    notice::Notice,
    organisation::{Endpoints, Kind, Organisation},
    portal::Portal,
    profile::{Conflict, Kept, Written},
    secret::{ClientRegistration, RoleCredentials, TokenSet},
    settings::{Pause, Settings},
    sign_in::Method,
};
use async_trait::async_trait;
use secrecy::SecretString;
use std::{path::PathBuf, sync::Arc, time::Duration};
use url::Url;

/// The time, as an argument. Sleeping is `tokio::time`'s, which tests pause and advance.
pub trait Clock: Send + Sync {
    /// Now, as the wall clock has it.
    fn now(&self) -> Timestamp;
    /// Time since boot *including* sleep (`CLOCK_BOOTTIME`): a jump against tokio's clock is a wake-up.
    fn since_boot(&self) -> Duration;
}

/// What a live check of a start URL found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// Canonical: no query, fragment or trailing slash.
    pub start_url: Url,
    /// A name to show until the person chooses another.
    pub name: String,
    /// The instance's region.
    pub region: String,
    /// AWS or custom.
    pub kind: Kind,
    /// Where the services answer.
    pub endpoints: Endpoints,
}

/// Why a call to the SSO server failed. `Unauthorized`, `Forbidden` and `InvalidGrant` change state,
/// everything else is a [`Code`] to show and to retry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SsoError {
    /// 401: the access token is not or no longer valid.
    #[error("the access token is not valid")]
    Unauthorized,
    /// 403 `ForbiddenException`: no such assignment.
    #[error("no access")]
    Forbidden,
    /// `InvalidGrantException` or `ExpiredTokenException`: the code or refresh token is used up.
    #[error("the grant is not valid")]
    InvalidGrant,
    /// `InvalidClientException`: register again.
    #[error("the client registration is not valid")]
    InvalidClient,
    /// 429, with the server's `Retry-After` if it sent one.
    #[error("requests are limited")]
    Throttled {
        /// Who asks for it.
        host: String,
        /// The time to wait that the server named.
        retry_after: Option<Duration>,
    },
    /// Anything else.
    #[error("{0:?}")]
    Other(Code),
}

impl SsoError {
    /// The wait that the server named.
    #[must_use]
    pub fn named_wait(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// One page of `ListAccounts` or `ListAccountRoles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// `nextToken`; `None` on the last page.
    pub next: Option<String>,
}

/// A row of `ListAccounts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// `accountId`.
    pub id: AccountId,
    /// `accountName`.
    pub name: String,
    /// `emailAddress`.
    pub email: Option<String>,
}

/// Who the server says is signed in (`/token/whoAmI`, undocumented at AWS, so everything is optional).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhoAmI {
    /// The server's own identifier of the user, which stays when the name changes.
    pub id: Option<String>,
    /// The user's name.
    pub user: Option<String>,
    /// When the sign-in session ends.
    pub ends: Option<Timestamp>,
}

/// A device authorization under way.
#[derive(Clone, Debug)]
pub struct DeviceGrant {
    /// `deviceCode`.
    pub device_code: SecretString,
    /// `userCode`, shown.
    pub user_code: String,
    /// `verificationUriComplete`, checked by the adapter to belong to the organisation or AWS.
    pub verification: Url,
    /// When the code ends.
    pub expires: Timestamp,
    /// `interval`, seconds between polls.
    pub interval: Duration,
}

/// An authorization request to open in the browser, and what its answer is checked with.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    /// The address to open; holds no token.
    pub url: Url,
    /// The `state` that must come back.
    pub state: SecretString,
    /// The PKCE verifier.
    pub verifier: SecretString,
    /// The redirect URI with its port.
    pub redirect_uri: Url,
}

/// The SSO server: SSO-OIDC, the portal API and the federation endpoint of one organisation.
#[async_trait]
pub trait Sso: Send + Sync {
    /// Checks what a person typed (`acme`, `d-1234567890`, a URL, a pasted console link) against the
    /// network. `region` and `endpoints` where the person gave them.
    async fn discover(
        &self,
        typed: &str,
        region: Option<&str>,
        endpoints: Option<&Endpoints>,
    ) -> Result<Discovered, Code>;
    /// `RegisterClient`.
    async fn register(&self, org: &Organisation, method: Method) -> Result<ClientRegistration, SsoError>;
    /// Builds the `/authorize` address with a fresh state and PKCE challenge.
    fn authorize(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        redirect_uri: &Url,
    ) -> Result<AuthorizeRequest, Code>;
    /// `CreateToken` with `authorization_code`.
    async fn exchange(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        request: &AuthorizeRequest,
        code: &SecretString,
    ) -> Result<TokenSet, SsoError>;
    /// `StartDeviceAuthorization`.
    async fn start_device(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
    ) -> Result<DeviceGrant, SsoError>;
    /// `CreateToken` with `device_code`, polled by the protocol's rules until it is answered or over.
    async fn await_device(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        grant: &DeviceGrant,
    ) -> Result<TokenSet, SsoError>;
    /// `CreateToken` with `refresh_token`.
    async fn refresh(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        refresh_token: &SecretString,
    ) -> Result<TokenSet, SsoError>;
    /// Who is signed in; `Ok(default)` where the server does not tell.
    async fn who_am_i(&self, org: &Organisation, token: &SecretString) -> Result<WhoAmI, SsoError>;
    /// One page of `ListAccounts`.
    async fn accounts(
        &self,
        org: &Organisation,
        token: &SecretString,
        next: Option<&str>,
    ) -> Result<Page<AccountRow>, SsoError>;
    /// One page of `ListAccountRoles`.
    async fn roles(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        next: Option<&str>,
    ) -> Result<Page<RoleName>, SsoError>;
    /// `GetRoleCredentials`.
    async fn role_credentials(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<RoleCredentials, SsoError>;
    /// `getSigninToken` and the console address made from it: a URL that carries a sign-in token and
    /// goes to the browser through [`Browser::open_once`] only.
    async fn console_link(
        &self,
        org: &Organisation,
        credentials: &RoleCredentials,
        destination: Option<&Url>,
    ) -> Result<SecretUrl, SsoError>;
    /// `Logout`; the tokens end on the server.
    async fn logout(&self, org: &Organisation, token: &SecretString) -> Result<(), SsoError>;
    /// Seconds by which this computer's clock was fast (negative: slow) at the last answer of a server,
    /// when that is more than five minutes; answers that went well tell too.
    fn clock_skew(&self) -> Option<i64> {
        None
    }
}

/// An address that carries a sign-in token: never in a log, the window or a process list.
#[derive(Clone, Debug)]
pub struct SecretUrl {
    /// The address.
    pub url: SecretString,
    /// Its host, for the log and the host check.
    pub host: String,
}

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
}

impl SealKind {
    /// As it stands in the store and in the associated data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Tokens => "tokens",
            Self::RoleCredentials => "role_credentials",
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
    /// When and by whom an organisation was signed in to (no secret), or `None` for signed out.
    SignedIn(OrgId, Option<StoredSignIn>),
    /// Replaces what the portal lists.
    Portal(OrgId, Portal),
    /// Adds or replaces a kept profile.
    Kept(Kept),
    /// No longer kept.
    RemoveKept(ProfileName),
    /// A favourite, with its place; `None` takes the star off.
    Favourite(Grant, Option<u32>),
    /// The environment a person gave an account; `None` goes back to the guess.
    Label(OrgId, AccountId, Option<Environment>),
    /// A launch, for recents.
    Launched(Grant, Timestamp),
    /// A line of Activity.
    History(Entry),
    /// A pause of all refreshing, or its end.
    Pause(Option<Pause>),
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
    /// Sealed rows.
    pub sealed: Vec<SealedRow>,
    /// Kept profiles.
    pub kept: Vec<Kept>,
    /// Favourites in the person's order.
    pub favourites: Vec<Grant>,
    /// Environments that the person gave to accounts.
    pub labels: Vec<(OrgId, AccountId, Environment)>,
    /// The newest 200 launches, newest first.
    pub launches: Vec<(Grant, Timestamp)>,
    /// The newest 200 lines of Activity, newest first.
    pub history: Vec<Entry>,
    /// A pause that stands.
    pub pause: Option<Pause>,
    /// Keys and moments of notifications shown in the last 7 days.
    pub notices: Vec<(String, Timestamp)>,
    /// When this installation was first started.
    pub installed: Option<Timestamp>,
    /// Where the store that was found damaged at this start is now; everything was begun anew.
    pub damaged: Option<PathBuf>,
}

/// The SQLite store. Nothing above it sees SQL.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads everything; notes the installation's first start as `now`.
    async fn load(&self, now: Timestamp) -> Result<Stored, Code>;
    /// Makes all changes in one transaction, durable when it returns.
    async fn commit(&self, writes: Vec<Write>) -> Result<(), Code>;
    /// Lines of Activity before the given row number, newest first.
    async fn history(&self, before: Option<i64>, limit: u32) -> Result<Vec<Entry>, Code>;
}

/// The configuration file with the person's settings.
#[async_trait]
pub trait SettingsFile: Send + Sync {
    /// Reads it; a bad file is an error that names line and field, and the defaults are used meanwhile.
    async fn load(&self) -> Result<Settings, Code>;
    /// Writes it.
    async fn save(&self, settings: &Settings) -> Result<(), Code>;
}

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
    /// Takes our keys out; the section goes when nothing else is in it.
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
    /// Removed, or was not there.
    Removed,
    /// Left alone.
    Conflict(Conflict),
    /// This one could not be made; the others were.
    Failed(Code),
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
    /// The newest backup, which undo restores.
    pub backup: Option<PathBuf>,
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
    /// Whether a profile of that name may be written, before anything is fetched. One that we wrote
    /// (`last`) and that is not there any more was taken out by another program or the person.
    async fn check(
        &self,
        set: FileSet,
        profile: &ProfileName,
        last: Option<&Written>,
    ) -> Result<Option<Conflict>, Code>;
    /// What the file is like.
    async fn condition(&self, set: FileSet) -> FileCondition;
    /// Takes the rights of group and others away.
    async fn make_private(&self, set: FileSet) -> Result<(), Code>;
    /// Restores the newest backup.
    async fn undo(&self, set: FileSet) -> Result<(), Code>;
}

/// The default browser.
#[async_trait]
pub trait Browser: Send + Sync {
    /// Opens an address without secrets.
    async fn open(&self, url: &Url) -> Result<(), Code>;
    /// Opens an address with a sign-in token through a one-use loopback address (30 s, 302, no-store,
    /// no-referrer), so that it never stands in a process list.
    async fn open_once(&self, url: SecretUrl) -> Result<(), Code>;
}

/// The listener for the browser's answer: 127.0.0.1, random port, exact path.
#[async_trait]
pub trait RedirectListener: Send + Sync {
    /// Opens a port.
    async fn listen(&self) -> Result<Box<dyn Redirect>, Code>;
}

/// A port that waits for one answer.
#[async_trait]
pub trait Redirect: Send {
    /// `http://127.0.0.1:PORT/oauth/callback`.
    fn uri(&self) -> Url;
    /// The `code` of the answer with the right state. Wrong paths and wrong states are answered and
    /// ignored without ending the wait; `error=access_denied` is [`Code::SignInDenied`].
    async fn answer(self: Box<Self>, state: &SecretString) -> Result<SecretString, Code>;
}

/// What the sandbox server printed when it was ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxReady {
    /// Its organisation.
    pub start_url: Url,
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Its endpoints.
    pub endpoints: Endpoints,
    /// The sample users.
    pub users: Vec<SampleUser>,
}

/// A user of the sample organisation. The password opens nothing but the sample.
#[derive(Clone, PartialEq, Eq)]
pub struct SampleUser {
    /// For the sign-in page.
    pub username: String,
    /// For the sign-in page.
    pub password: String,
    /// For people.
    pub display_name: String,
}

impl std::fmt::Debug for SampleUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SampleUser").field("username", &self.username).finish_non_exhaustive()
    }
}

/// The server that the app ships and starts as a sandbox.
#[async_trait]
pub trait Sandbox: Send + Sync {
    /// Starts it, or answers what runs already.
    async fn start(&self) -> Result<SandboxReady, Code>;
    /// Returns when the server that [`Sandbox::start`] gave has ended.
    async fn ended(&self) {
        std::future::pending::<()>().await;
    }
    /// Ends it.
    async fn stop(&self);
    /// Ends it and deletes its data.
    async fn delete(&self) -> Result<(), Code>;
    /// `export` lines for the shell that point AWS tools at the sandbox's own files and STS.
    fn exports(&self) -> Vec<String>;
}

/// The desktop: notifications, presence, clipboard.
#[async_trait]
pub trait Desktop: Send + Sync {
    /// Is the person there? Anything unknown is answered as "there".
    async fn presence(&self) -> Presence;
    /// Shows a notification; equal [`Notice::key`] replaces. Presses come back as
    /// [`crate::Request::Pressed`].
    async fn notify(&self, notice: &Notice, hide_details: bool) -> Result<(), Code>;
    /// Takes a notification away whose cause is gone.
    async fn withdraw(&self, key: &str);
    /// Puts text on the clipboard, marked as sensitive where the platform knows that, and clears it
    /// after `clear_after` if it still holds it.
    async fn copy_secret(&self, text: SecretString, clear_after: Duration) -> Result<(), Code>;
}

/// All doors in one hand.
#[derive(Clone)]
pub struct Ports {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The SSO server.
    pub sso: Arc<dyn Sso>,
    /// The vault.
    pub vault: Arc<dyn Vault>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The configuration file.
    pub settings: Arc<dyn SettingsFile>,
    /// The AWS files.
    pub files: Arc<dyn AwsFiles>,
    /// The browser.
    pub browser: Arc<dyn Browser>,
    /// The listener for the browser's answer.
    pub redirect: Arc<dyn RedirectListener>,
    /// The sandbox.
    pub sandbox: Arc<dyn Sandbox>,
    /// The desktop.
    pub desktop: Arc<dyn Desktop>,
}
