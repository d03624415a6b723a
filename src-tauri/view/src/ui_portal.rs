//! The accounts and roles of one organisation, as the window shows them. Apart from [`crate::UiState`],
//! since it can be large: the window fetches it again when its revision changed.

use crate::ui_state::{UiProblem, UiState};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An environment class, strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiClass {
    /// Live systems.
    Production,
    /// Pre-production.
    Staging,
    /// Shared services.
    Shared,
    /// Test.
    Test,
    /// Development.
    Development,
    /// For playing.
    Sandbox,
    /// Unknown.
    Unlabelled,
}

/// The environment of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiEnvironment {
    /// The class, for pattern and colour.
    pub class: UiClass,
    /// The chip's text (`PROD`), if there is a chip.
    pub chip: Option<String>,
    /// In full, for accessible names: `production`.
    pub word: String,
    /// Guessed from the name and not confirmed: the chip's border is dotted.
    pub guessed: bool,
    /// The organisation decided it: nobody here can say otherwise.
    pub decided: bool,
    /// Why, for the tooltip.
    pub why: String,
}

/// What a role may do, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiSensitivity {
    /// Shown with a shield and the word "privileged".
    Privileged,
    /// Looks only.
    ReadOnly,
    /// Anything else.
    Normal,
}

/// One role of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiRole {
    /// The role's name.
    pub name: String,
    /// How sensitive it is.
    pub sensitivity: UiSensitivity,
    /// Opening a console asks first.
    pub confirm_console: bool,
    /// Copying keys asks first.
    pub confirm_copy: bool,
    /// Keeping it fresh asks first.
    pub confirm_keep: bool,
    /// A profile name to prefill: `payments-dev-poweruser`.
    pub suggested_profile: String,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiAccount {
    /// The number, twelve digits: what is copied.
    pub id: String,
    /// The number in groups of four: `1111-2222-3333`.
    pub id_grouped: String,
    /// The name.
    pub name: String,
    /// The address, if the portal names one.
    pub email: Option<String>,
    /// The environment.
    pub environment: UiEnvironment,
    /// The roles; `null` while they are still loading.
    pub roles: Option<Vec<UiRole>>,
}

/// One application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiApp {
    /// Its id in the portal.
    pub id: String,
    /// The name.
    pub name: String,
    /// What it is, if the portal says so.
    pub description: Option<String>,
    /// The portal's own link, which opens it for whoever may: it holds no secret.
    pub link: String,
    /// Its picture, as the address of an image that holds it itself (`data:`).
    pub icon: Option<String>,
}

/// The applications of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UiApps {
    /// Not known yet.
    Unknown,
    /// These, A-Z.
    Listed {
        /// All of them.
        apps: Vec<UiApp>,
    },
    /// The portal does not list them to programs.
    NotListed {
        /// Why, and the way to the portal's page.
        problem: UiProblem,
    },
}

/// A role or an application that was gained or lost at the last sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiChange {
    /// True for gained.
    pub gained: bool,
    /// What it is about: no other change has it.
    pub id: String,
    /// When it was noticed, epoch milliseconds.
    pub noticed: i64,
    /// The last moment at which it was as before, epoch milliseconds.
    pub since: Option<i64>,
    /// Profiles that a lost role feeds.
    pub profiles: Vec<UiFed>,
    /// `You no longer have Administrator in payments-prod`.
    pub title: String,
    /// What it means.
    pub meaning: String,
}

/// A kept profile whose role was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiFed {
    /// Its name.
    pub name: String,
    /// When what stands in the file stops working, epoch milliseconds; `null` where nothing does.
    pub expires: Option<i64>,
}

/// What the portal of one organisation lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiPortal {
    /// Whose.
    pub org: String,
    /// Equal to the organisation's `portal_revision` of the state it was made from.
    pub revision: String,
    /// Accounts, A-Z.
    pub accounts: Vec<UiAccount>,
    /// Applications.
    pub apps: UiApps,
    /// What the last sync gained and lost.
    pub changes: Vec<UiChange>,
}

/// What a window shows first, handed over with its page: what it would ask for as soon as it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UiFirst {
    /// The state.
    pub state: UiState,
    /// What the portal of the state's first organisation lists.
    pub portal: Option<UiPortal>,
}
