//! An organisation: one start URL of AWS SSO or of a server that speaks its protocol.

use super::{Timestamp, ids::OrgId};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Where the services of an organisation answer. For AWS derived from the region; custom for a
/// self-hosted server, the sandbox and tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// SSO-OIDC: RegisterClient, StartDeviceAuthorization, `/authorize`, CreateToken.
    pub oidc: Url,
    /// The portal API: ListAccounts, ListAccountRoles, GetRoleCredentials, Logout.
    pub portal: Url,
    /// The federation endpoint: `getSigninToken` and `login`.
    pub federation: Url,
    /// STS, shown to the person for `aws sts get-caller-identity`.
    pub sts: Url,
}

/// Whether the host is this computer: `localhost`, a name below it, 127.0.0.0/8 or `::1`.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// What kind of server stands behind the start URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// AWS's own service; hosts derived from the region's partition.
    Aws,
    /// A server with endpoints of its own.
    Custom,
    /// The sample organisation that the app starts itself.
    Sandbox,
}

/// An organisation the person added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Our name for it.
    pub id: OrgId,
    /// What people see: the start URL's first host label, or what they typed.
    pub name: String,
    /// The start URL, canonical: no query, fragment or trailing slash.
    pub start_url: Url,
    /// The region of the instance, e.g. `eu-west-1`.
    pub region: String,
    /// Which kind of server answers.
    pub kind: Kind,
    /// Where its services answer.
    pub endpoints: Endpoints,
    /// When it was added.
    pub added: Timestamp,
}

impl Organisation {
    /// Whether its server is on this computer, and answers without a network.
    #[must_use]
    pub fn is_on_this_computer(&self) -> bool {
        is_loopback(&self.endpoints.portal)
    }
}
