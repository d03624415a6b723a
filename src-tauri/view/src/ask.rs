//! What the window may ask, and what it is answered. Everything typed is checked here before the
//! engine sees it.

use crate::ui_activity::{UiActivityAccount, UiActivityFilter, UiExportFormat};
use crate::ui_credentials::UiDelivery;
use crate::ui_import::{UiConversion, UiImport, UiWanted};
use crate::ui_keys::UiKeyWish;
use crate::ui_portal::UiClass;
use crate::ui_setup::{UiBrowser, UiField};
use crate::ui_sign_in::UiInAppStep;
use crate::ui_state::{UiActivity, UiAppRef, UiButton, UiGrant, UiMethod, UiProblem, UiSettings, UiShow};
use crate::ui_step_up::UiStepUpWish;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Custom endpoints of a self-hosted server, as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiEndpoints {
    /// SSO-OIDC.
    pub oidc: String,
    /// The portal API.
    pub portal: String,
    /// The federation endpoint.
    pub federation: String,
    /// STS.
    pub sts: String,
}

/// The shell whose syntax "Copy environment" uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiShell {
    /// bash, zsh.
    Posix,
    /// fish.
    Fish,
    /// PowerShell.
    PowerShell,
    /// cmd.exe.
    Cmd,
}

/// What is copied of a role's credentials besides environment variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum UiPart {
    /// A block for a credentials file.
    Block {
        /// Under this name.
        profile: String,
    },
    /// The access key id.
    AccessKeyId,
    /// The secret access key.
    SecretAccessKey,
    /// The session token.
    SessionToken,
}

/// How long a pause lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiPauseFor {
    /// For 1 hour.
    Hour,
    /// Until tomorrow 09:00.
    Tomorrow,
    /// Until the person resumes.
    UntilResumed,
}

