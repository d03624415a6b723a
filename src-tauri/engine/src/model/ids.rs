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
