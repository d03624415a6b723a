//! What a person, a window, the tray, a timer or another program of ours can ask for.

mod keys;

pub use keys::{KeysRequest, StepUpRequest};

use crate::model::{
    Timestamp,
    assume::Assume,
    aws_config::{AwsConfig, Conversion},
    code::Code,
    delivery::Delivery,
    environment::{Care, Environment},
    history::Entry,
    ids::{AccountId, AppRef, Grant, OrgId, ProfileName, Target},
    native::InAppStep,
    notice::{Notice, Pressed},
    organisation::Endpoints,
    rules::{Field, Rule},
    secret::RoleCredentials,
    settings::{Naming, Network, Settings},
    sign_in::Method,
    team::Adopted,
};
use crate::ports::{Discovered, HistoryPage, InstalledBrowser, RecordedAccount};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// How long a pause lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseFor {
    /// For this long.
    Duration(Duration),
    /// Until tomorrow 09:00, local time.
    Tomorrow,
    /// Until the person resumes.
    UntilResumed,
}

/// The shell whose syntax "Copy environment" uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// bash, zsh and other POSIX shells: `export A=b`.
    Posix,
    /// fish: `set -gx A b`.
    Fish,
    /// PowerShell: `$Env:A="b"`.
    PowerShell,
    /// cmd.exe: `set A=b`.
    Cmd,
}

/// What can be copied of a role's credentials besides environment variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A block for a credentials file, under this name.
    Block(ProfileName),
    /// The access key id alone.
    AccessKeyId,
    /// The secret access key alone.
    SecretAccessKey,
    /// The session token alone.
    SessionToken,
}

/// One of several profiles to keep fresh together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whose credentials.
    pub grant: Grant,
    /// Under which name.
    pub profile: ProfileName,
    /// The region to write.
    pub region: Option<String>,
}

/// What a person said when something dangerous was asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Why, for Activity.
    pub why: Option<String>,
    /// Not to be asked again for this role for a while.
    pub quiet: bool,
    /// For how long a profile is to be kept, where that is limited; `None` takes the usual time.
    pub lasting: Option<Duration>,
}

/// How Activity is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// Comma-separated values.
    Csv,
    /// One JSON value a line.
    JsonLines,
    /// A report of a problem, not Activity itself.
    Report,
}

impl ExportFormat {
    /// The ending of the file's name.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Report => "txt",
        }
    }
}

/// Whose credentials a program wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of a profile: one that is kept, or one with SSO settings in the AWS config file.
    Profile(ProfileName),
    /// Those of a role.
    Role(Grant),
}

/// The program that asks, for Activity. Never a reason to allow anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// Its name, where the system tells.
    pub program: Option<String>,
    /// Its process id; 0 where the system does not tell.
    pub pid: u32,
    /// Where its file is, where the system tells.
    pub path: Option<String>,
    /// Nobody can be asked where it runs: what has to be confirmed is asked in a window.
    pub by_window: bool,
}

/// Credentials for a program. `Debug` shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOut {
    /// The keys.
    pub credentials: RoleCredentials,
    /// Whose they are.
    pub grant: Grant,
    /// The account's name.
    pub account_name: String,
    /// The profile's region, or else the organisation's.
    pub region: String,
}

