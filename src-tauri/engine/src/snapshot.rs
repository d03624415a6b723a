//! What everybody sees: the whole state as one value, published after every change.

use crate::model::{
    Timestamp,
    aws_config::{AwsConfig, Converted},
    code::Code,
    environment::Environment,
    history::Entry,
    ids::{AccountId, OrgId, Target},
    keys::Keys,
    native::NativeOffer,
    organisation::Organisation,
    policy::Policy,
    portal::{Portal, Sync},
    profile::{Kept, State},
    rules::Rules,
    settings::{Pause, Settings, Way},
    sign_in::SignIn,
    step_up::StepUpNow,
};
use crate::ports::{FileCondition, Keyring, RecordCheck, SampleUser};
use std::{collections::BTreeMap, sync::Arc};

/// One organisation as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganisationNow {
    /// Which.
    pub organisation: Organisation,
    /// Its sign-in.
    pub sign_in: SignIn,
    /// Why the last sign-in failed, until the next one begins.
    pub sign_in_failure: Option<Code>,
    /// What it lists. Shared, since it can be large.
    pub portal: Arc<Portal>,
    /// How the sync goes.
    pub sync: Sync,
    /// What its server takes from the app, where it has such an API.
    pub offer: Option<NativeOffer>,
    /// Labels the person gave to accounts.
    pub labels: BTreeMap<AccountId, Environment>,
}

/// One kept profile as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileNow {
    /// Which.
    pub kept: Kept,
    /// The account's name.
    pub account_name: String,
    /// How it stands.
    pub state: State,
    /// When it is refreshed next, if it is.
    pub next_refresh: Option<Timestamp>,
}

/// A console or an application on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum Launch {
    /// Waiting for the person to sign in.
    WaitingForSignIn,
    /// Being opened.
    Opening,
    /// Opened at that moment, in the browser of that name where it is known.
    Opened(Timestamp, Option<String>),
    /// Failed.
    Failed {
        /// At that moment.
        at: Timestamp,
        /// Why.
        code: Code,
        /// The service or address that was asked for, to ask for it again.
        destination: Option<String>,
        /// The region that was asked for.
        region: Option<String>,
        /// A private window was asked for.
        private: bool,
    },
}

/// The sample organisation's server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SandboxNow {
    /// It runs.
    pub running: bool,
    /// It is being started.
    pub starting: bool,
    /// Its sample users.
    pub users: Vec<SampleUser>,
    /// Lines for the shell.
    pub exports: Vec<String>,
}

/// What is known of the record's chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordNow {
    /// What the last check came to, and when.
    pub checked: Option<(Timestamp, Result<RecordCheck, Code>)>,
    /// It is being checked.
    pub checking: bool,
}

/// Another version of this program, installed while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateNow {
    /// Which, e.g. `1.4.2`.
    pub version: String,
    /// The person wants to hear no more of it.
    pub put_off: bool,
    /// A sign-in lives in memory only, and ends with a restart.
    pub signs_out: bool,
}

/// The whole state. `PartialEq`, so that a consumer repaints only on a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// False until the store was read: nothing to show yet.
    pub loaded: bool,
    /// When it was made; times left are counted from here.
    pub at: Timestamp,
    /// Organisations in the order they were added.
    pub organisations: Vec<OrganisationNow>,
    /// The one that the person chose to look at; see [`Self::chosen`].
    pub chosen: Option<OrgId>,
    /// Kept profiles by name.
    pub profiles: Vec<ProfileNow>,
    /// Favourites in the person's order.
    pub favourites: Vec<Target>,
    /// Launched lately, newest first, each once, favourites among them.
    pub recents: Vec<Target>,
    /// Every launch that is remembered, newest first; shared, since there are hundreds.
    pub launched: Arc<Vec<(Target, Timestamp)>>,
    /// Launches under way or just over, newest last.
    pub launches: Vec<(Target, Launch)>,
    /// A pause of all refreshing.
    pub pause: Option<Pause>,
    /// What the person set, and the organisation over it.
    pub settings: Settings,
    /// The way to servers that is in force, and who named it.
    pub way: Way,
    /// A settings file that cannot be read.
    pub settings_problem: Option<Code>,
    /// What the organisation decided on this computer.
    pub policy: Arc<Policy>,
    /// Why what it wrote for that is not used.
    pub policy_problem: Option<Code>,
    /// Why the store does not hold what it should; ends when it does again.
    pub store_problem: Option<Code>,
    /// How the keyring answered.
    pub keyring: Keyring,
    /// Whether the network is thought to be there.
    pub online: bool,
    /// Without one: when a server is asked next all the same.
    pub next_attempt: Option<Timestamp>,
    /// The person's credentials file.
    pub file: FileCondition,
    /// What the person's AWS config file says of SSO. Shared, since it can be large.
    pub config: Arc<AwsConfig>,
    /// Conversions of that file that can be undone, newest first.
    pub conversions: Vec<Converted>,
    /// The clock's error in seconds when it matters (more than 5 minutes off).
    pub clock_skew: Option<i64>,
    /// The newest 200 lines of Activity, newest first.
    pub history: Arc<Vec<Entry>>,
    /// Whether Activity is what was written.
    pub record: RecordNow,
    /// The person's rules for environments, ready to be used.
    pub rules: Arc<Rules>,
    /// The sandbox.
    pub sandbox: SandboxNow,
    /// Security keys.
    pub keys: Keys,
    /// Touches that are waited for, and what they opened.
    pub step_up: StepUpNow,
    /// Another version of this program that waits to be let in.
    pub update: Option<UpdateNow>,
    /// The next refresh of any profile.
    pub next_refresh: Option<Timestamp>,
}

impl Snapshot {
    /// The organisation that window and tray speak of: the chosen one, or the first.
    #[must_use]
    pub fn chosen(&self) -> Option<&OrganisationNow> {
        let chosen = self.organisations.iter().find(|o| Some(&o.organisation.id) == self.chosen.as_ref());
        chosen.or_else(|| self.organisations.first())
    }
}
