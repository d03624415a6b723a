//! What can go wrong, as facts. The view makes title, meaning and next step of each.

use super::{
    delivery::Delivery,
    ids::{AccountId, OrgId},
    keys::KeyFault,
    native::NativeFault,
    profile::Conflict,
    step_up::Unanswered,
};
use serde::{Deserialize, Serialize};

/// One failure that somebody acts on. Carries facts, never a secret, never words for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are what the variant's sentence names")]
pub enum Code {
    /// The start URL cannot be read as one; `reason` is a short technical phrase.
    BadStartUrl { reason: String },
    /// Something answered at the address, but it is no SSO portal.
    NotAPortal { host: String },
    /// The region is not known and must be asked for.
    RegionNeeded { host: String },
    /// Nothing answered: dead port, DNS, time-out.
    NoAnswer { host: String },
    /// The certificate is not trusted; nothing was sent.
    Tls { host: String, reason: String },
    /// There is nothing to check certificates with, or the named file of them cannot be used; nothing was
    /// sent.
    NoTrust { path: Option<String>, reason: String },
    /// The proxy that the configuration file names is no proxy's address.
    BadProxy,
    /// A server error, by HTTP status.
    ServerError { host: String, status: u16 },
    /// The answer could not be understood.
    Garbled { host: String },
    /// The service limits requests.
    Throttled { host: String },
    /// This computer's clock is off by so many seconds (positive: fast).
    ClockSkew { seconds: i64 },
    /// The person must sign in first.
    SignInNeeded,
    /// The person or the server declined.
    SignInDenied,
    /// The sign-in page ended with another OAuth error than a refusal.
    SignInFailed { error: String },
    /// Nobody finished the sign-in in time.
    SignInTimedOut,
    /// The browser signed in as somebody who has an entry of their own here.
    UserIsHere { user: String },
    /// The person cancelled.
    SignInCancelled,
    /// The answer of the browser did not belong to this sign-in.
    StateMismatch,
    /// No local port could be opened for the browser's answer.
    ListenFailed,
    /// The default browser could not be started.
    BrowserFailed { reason: String },
    /// An address that belongs neither to the organisation nor to AWS was not opened.
    ForeignUrl { host: String },
    /// What was asked for is neither a service nor a region.
    BadDestination { wanted: String },
    /// The role is not, or no longer, assigned.
    AccessRemoved,
    /// The organisation gives the role out only after a touch of a registered security key.
    StepUpNeeded,
    /// A security key was asked for, and nobody touched it.
    StepUpEnded { why: Unanswered },
    /// The OS keyring is locked; the sign-in stays in memory.
    KeyringLocked,
    /// There is no OS keyring; the sign-in stays in memory.
    KeyringMissing { reason: String },
    /// The sealed data cannot be opened with the key in the keyring; sign in again.
    SealBroken,
    /// The disk is full.
    DiskFull { path: String },
    /// A file cannot be read.
    FileUnreadable { path: String, reason: String },
    /// A file cannot be written.
    FileNotWritable { path: String, reason: String },
    /// A file is not in the format AWS tools read; left alone.
    FileUnparseable { path: String, line: u32, what: String },
    /// What an administrator set on this computer is not used, as others than administrators may have written it;
    /// `why` is a short technical phrase.
    PolicyNotTrusted { path: String, why: String },
    /// Another program is writing the file right now; tried again by itself.
    FileBusy { path: String },
    /// A profile of that name is not ours to write.
    ProfileTaken {
        profile: String,
        conflict: Conflict,
        suggestion: String,
        #[serde(default)]
        delivery: Delivery,
    },
    /// Refreshing is paused: this profile, or all of them.
    Paused { profile: Option<String> },
    /// A profile is left alone until the person decides.
    InConflict { profile: String, conflict: Conflict },
    /// A profile cannot be delivered so, as something else under its name is in the way.
    DeliveryBlocked { profile: String, delivery: Delivery, conflict: Conflict },
    /// The program `latch`, which tools ask, is not where it should be.
    LatchMissing { path: String },
    /// A name that cannot be a profile's.
    BadProfileName { profile: String },
    /// A profile of the config file cannot be given a session; `why` is a short technical phrase.
    NotConvertible { profile: String, why: String },
    /// The file is not the one that was shown.
    FileChanged { path: String },
    /// What was written to a file was changed by others since, at these sections.
    PlacesChanged { path: String, places: Vec<String>, backup: String },
    /// A backup is gone or was changed.
    BackupGone { path: String },
    /// A folder could not be shown; the reason is the operating system's own words.
    FolderNotShown { path: String, reason: String },
    /// A pattern of a rule that cannot be read; `reason` is a short technical phrase.
    BadPattern { reason: String },
    /// `default` was wanted for an account in production.
    DefaultInProduction { org: OrgId, account: AccountId, account_name: String, suggestion: String },
    /// No profile of that name is kept, and the AWS config file has none with SSO settings of an
    /// organisation that was added.
    UnknownProfile { profile: String },
    /// STS did not let the role be assumed, in its own words.
    AssumeRefused { role_arn: String, reason: String },
    /// What was asked for is not there any more.
    Gone { what: String },
    /// The local store failed; nothing was lost on the server.
    Store { reason: String },
    /// The store was damaged: it was moved there and begun anew.
    StoreDamaged { moved_to: String },
    /// The sandbox server could not be started.
    SandboxFailed { reason: String },
    /// A server's own sign-in for the app did not do what was wanted.
    Native { fault: NativeFault },
    /// A security key did not do what was wanted.
    SecurityKey { fault: KeyFault },
    /// The version that was installed while this one runs does not start; `reason` is a short technical phrase.
    UpdateDoesNotStart { reason: String },
    /// Another program of ours is the engine.
    EngineElsewhere,
    /// A defect of ours.
    Internal { what: String },
}