/// A wish. Everything that changes state comes as one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Check a start URL over the network; answers [`Reply::Checked`].
    CheckStartUrl {
        /// As typed.
        typed: String,
        /// The region, if it was asked for.
        region: Option<String>,
        /// Custom endpoints.
        endpoints: Option<Endpoints>,
    },
    /// Check and add; answers [`Reply::Added`].
    AddOrganisation {
        /// As typed.
        typed: String,
        /// The name to show; `None` takes the one found.
        name: Option<String>,
        /// The region, if it was asked for.
        region: Option<String>,
        /// Custom endpoints.
        endpoints: Option<Endpoints>,
    },
    /// Look what the AWS config file has; answers [`Reply::Config`].
    LookAtConfig,
    /// Check and add the organisations that the AWS config file names; answers [`Reply::Added`] with the
    /// first.
    AddFromConfig,
    /// What giving these profiles of the AWS config file a session would change; answers
    /// [`Reply::Conversion`].
    PlanConversion(Vec<String>),
    /// Make the change that was planned, with a backup.
    Convert {
        /// Which profiles.
        profiles: Vec<String>,
        /// The plan's `seen`.
        seen: String,
    },
    /// Undo the conversion with this number in Activity.
    UndoConversion(i64),
    /// Sign out, stop its profiles, forget it.
    RemoveOrganisation(OrgId),
    /// Show this one, in the window and in the tray's first rows.
    Choose(OrgId),
    /// Add another entry for an organisation, for another of the person's users there; answers
    /// [`Reply::Added`].
    AddUser(OrgId),
    /// Start the sample organisation and show it; answers [`Reply::Added`].
    StartSandbox,
    /// End the sample organisation and delete its data.
    DeleteSandbox,
    /// Sign in. One browser tab for each wish, never two for one attempt.
    SignIn {
        /// Where.
        org: OrgId,
        /// Which way; `None` lets the engine choose.
        method: Option<Method>,
    },
    /// A step of signing in without a browser; the first begins an attempt.
    InApp {
        /// Where.
        org: OrgId,
        /// Which step.
        step: InAppStep,
    },
    /// Open the browser again for the attempt under way.
    OpenSignInAgain(OrgId),
    /// Give the attempt up.
    CancelSignIn(OrgId),
    /// Sign out: revoke on the server, clear here.
    SignOut(OrgId),
    /// Ask the portal what it lists now.
    Sync(OrgId),
    /// Stop asking it for now. What it told so far stays, and [`Self::Sync`] goes on from there.
    PauseSync(OrgId),
    /// Open a console in the default browser. Signed out: signs in first, then opens it.
    OpenConsole {
        /// Which role.
        grant: Grant,
        /// A service or a console address to land on.
        destination: Option<String>,
        /// The region to land in.
        region: Option<String>,
        /// In a private window of the browser, whatever is set for the organisation.
        private: bool,
        /// The person confirmed what has to be confirmed.
        confirmed: bool,
    },
    /// Open an application in the default browser, which signs in by itself where it has to.
    OpenApp(AppRef),
    /// Open the portal's own page.
    OpenPortal(OrgId),
    /// Copy environment variables to the clipboard.
    CopyEnvironment {
        /// Which role.
        grant: Grant,
        /// Whose syntax.
        shell: Shell,
        /// The person confirmed what has to be confirmed.
        confirmed: bool,
    },
    /// Copy a part of a role's credentials to the clipboard.
    CopyCredentials {
        /// Which role.
        grant: Grant,
        /// Which part.
        part: Part,
        /// The person confirmed what has to be confirmed.
        confirmed: bool,
    },
    /// Credentials for a program; answers [`Reply::Credentials`].
    HandOut {
        /// Whose.
        of: Of,
        /// With those, a role that trusts them, whose credentials are wanted instead.
        assume: Option<Assume>,
        /// Who asks.
        asker: Asker,
        /// A sign-in that has ended may be begun anew, in the browser. Once until the person signs in.
        may_sign_in: bool,
        /// The person confirmed what has to be confirmed.
        confirmed: bool,
    },
    /// Keep a profile.
    KeepFresh {
        /// Whose credentials.
        grant: Grant,
        /// Under which name.
        profile: ProfileName,
        /// How they get to programs.
        delivery: Delivery,
        /// The region to write.
        region: Option<String>,
        /// Replace a foreign profile of that name, with a backup.
        replace_foreign: bool,
        /// The person confirmed what has to be confirmed.
        confirmed: bool,
    },
    /// Get a kept profile's credentials to programs another way.
    ChangeDelivery {
        /// Which.
        profile: ProfileName,
        /// How.
        delivery: Delivery,
        /// What is in the way may be replaced, with a backup.
        replace_foreign: bool,
    },
    /// Keep several profiles fresh, all of them or none; none of their names may be taken.
    KeepMany {
        /// Which.
        wanted: Vec<Wanted>,
        /// The person confirmed what has to be confirmed.
        confirmed: bool,
    },
    /// Stop keeping it, and take our keys out of the file or leave them until they expire.
    StopKeeping {
        /// Which.
        profile: ProfileName,
        /// Take them out.
        remove: bool,
    },
    /// Refresh one profile now.
    RefreshProfile(ProfileName),
    /// Refresh all profiles and sync all portals now.
    RefreshAll,
    /// Pause or resume one profile.
    PauseProfile {
        /// Which.
        profile: ProfileName,
        /// Pause or resume.
        paused: bool,
    },
    /// After a conflict: write over what another program wrote, with a backup.
    TakeBack(ProfileName),
    /// Pause all refreshing.
    Pause(PauseFor),
    /// Resume all refreshing.
    Resume,
    /// Put a star on a role or an application, or take it off.
    SetFavourite {
        /// Which.
        target: Target,
        /// On or off.
        on: bool,
    },
    /// Change places with the favourite above or below it, of the same organisation.
    MoveFavourite {
        /// Which.
        target: Target,
        /// Up, or down.
        up: bool,
    },
    /// Say which environment an account belongs to; `None` goes back to the guess.
    SetEnvironment {
        /// Where.
        org: OrgId,
        /// Which account.
        account: AccountId,
        /// The label.
        environment: Option<Environment>,
    },
    /// Do what the person was asked about: the person said yes.
    Confirmed {
        /// What.
        request: Box<Request>,
        /// And how.
        consent: Consent,
    },
    /// Let a profile of an account in production be named `default`, or no more.
    AllowDefault {
        /// Which account.
        account: AccountId,
        /// Whether it may.
        allowed: bool,
    },
    /// Which accounts a rule would fit; answers [`Reply::Fits`].
    TryRule {
        /// What it looks at.
        field: Field,
        /// Its pattern.
        pattern: String,
    },
    /// Which browsers there are; answers [`Reply::Browsers`].
    LookAtBrowsers,
    /// Change settings.
    SetSettings(Settings),
    /// Go to servers this way from now on, and save that. [`Code::BadProxy`] or [`Code::NoTrust`] where that
    /// cannot be used: nothing is saved then.
    SetNetwork(Network),
    /// Name the profiles that `latch` writes otherwise.
    SetNaming(Naming),
    /// Take over what a team shares, beside what is there.
    AdoptTeam {
        /// Rules behind the person's own.
        rules: Vec<Rule>,
        /// How profiles are named.
        template: Option<String>,
        /// Signers and colours.
        team: Adopted,
    },
    /// Take the rights of group and others off the credentials file.
    MakeFilePrivate,
    /// Restore the newest backup of the credentials file.
    UndoFileChanges,
    /// Try the keyring again.
    RetryKeyring,
    /// More of Activity; answers [`Reply::History`].
    History(HistoryPage),
    /// The accounts that Activity names; answers [`Reply::RecordedAccounts`].
    RecordedAccounts,
    /// Look whether Activity is what was written.
    CheckRecord,
    /// Take all lines of Activity away.
    ClearHistory,
    /// Show the folder of logs in the desktop's file manager.
    ShowLogs,
    /// Show the file that a profile is written to in the desktop's file manager.
    ShowFile(ProfileName),
    /// Write Activity, or a report, to a file among the person's downloads; answers [`Reply::Exported`].
    SaveExport {
        /// In which format.
        format: ExportFormat,
        /// The file.
        text: String,
        /// So many lines of Activity are in it.
        lines: u32,
    },
    /// A button of a notification was pressed.
    Pressed {
        /// Which notification.
        notice: Notice,
        /// Which button.
        pressed: Pressed,
    },
    /// Something about security keys.
    Keys(KeysRequest),
    /// Something about touches that roles ask for.
    StepUp(StepUpRequest),
    /// Show a notification that says nothing but that notifications are shown.
    TestNotification,
    /// End, and start the version that was installed meanwhile in this one's place; answers
    /// [`Reply::Restarting`]. Nothing is taken out of any file for that.
    Restart,
    /// Say no more of that version in the window.
    UpdateLater,
    /// Nothing: when it is answered, the snapshot has everything that was answered before.
    CatchUp,
    /// Do what quitting entails (settings' `remove_on_quit`), then end the loop.
    Quit,
}

