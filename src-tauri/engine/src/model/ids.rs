//! Names of things, one type each, so that an account number is never taken for a role.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as it is, unchecked: names come from the server, the store or the person.
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into())
            }
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// An organisation as this installation knows it: random, made when it is added, never reused.
    OrgId
}
id! {
    /// An AWS account number, twelve digits without dashes.
    AccountId
}
id! {
    /// An application instance, `ins-` and sixteen hexadecimal digits at AWS.
    AppId
}
id! {
    /// The name of a permission set, which the portal API calls role name
    /// (`ListAccountRoles`), at most 32 characters.
    RoleName
}
id! {
    /// The name of an AWS CLI profile, the section's name in `~/.aws/credentials`.
    ProfileName
}

/// One role in one account of one organisation: what a click on a portal row means.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// The organisation that lists it.
    pub org: OrgId,
    /// The account.
    pub account: AccountId,
    /// The permission set.
    pub role: RoleName,
}

/// One application of one organisation: what a click on its row means.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppRef {
    /// The organisation that lists it.
    pub org: OrgId,
    /// The application instance.
    pub app: AppId,
}

/// What can be opened, starred and found again under the recent ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// The console of a role.
    Role(Grant),
    /// An application.
    App(AppRef),
}

impl Target {
    /// The organisation it belongs to.
    #[must_use]
    pub fn org(&self) -> &OrgId {
        match self {
            Self::Role(grant) => &grant.org,
            Self::App(app) => &app.org,
        }
    }

    /// The role, if it is one.
    #[must_use]
    pub fn role(&self) -> Option<&Grant> {
        match self {
            Self::Role(grant) => Some(grant),
            Self::App(_) => None,
        }
    }
}

impl From<Grant> for Target {
    fn from(grant: Grant) -> Self {
        Self::Role(grant)
    }
}

impl From<AppRef> for Target {
    fn from(app: AppRef) -> Self {
        Self::App(app)
    }
}
