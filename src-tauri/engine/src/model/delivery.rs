//! How a kept profile gets its credentials to the programs that use it.

use super::{Timestamp, environment::Sensitivity};
use serde::{Deserialize, Serialize};

/// The person's choice for a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Written to the credentials file and replaced before they expire.
    #[default]
    CredentialsFile,
    /// `credential_process` in the config file: programs ask each time.
    OnDemand,
    /// SSO settings in the config file, and the sign-in's token kept fresh where the AWS CLI keeps its own.
    SsoCache,
    /// Nothing is written.
    CopyOnly,
}

impl Delivery {
    /// Whether credentials stand in a file and are replaced before they expire.
    #[must_use]
    pub fn is_refreshed(self) -> bool {
        self == Self::CredentialsFile
    }

    /// What to suggest for a role: no key of a privileged one should lie in a file.
    #[must_use]
    pub fn suggested(sensitivity: Sensitivity) -> Self {
        match sensitivity {
            Sensitivity::Privileged => Self::OnDemand,
            _ => Self::CredentialsFile,
        }
    }

    /// Its name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CredentialsFile => "credentials_file",
            Self::OnDemand => "on_demand",
            Self::SsoCache => "sso_cache",
            Self::CopyOnly => "copy_only",
        }
    }
}

/// Which program asked last for a profile's credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// Its name, where the system told.
    pub program: Option<String>,
}