/// The answer to a [`Request`] that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Done, or under way; the snapshot tells.
    Done,
    /// Credentials are on the clipboard.
    Copied {
        /// When they expire.
        expires: Timestamp,
    },
    /// Another start of this program comes after its end.
    Restarting,
    /// The person has to confirm first: ask, then send the request again with `confirmed`.
    Confirm(Confirm),
    /// A start URL answered.
    Checked(Discovered),
    /// The organisation was added, or was there already.
    Added(OrgId),
    /// What the AWS config file has.
    Config(Arc<AwsConfig>),
    /// What a conversion would change.
    Conversion(Conversion),
    /// Keys for a program.
    Credentials(Box<HandedOut>),
    /// Browsers of this computer.
    Browsers(Vec<InstalledBrowser>),
    /// Lines of Activity.
    History(Vec<Entry>),
    /// The accounts that Activity names.
    RecordedAccounts(Vec<RecordedAccount>),
    /// Where the file is.
    Exported(PathBuf),
    /// So many accounts fit a rule, and the names of some.
    Fits {
        /// How many.
        accounts: usize,
        /// The first few, A-Z.
        names: Vec<String>,
    },
    /// So many roles fit a rule, and some of them as `payments-prod, Deploy`.
    FitsRoles {
        /// How many.
        roles: usize,
        /// The first few, A-Z.
        names: Vec<String>,
    },
    /// The window should show this view.
    Show(Show),
}

/// What must be confirmed, for the dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// The role.
    pub grant: Grant,
    /// The account's name.
    pub account_name: String,
    /// A harmless role of the same account to offer instead.
    pub instead: Option<Grant>,
    /// How careful Latchkey is: whether it ends by itself, is asked about once a day, or may be left unasked
    /// for a while.
    pub care: Care,
}

/// A view of the window, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    /// The portal.
    Portal,
    /// The portal's applications.
    Apps,
    /// The portal's search with this in it, ready to be typed on.
    Search(String),
    /// The credentials manager.
    Credentials,
    /// A kept profile in it, with its details.
    Profile(ProfileName),
    /// The question how to stop keeping a profile.
    StopKeeping(ProfileName),
    /// The choice of a role to keep fresh.
    KeepFresh,
    /// Security keys.
    Keys,
    /// Activity.
    Activity,
    /// Settings.
    Settings,
}

/// What the machine tells the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The machine woke from sleep.
    Woke,
    /// The network came.
    NetworkUp,
    /// The network went.
    NetworkDown,
    /// The screen was locked.
    ScreenLocked,
    /// The person came back: unlocked the screen or moved after being idle.
    PersonBack,
    /// The credentials file, its neighbour or the cache of sign-ins changed on disk.
    FilesChanged,
    /// The window got or lost the focus.
    WindowFocus(bool),
}

/// What asking the engine gives.
pub type Answer = Result<Reply, Code>;