/// What the window may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum UiRequest {
    /// Check a start URL; answers `checked`.
    CheckStartUrl {
        /// As typed.
        typed: String,
        /// If it was asked for.
        region: Option<String>,
        /// Custom endpoints.
        endpoints: Option<UiEndpoints>,
    },
    /// Check and add; answers `added`.
    AddOrganisation {
        /// As typed.
        typed: String,
        /// The name to show; `null` takes the one found.
        name: Option<String>,
        /// If it was asked for.
        region: Option<String>,
        /// Custom endpoints.
        endpoints: Option<UiEndpoints>,
    },
    /// Show this organisation of several, here and in the tray.
    ChooseOrganisation {
        /// Its id.
        org: String,
    },
    /// Look what the AWS config file has; answers `config`.
    LookAtConfig,
    /// Check and add the organisations of the AWS config file; answers `added` with the first.
    AddFromConfig,
    /// What giving profiles of the AWS config file a session would change; answers `conversion`.
    PlanConversion {
        /// Their names.
        profiles: Vec<String>,
    },
    /// Make the change that was shown.
    Convert {
        /// Their names.
        profiles: Vec<String>,
        /// The plan's `seen`.
        seen: String,
    },
    /// Undo a conversion.
    UndoConversion {
        /// Its number in Activity.
        entry: i64,
    },
    /// Sign out, stop its profiles, forget it.
    RemoveOrganisation {
        /// Which.
        org: String,
    },
    /// Add another entry for the same organisation, for another user; answers `added`.
    AddUser {
        /// Which.
        org: String,
    },
    /// Start the sample organisation; answers `added`.
    StartSandbox,
    /// Delete the sample organisation.
    DeleteSandbox,
    /// Sign in.
    SignIn {
        /// Where.
        org: String,
        /// `null` lets the engine choose.
        method: Option<UiMethod>,
    },
    /// A step of signing in in the app.
    InApp {
        /// Where.
        org: String,
        /// Which.
        step: UiInAppStep,
    },
    /// Open the browser again.
    OpenSignInAgain {
        /// Where.
        org: String,
    },
    /// Give the sign-in under way up.
    CancelSignIn {
        /// Where.
        org: String,
    },
    /// Sign out.
    SignOut {
        /// Where.
        org: String,
    },
    /// Ask the portal what it lists.
    Sync {
        /// Which.
        org: String,
    },
    /// Stop asking it for now; `sync` goes on where it was.
    PauseSync {
        /// Which.
        org: String,
    },
    /// Open a console; may answer `confirm`.
    OpenConsole {
        /// Which role.
        grant: UiGrant,
        /// A service or a console address.
        destination: Option<String>,
        /// The region to land in.
        region: Option<String>,
        /// In a private window.
        #[serde(default)]
        #[ts(optional)]
        private: Option<bool>,
        /// The person confirmed.
        confirmed: bool,
    },
    /// Open an application.
    OpenApp {
        /// Which.
        app: UiAppRef,
    },
    /// Open the portal's own page.
    OpenPortal {
        /// Whose.
        org: String,
    },
    /// Copy environment variables; may answer `confirm`.
    CopyEnvironment {
        /// Which role.
        grant: UiGrant,
        /// Whose syntax.
        shell: UiShell,
        /// The person confirmed.
        confirmed: bool,
    },
    /// Copy a part of a role's credentials to the clipboard; may answer `confirm`. The window never has it.
    CopyCredentials {
        /// Which role.
        grant: UiGrant,
        /// Which part.
        part: UiPart,
        /// The person confirmed.
        confirmed: bool,
    },
    /// Keep a profile; may answer `confirm`.
    KeepFresh {
        /// Whose credentials.
        grant: UiGrant,
        /// The profile's name.
        profile: String,
        /// How they get to programs.
        delivery: UiDelivery,
        /// The region to write.
        region: Option<String>,
        /// Replace a foreign profile, with a backup.
        replace_foreign: bool,
        /// The person confirmed.
        confirmed: bool,
    },
    /// Get a kept profile's credentials to programs another way.
    ChangeDelivery {
        /// Which.
        profile: String,
        /// How.
        delivery: UiDelivery,
        /// Replace what is in the way, with a backup.
        replace_foreign: bool,
    },
    /// Keep several profiles fresh, all or none; may answer `confirm`.
    KeepMany {
        /// Which.
        wanted: Vec<UiWanted>,
        /// The person confirmed.
        confirmed: bool,
    },
    /// Stop keeping a profile.
    StopKeeping {
        /// Which.
        profile: String,
        /// Take the keys out of the file.
        remove: bool,
    },
    /// Refresh one profile now.
    RefreshProfile {
        /// Which.
        profile: String,
    },
    /// Refresh everything now.
    RefreshAll,
    /// Pause or resume one profile.
    PauseProfile {
        /// Which.
        profile: String,
        /// Pause or resume.
        paused: bool,
    },
    /// Write over what another program wrote, with a backup.
    TakeBack {
        /// Which.
        profile: String,
    },
    /// Pause all refreshing.
    Pause {
        /// How long.
        lasting: UiPauseFor,
    },
    /// Resume all refreshing.
    Resume,
    /// Star on or off.
    SetFavourite {
        /// Which role.
        grant: UiGrant,
        /// On or off.
        on: bool,
    },
    /// Star on or off, of an application.
    SetFavouriteApp {
        /// Which.
        app: UiAppRef,
        /// On or off.
        on: bool,
    },
    /// A favourite changes places with the one above or below it.
    MoveFavourite {
        /// Which role.
        grant: UiGrant,
        /// Up, or down.
        up: bool,
    },
    /// The same, of an application.
    MoveFavouriteApp {
        /// Which.
        app: UiAppRef,
        /// Up, or down.
        up: bool,
    },
    /// Say which environment an account belongs to; `null` goes back to the guess.
    SetEnvironment {
        /// Where.
        org: String,
        /// Which account.
        account: String,
        /// The label.
        environment: Option<UiClass>,
    },
    /// Which browsers there are; answers `browsers`.
    LookAtBrowsers,
    /// Change settings.
    SetSettings {
        /// All of them.
        settings: UiSettings,
    },
    /// Go to servers this way from now on. What is empty, the environment says.
    SetNetwork {
        /// `http://proxy.acme.test:3128`.
        proxy: String,
        /// Hosts that are reached without it.
        no_proxy: String,
        /// A PEM file, by its whole path.
        ca_file: String,
    },
    /// Make the credentials file private.
    MakeFilePrivate,
    /// Restore the newest backup.
    UndoFileChanges,
    /// Show a notification that says nothing but that notifications work.
    TestNotification,
    /// End, and start the version that was installed meanwhile.
    Restart,
    /// Say no more of that version.
    UpdateLater,
    /// Try the keyring again.
    RetryKeyring,
    /// Do what was asked about: the person said yes.
    Confirmed {
        /// What.
        request: Box<UiRequest>,
        /// Why, for Activity.
        why: Option<String>,
        /// Not to be asked again for this role for a while.
        quiet: bool,
        /// For how many minutes a profile is kept, where that is limited.
        minutes: Option<u32>,
    },
    /// Let a profile of an account in production be named `default`, or no more.
    AllowDefault {
        /// The account's number.
        account: String,
        /// Whether it may.
        allowed: bool,
    },
    /// Which accounts a rule would fit; answers `fits`.
    TryRule {
        /// What it looks at.
        field: UiField,
        /// Its pattern.
        pattern: String,
    },
    /// Lines of Activity; answers `activity`.
    History {
        /// Which.
        filter: UiActivityFilter,
        /// Before this row; `null` for the newest.
        before: Option<i64>,
        /// At most so many, up to 500.
        limit: u32,
    },
    /// Set all settings back.
    ResetSettings,
    /// What a report of a problem says; answers `diagnostics`.
    Diagnostics,
    /// Write that report to a file among the downloads; answers `exported`.
    SaveDiagnostics,
    /// Show the folder of logs in the desktop's file manager.
    ShowLogs,
    /// Show the file that a profile is written to in the desktop's file manager.
    ShowFile {
        /// Whose.
        profile: String,
    },
    /// One line of Activity with all its fields; answers `entry`.
    ActivityEntry {
        /// The row's number.
        id: i64,
    },
    /// Write lines of Activity to a file; answers `exported`.
    ExportActivity {
        /// Which.
        filter: UiActivityFilter,
        /// How.
        format: UiExportFormat,
    },
    /// Look whether Activity is what was written.
    CheckRecord,
    /// Take all lines of Activity away.
    ClearHistory,
    /// Something about security keys.
    Keys {
        /// What.
        keys: UiKeyWish,
    },
    /// Something about touches that roles ask for.
    StepUp {
        /// What.
        step_up: UiStepUpWish,
    },
    /// End the app.
    Quit,
}

