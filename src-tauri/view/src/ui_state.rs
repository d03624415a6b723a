//! All that the window shows besides the accounts, as one value. The window draws it, counts times
//! down by itself from the epoch milliseconds in it, and decides nothing but layout.

use crate::ask::UiRequest;
pub use crate::ui_activity::{UiActivity, UiRecord};
pub use crate::ui_credentials::{
    UiDelivery, UiDeliveryChoice, UiFile, UiPause, UiProfile, UiStatus, UiStrip,
};
pub use crate::ui_import::{UiConverted, UiImportNote};
pub use crate::ui_keys::UiKeys;
use crate::ui_portal::{UiEnvironment, UiSensitivity};
pub use crate::ui_setup::{
    UiCard, UiCardKind, UiFirstRun, UiInForce, UiLeftClick, UiNetwork, UiPlace, UiPolicy, UiQuit,
    UiSampleUser, UiSandbox, UiSettings, UiTheme, UiTold, UiTray, UiTrayHost,
};
use crate::ui_sign_in::{UiInApp, UiInAppOffer};
pub use crate::ui_step_up::UiStepUp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A view of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiView {
    /// The portal.
    Portal,
    /// The credentials manager.
    Credentials,
    /// Security keys.
    Keys,
    /// Activity.
    Activity,
    /// Settings.
    Settings,
}

/// What of a view is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "target", rename_all = "snake_case")]
pub enum UiTarget {
    /// The portal's search, focused.
    Search {
        /// What stands in it.
        query: String,
    },
    /// The portal's applications.
    Apps,
    /// The details of a kept profile.
    Profile {
        /// Its name.
        name: String,
    },
    /// The question how to stop keeping a profile.
    Stop {
        /// Its name.
        name: String,
    },
    /// The choice of a role to keep fresh.
    Keep,
    /// A section of the settings.
    Section {
        /// `general`, `organisations` and so on, as the window calls it.
        section: String,
    },
    /// The form for another organisation, filled in and not sent.
    AddOrganisation {
        /// What stands in it; nothing where it is empty.
        start_url: String,
    },
}

/// Where to go; the payload of the event `show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiShow {
    /// The view.
    pub view: UiView,
    /// What of it.
    pub target: Option<UiTarget>,
}

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum UiAction {
    /// Asks this.
    Ask {
        /// The request.
        request: UiRequest,
    },
    /// Goes to a view.
    Show {
        /// Which.
        view: UiView,
    },
    /// Goes to a section of the settings.
    Settings {
        /// `general`, `organisations` and so on, as the window calls it.
        section: String,
    },
    /// Copies a text without secrets.
    Copy {
        /// The text.
        text: String,
    },
    /// Leads back to the field named, for another value.
    Edit {
        /// `profile`, `start_url` or `region`.
        field: String,
        /// A value to prefill.
        suggestion: Option<String>,
    },
    /// Closes the message.
    Dismiss,
}

/// A button with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiButton {
    /// The words.
    pub label: String,
    /// What it does.
    pub action: UiAction,
    /// It takes something away: drawn as dangerous, never focused first.
    pub danger: bool,
}

/// A failure for people: what happened, what it means, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiProblem {
    /// What happened.
    pub title: String,
    /// What it means; may be empty.
    pub meaning: String,
    /// What to do next.
    pub next: String,
    /// Buttons; the first is the main one and gets the focus.
    pub buttons: Vec<UiButton>,
    /// Technical, for "Details" and "Copy details".
    pub details: String,
}

/// What kind of banner, in the order of priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiBannerKind {
    /// Signed out while something depends on it, or the sign-in ended.
    SignedOut,
    /// A profile or the credentials file needs the person.
    Blocked,
    /// Latchkey's own record is not written or was lost.
    Store,
    /// The clock is off, so that AWS refuses requests.
    Clock,
    /// No network.
    Offline,
    /// The service limits requests.
    Throttled,
    /// The person paused the sync.
    LoadingPaused,
    /// The last sync failed.
    SyncFailed,
    /// Paused by the person.
    Paused,
    /// The sign-in lives in memory only.
    Keyring,
    /// The person has one security key only at this organisation.
    Spare,
    /// Another version of Latchkey was installed while it runs.
    Update,
    /// The sample organisation; cannot be dismissed.
    Sandbox,
}

/// The one banner under the header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiBanner {
    /// Which.
    pub kind: UiBannerKind,
    /// Heading.
    pub title: String,
    /// One sentence.
    pub body: String,
    /// At most two.
    pub buttons: Vec<UiButton>,
    /// A moment the window counts down to ("in 12 s"), epoch milliseconds.
    pub until: Option<i64>,
}

/// How a person signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiMethod {
    /// In the default browser.
    Browser,
    /// By comparing a code.
    DeviceCode,
    /// In the app, where the organisation's server takes that.
    Native,
}

