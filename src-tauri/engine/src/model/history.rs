//! What was done: kept in the store, shown in Activity. No secret can be in it.

use super::{
    Timestamp,
    code::Code,
    delivery::Delivery,
    environment::{Act, Environment},
    ids::{AccountId, AppRef, Grant, OrgId, ProfileName},
    keys::KeyAct,
    profile::Conflict,
    step_up::{Closed, Demand, Unanswered},
};
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are what the variant's sentence names")]
pub enum Event {
    /// An organisation was added.
    OrganisationAdded { org: OrgId, name: String },
    /// An organisation was removed.
    OrganisationRemoved { org: OrgId, name: String },
    /// The person signed in.
    SignedIn { org: OrgId, user: Option<String> },
    /// A sign-in was begun and did not end well.
    SignInFailed { org: OrgId, code: Code },
    /// The person signed out.
    SignedOut { org: OrgId },
    /// The sign-in ended by itself or by an administrator.
    SignInEnded { org: OrgId, revoked: bool },
    /// The portal was synced; counts of what changed.
    Synced {
        org: OrgId,
        accounts: u32,
        gained: u32,
        lost: u32,
        /// Applications; `None` where they are not listed.
        #[serde(default)]
        apps: Option<u32>,
        #[serde(default)]
        apps_gained: u32,
        #[serde(default)]
        apps_lost: u32,
    },
    /// A console was opened.
    ConsoleOpened { grant: Grant, account_name: String },
    /// A console could not be opened.
    ConsoleFailed { grant: Grant, account_name: String, code: Code },
    /// An application was opened.
    AppOpened { app: AppRef, name: String },
    /// An application could not be opened.
    AppFailed { app: AppRef, name: String, code: Code },
    /// Environment variables were copied.
    EnvironmentCopied { grant: Grant, account_name: String },
    /// A credentials block or a single value was copied.
    CredentialsCopied { grant: Grant, account_name: String },
    /// A program was given credentials; once for each program and role in ten minutes.
    HandedOut {
        profile: Option<ProfileName>,
        grant: Grant,
        account_name: String,
        /// Its name, where the system told.
        program: Option<String>,
        pid: u32,
    },
    /// A profile was written with new credentials.
    Refreshed {
        profile: ProfileName,
        grant: Grant,
        account_name: String,
        expires: Timestamp,
        /// The last four characters of the key's id.
        #[serde(default)]
        key_tail: Option<String>,
    },
    /// Another program put back what it had read before we wrote a profile last; it is written again.
    PutBack { profile: ProfileName, grant: Grant, account_name: String },
    /// A profile could not be refreshed.
    RefreshFailed { profile: ProfileName, grant: Grant, account_name: String, code: Code },
    /// A profile is kept from now on.
    KeepStarted {
        profile: ProfileName,
        grant: Grant,
        account_name: String,
        #[serde(default)]
        delivery: Delivery,
    },
    /// A profile gets its credentials another way from now on.
    DeliveryChanged { profile: ProfileName, grant: Grant, account_name: String, delivery: Delivery },
    /// A profile is no longer kept fresh.
    KeepStopped { profile: ProfileName, removed: bool },
    /// A profile was kept fresh for a limited time, which is over.
    KeepEnded { profile: ProfileName, grant: Grant, account_name: String },
    /// The person confirmed something dangerous, perhaps with a reason.
    Confirmed {
        grant: Grant,
        account_name: String,
        act: Act,
        why: Option<String>,
        /// The person is not asked again for a while.
        quiet: bool,
    },
    /// A touch of a security key opened a role.
    SteppedUp {
        grant: Grant,
        account_name: String,
        act: Act,
        demand: Demand,
        /// What the key is called.
        key: String,
        until: Timestamp,
        /// The program that asked, if one did.
        program: Option<String>,
    },
    /// A security key was asked for, and nobody touched it.
    StepUpUnanswered {
        grant: Grant,
        account_name: String,
        act: Act,
        why: Unanswered,
        program: Option<String>,
    },
    /// What a touch opened was closed.
    StepUpClosed { grant: Grant, account_name: String, why: Closed },
    /// A security key was made known for step-up.
    StepUpKeyAdded { key: String },
    /// A security key is not known for step-up any more.
    StepUpKeyForgotten { key: String },
    /// The counter of a security key went back: there may be a copy of it.
    KeyCloned { key: String },
    /// The person said which environment an account is, or took it back.
    Labelled { grant: Account, account_name: String, environment: Option<Environment> },
    /// Activity was cleared up to here.
    RecordCleared,
    /// Activity was written to a file.
    RecordExported { path: String, lines: u32 },
    /// A line of Activity is not what was written.
    RecordBroken { entry: i64 },
    /// Refreshing was paused or resumed.
    Paused { until: Option<Timestamp> },
    /// Refreshing goes on.
    Resumed,
    /// A backup of the credentials file was made before the first change.
    BackedUp { path: String },
    /// The sign-in could not be renewed for now; told once until it can be again.
    RenewalFailed { org: OrgId, code: Code },
    /// The server did not confirm that the sign-in ended there.
    NotRevoked { org: OrgId, code: Code },
    /// The portal could not be synced; told once until it can be again.
    SyncFailed { org: OrgId, code: Code },
    /// A profile is not written any more, so that nothing of another program's is lost.
    Conflicted { profile: ProfileName, conflict: Conflict },
    /// The newest backup was put in the credentials file's place.
    Undone,
    /// Profiles of the config file were given a session.
    Converted { path: String, backup: String, profiles: Vec<String> },
    /// That was undone. `whole`: every byte is as it was.
    ConversionUndone { path: String, profiles: Vec<String>, whole: bool },
    /// The rights of group and others were taken off the credentials file.
    MadePrivate,
    /// Answers came that did not belong to the sign-in under way; they were ignored.
    StrangeAnswers { org: OrgId },
    /// A server would have had a password sent to another host. It was not.
    PasswordHostMoved { org: OrgId, host: String },
    /// A security key is another than it was: its PIN, a passkey, a fingerprint, or all of it.
    KeyChanged { key: String, act: KeyAct },
    /// A notification was shown, or held with the reason.
    Notified { notice: String, shown: bool, reason: Option<String> },
}

/// An account by its ids. Named like a grant in a line, so that the lines of an account are found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The organisation.
    pub org: OrgId,
    /// The account.
    pub account: AccountId,
}

/// Who wanted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The person.
    You,
    /// The schedule.
    Schedule,
    /// A program on this computer.
    Program,
}

/// One line of Activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, unique and rising; the row's number in the store.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who wanted it.
    pub by: By,
    /// What.
    pub event: Event,
}