/// A start URL that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiDiscovered {
    /// Canonical.
    pub start_url: String,
    /// The name found.
    pub name: String,
    /// The region found.
    pub region: String,
    /// `acme.awsapps.com answers. Region eu-west-1.`
    pub text: String,
}

/// The dialog before something dangerous. "Cancel" is focused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiConfirm {
    /// `Open production as Administrator?`
    pub title: String,
    /// Account and consequence.
    pub body: String,
    /// The button that does it; its action asks again, confirmed.
    pub confirm: UiButton,
    /// "Cancel".
    pub cancel: String,
    /// `ReadOnly is also available here`.
    pub instead_text: Option<String>,
    /// `Open as ReadOnly instead`.
    pub instead: Option<UiButton>,
    /// `Why? (kept in your activity log)`: a field for a reason, where one is kept.
    pub why: Option<String>,
    /// `Do not ask again for this role for 15 min`: a checkbox, where that can be chosen.
    pub quiet: Option<String>,
    /// For how long, where that is limited.
    pub lasting: Option<UiLasting>,
    /// What is to be typed before it can be said yes to, where the organisation wants that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub typed: Option<String>,
}

/// For how long a profile is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiLasting {
    /// `Keep it fresh for`.
    pub label: String,
    /// What can be chosen.
    pub choices: Vec<UiMinutes>,
    /// What is chosen at first.
    pub usual: u32,
}

/// A time to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiMinutes {
    /// In minutes.
    pub minutes: u32,
    /// In words.
    pub label: String,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum UiReply {
    /// Done, or under way; the state tells.
    Done,
    /// Credentials are on the clipboard.
    Copied {
        /// When they expire, epoch milliseconds.
        until: i64,
    },
    /// Ask the person first.
    Confirm {
        /// What to ask.
        dialog: UiConfirm,
    },
    /// A start URL answered.
    Checked {
        /// What was found.
        found: UiDiscovered,
    },
    /// Added, or was there already.
    Added {
        /// The organisation's id.
        org: String,
    },
    /// What the AWS config file has.
    Config {
        /// All of it.
        import: UiImport,
    },
    /// What a conversion would change.
    Conversion {
        /// All of it.
        plan: UiConversion,
    },
    /// Browsers of this computer.
    Browsers {
        /// By name.
        browsers: Vec<UiBrowser>,
    },
    /// Lines of Activity.
    Activity {
        /// Newest first.
        lines: Vec<UiActivity>,
        /// There are older ones that fit.
        more: bool,
        /// The accounts that Activity names, with the first lines.
        accounts: Option<Vec<UiActivityAccount>>,
    },
    /// One line with all its fields.
    Entry {
        /// As JSON; empty where the line is gone.
        json: String,
    },
    /// A file was written.
    Exported {
        /// Where it is.
        path: String,
        /// `Saved to /home/sam/Downloads/… Only you can read it.`
        text: String,
    },
    /// What a rule would fit.
    Fits {
        /// `Matches 14 accounts: a, b, c and 11 more`.
        text: String,
    },
    /// What a report of a problem says, all of it.
    Diagnostics {
        /// Lines.
        text: String,
    },
    /// Go to this view.
    Show {
        /// Which, and what of it.
        show: UiShow,
    },
    /// It did not work.
    Failed {
        /// Why and what to do.
        problem: UiProblem,
        /// The field it is about: `start_url`, `region`, `profile` and so on.
        field: Option<String>,
    },
}