/// The sign-in of an organisation. Moments in epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UiSignIn {
    /// Not signed in.
    SignedOut {
        /// Why the last try failed.
        failure: Option<UiProblem>,
        /// From when the next one can be begun, in milliseconds since 1970, where there were too many.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        wait: Option<i64>,
    },
    /// The browser has the word.
    InProgress {
        /// Which way.
        method: UiMethod,
        /// Heading.
        title: String,
        /// What to do.
        body: String,
        /// Since.
        started: i64,
        /// Waiting ends.
        deadline: i64,
        /// For [Copy link]; holds no secret.
        link: Option<String>,
        /// The code to compare, `XXXX-XXXX`.
        user_code: Option<String>,
        /// How far a sign-in in the app is.
        in_app: Option<UiInApp>,
        /// What went wrong without ending it: the browser did not open, so the person copies the link.
        failure: Option<UiProblem>,
    },
    /// Signed in. The pill is `pill` and, where `ends` is known, `, 6 h 12 min left`.
    SignedIn {
        /// Since.
        since: i64,
        /// When the person must sign in again, where known.
        ends: Option<i64>,
        /// False: in memory only, gone when the app ends.
        stored: bool,
    },
    /// Was signed in.
    Ended {
        /// When it ended.
        at: i64,
        /// Heading.
        title: String,
        /// What it means.
        body: String,
        /// Why the last try to sign in again failed.
        failure: Option<UiProblem>,
        /// From when the next one can be begun, in milliseconds since 1970, where there were too many.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        wait: Option<i64>,
    },
}

/// How the sync of a portal goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UiSync {
    /// Nothing under way.
    Idle,
    /// Under way.
    Running {
        /// Accounts done.
        done: u32,
        /// Of so many; 0 until known.
        total: u32,
    },
    /// The service limits requests; goes on by itself.
    Throttled {
        /// When it goes on, epoch milliseconds.
        until: i64,
        /// Accounts done.
        done: u32,
        /// Of so many.
        total: u32,
    },
    /// Paused by the person; `sync` goes on.
    Paused {
        /// Accounts done.
        done: u32,
        /// Of so many; 0 until known.
        total: u32,
    },
    /// Failed.
    Failed {
        /// Why.
        problem: UiProblem,
        /// When, epoch milliseconds.
        at: i64,
        /// The next try by itself, epoch milliseconds.
        retry: Option<i64>,
    },
}

/// What kind of server an organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiKind {
    /// AWS.
    Aws,
    /// Custom endpoints.
    Custom,
    /// The sample organisation.
    Sandbox,
}

/// One organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiOrganisation {
    /// Our id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The start URL.
    pub start_url: String,
    /// Its host, shown beside the name.
    pub host: String,
    /// The region.
    pub region: String,
    /// Its kind.
    pub kind: UiKind,
    /// The colour that a team gave it, by the AWS console's name: `darkBlue`.
    pub colour: Option<String>,
    /// Who is signed in, where the server tells.
    pub user: Option<String>,
    /// The sign-in.
    pub sign_in: UiSignIn,
    /// What it takes without a browser.
    pub in_app: Option<UiInAppOffer>,
    /// Words of the pill without the time left, which the window appends: `Signed in`, `Signed out`.
    pub pill: String,
    /// The banner to show while this organisation is selected.
    pub banner: Option<UiBanner>,
    /// Why none of its consoles opens now, for the buttons that would.
    pub no_console: Option<String>,
    /// How the sync goes.
    pub sync: UiSync,
    /// `Loaded 96 of 143 accounts.`, empty when idle.
    pub sync_text: String,
    /// The last complete sync, epoch milliseconds.
    pub synced: Option<i64>,
    /// Accounts listed.
    pub accounts: u32,
    /// Accounts whose roles are still loading.
    pub accounts_loading: u32,
    /// Changes when the accounts do: fetch [`crate::UiPortal`] again.
    pub portal_revision: String,
}

/// A role in an account, by ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct UiGrant {
    /// The organisation's id.
    pub org: String,
    /// The account's number.
    pub account: String,
    /// The role's name.
    pub role: String,
}

/// An account that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiUsedAccount {
    /// The organisation's id.
    pub org: String,
    /// The account's number.
    pub account: String,
}

/// An application of an organisation, by ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct UiAppRef {
    /// The organisation's id.
    pub org: String,
    /// The application's id in the portal.
    pub app: String,
}

/// A favourite or a recent one, with all that its row shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UiShortcut {
    /// A role.
    Role(UiRoleShortcut),
    /// An application.
    App(UiAppShortcut),
}

/// An application among the favourites or the recent ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiAppShortcut {
    /// Which.
    pub app: UiAppRef,
    /// Its name; its id where the portal does not list it any more.
    pub name: String,
    /// What it is, if the portal says so.
    pub description: Option<String>,
    /// The portal's own link; empty where it is not listed.
    pub link: String,
    /// Its picture, as the address of an image that holds it itself (`data:`).
    pub icon: Option<String>,
    /// False when the portal does not list it any more.
    pub listed: bool,
}

/// A role among the favourites or the recent ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiRoleShortcut {
    /// Which role.
    pub grant: UiGrant,
    /// The account's name.
    pub account_name: String,
    /// Its environment.
    pub environment: UiEnvironment,
    /// How sensitive the role is.
    pub sensitivity: UiSensitivity,
    /// Opening asks first.
    pub confirm_console: bool,
    /// False when the portal does not list it any more.
    pub listed: bool,
}

/// How a launch goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UiLaunchState {
    /// The person signs in first.
    WaitingForSignIn,
    /// Being opened.
    Opening,
    /// Opened.
    Opened {
        /// When, epoch milliseconds: show it for 3 s.
        at: i64,
    },
    /// Failed.
    Failed {
        /// When, epoch milliseconds.
        at: i64,
        /// Why.
        problem: UiProblem,
    },
}

/// A console on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiLaunch {
    /// Which role.
    pub grant: UiGrant,
    /// How it goes.
    pub launch: UiLaunchState,
    /// For the row and the live region: `Opening...`.
    pub text: String,
}

/// An application on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiAppLaunch {
    /// Which.
    pub app: UiAppRef,
    /// How it goes.
    pub launch: UiLaunchState,
    /// For the row and the live region: `Opening...`.
    pub text: String,
}

/// Everything. Sent when it changed, never each second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiState {
    /// When the snapshot was made, epoch milliseconds. Not part of any comparison by the window.
    pub at: i64,
    /// False until the stored state was read: show nothing yet.
    pub loaded: bool,
    /// The first run's cards while there is no organisation.
    pub first_run: Option<UiFirstRun>,
    /// The AWS config file has profiles that sign in by themselves.
    pub import: Option<UiImportNote>,
    /// Conversions of that file that can be undone, newest first.
    pub converted: Vec<UiConverted>,
    /// Organisations in the order they were added.
    pub organisations: Vec<UiOrganisation>,
    /// The id of the one to show; `null` while there is none.
    pub chosen: Option<String>,
    /// Favourites in the person's order.
    pub favourites: Vec<UiShortcut>,
    /// Launched lately, newest first, without favourites, at most 5 for each organisation.
    pub recents: Vec<UiShortcut>,
    /// Launches under way or just over.
    pub launches: Vec<UiLaunch>,
    /// As `launches`, of applications.
    pub app_launches: Vec<UiAppLaunch>,
    /// Kept profiles by name.
    pub profiles: Vec<UiProfile>,
    /// `Next refresh 14:31. Sign-in lasts until 17:30, so everything can refresh until then.`
    pub credentials_line: String,
    /// For the navigation's badge: `2 need attention`, empty when none does.
    pub attention: String,
    /// Privileged production profiles that are fresh, and roles that a touch opened.
    pub strips: Vec<UiStrip>,
    /// The credentials file.
    pub file: UiFile,
    /// How a profile can be delivered, the usual way first.
    pub deliveries: Vec<UiDeliveryChoice>,
    /// A pause of all refreshing.
    pub pause: Option<UiPause>,
    /// False when the network is thought to be gone.
    pub online: bool,
    /// There are tray icons on this desktop; where there are none, nothing of them can be set.
    pub tray_host: Option<UiTrayHost>,
    /// A panel shows our tray icon. Where it is false, nothing in the window speaks of the tray.
    pub tray: bool,
    /// What goes on after the window is closed, and the way back: for "Keep running in the background".
    pub closed_text: String,
    /// The sign-in lives in memory only, and why.
    pub keyring: Option<UiProblem>,
    /// The clock is off.
    pub clock: Option<UiProblem>,
    /// The newest lines of Activity, newest first, at most 50; ask `history` for more.
    pub activity: Vec<UiActivity>,
    /// Whether Activity is what was written.
    pub record: UiRecord,
    /// Settings.
    pub settings: UiSettings,
    /// What the organisation decided of them.
    pub policy: UiPolicy,
    /// The way to servers.
    pub network: UiNetwork,
    /// Where Latchkey keeps its files; the app knows.
    pub places: Vec<UiPlace>,
    /// Roles launched lately, newest first, favourites among them: for sorting.
    pub used: Vec<UiGrant>,
    /// Apps opened lately, newest first, favourites among them: for sorting.
    pub used_apps: Vec<UiAppRef>,
    /// Accounts whose consoles are opened often and lately, the most used first.
    pub most_used: Vec<UiUsedAccount>,
    /// Apps that are, the most used first.
    pub most_used_apps: Vec<UiAppRef>,
    /// Latchkey's own record is not written or was lost; also while there is no organisation.
    pub store_problem: Option<UiProblem>,
    /// The desktop's autostart entry could not be changed: for the switch.
    pub autostart_problem: Option<UiProblem>,
    /// A settings file that cannot be read.
    pub settings_problem: Option<UiProblem>,
    /// The sample organisation, when it runs or starts.
    pub sandbox: Option<UiSandbox>,
    /// Security keys.
    pub keys: UiKeys,
    /// Touches that roles ask for.
    pub step_up: UiStepUp,
    /// What quitting stops.
    pub quit: UiQuit,
}
